"""What a person should look at: in-app notifications without personal data."""

from __future__ import annotations

from django.db import models

from antifraud.db import UUIDModel
from banks.models.user import User


class Notification(UUIDModel):
    """One line for one user: a code that the screen translates, and where it leads."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="notification_newest")]
