"""Machine clients: an institution's computer system logs in by OAuth client credentials as a machine user."""

from __future__ import annotations

from django.db import models
from oauth2_provider.models import AbstractApplication

from banks.models.institution import Institution


class MachineClient(AbstractApplication):  # type: ignore[misc]
    """One system of one institution; `user` (role machine) is who it acts as."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="machine_clients")

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        abstract = False
