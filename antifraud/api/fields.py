"""Serializer fields of the whole API; what a value means is said by the floors' serializers."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class MomentField(serializers.DateTimeField):
    """A moment with its offset from UTC: a machine's local time would be read in whatever zone its user has."""

    default_error_messages = {
        "offset": _("Give the time with its offset from UTC, for example 2026-11-22T15:46:00+08:00."),
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuses what has no offset; DRF would guess one."""
        if value.tzinfo is None:
            self.fail("offset")
        moment: datetime = super().enforce_timezone(value)
        return moment
