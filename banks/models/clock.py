"""The legal clock's offset; only test and drill databases can move it (a trigger refuses elsewhere)."""

from __future__ import annotations

from datetime import timedelta

from django.db import models


class AppClock(models.Model):
    """One row: the mode of this database and how far its legal clock is moved."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, default="production")
    offset = models.DurationField(default=timedelta(0))

    class Meta:
        db_table = "app_clock"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="app_clock_one_row"),
            models.CheckConstraint(
                condition=models.Q(mode__in=["test", "drill"]) | models.Q(offset=timedelta(0)),
                name="app_clock_production_fixed",
            ),
        ]
