"""People and machine users: nobody acts except for exactly one institution."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from antifraud.db import UUIDModel
from banks.models.institution import Institution

PLATFORM = "Platform"  # the name of the platform's own user, as it is stored


class UserManager(BaseUserManager["User"]):
    """Each user comes with the institution, so that a request's permission questions cost no further query."""

    def get_queryset(self) -> models.QuerySet[User]:
        """Users joined with their institution."""
        return super().get_queryset().select_related("institution")

    def get_by_natural_key(self, username: str | None) -> User:
        """Names are matched without regard to case."""
        return self.get(username__iexact=username)


class User(UUIDModel, AbstractBaseUser):  # type: ignore[django-manager-missing]
    """An officer or a machine user. `home_institution` notes where a seconded officer comes from (no access there)."""

    class Role(models.TextChoices):
        ANALYST = "analyst", _("Analyst")
        APPROVER = "approver", _("Approver")
        DUTY_OFFICER = "duty_officer", _("Duty officer")
        SUPERVISOR = "supervisor", _("Supervisor")
        RISK_OFFICER = "risk_officer", _("Risk officer")
        RISK_SUPERVISOR = "risk_supervisor", _("Risk supervisor")
        MACHINE = "machine", _("Bank system")
        AUDITOR = "auditor", _("Auditor")
        ADMINISTRATOR = "administrator", _("Administrator")
        SYSTEM = "system", _("Platform itself")

    username = models.CharField(_("user name"), max_length=60, unique=True)
    full_name = models.CharField(_("full name"), max_length=80)
    badge_number = models.CharField(_("badge number"), max_length=40, default="", blank=True)
    email = models.EmailField(_("e-mail"), default="", blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="users")
    home_institution = models.ForeignKey(
        Institution, null=True, blank=True, on_delete=models.PROTECT, related_name="seconded"
    )
    language = models.CharField(max_length=10, default="zh-hans")
    time_zone = models.CharField(max_length=40, default="", blank=True)
    cleared_until = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(home_institution__isnull=True) | ~models.Q(home_institution=models.F("institution")),
                name="user_home_differs",
            )
        ]

    def __str__(self) -> str:
        if self.role == self.Role.SYSTEM:
            return gettext("Platform")  # no person: told in the reader's language
        return self.full_name or self.username

    @property
    def group_id(self) -> int:
        """The group that holds the institution's grants."""
        return self.institution.group_id

    @property
    def audit_name(self) -> str:
        """The name that outlives the account in the audit log."""
        return f"{self.full_name} ({self.username})"

    @property
    def zone_name(self) -> str:
        """The user's time zone, else the institution's."""
        return self.time_zone or self.institution.time_zone

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Asked of the back ends; there is no superuser."""
        return any(back.has_perm(self, perm, obj) for back in get_backends() if hasattr(back, "has_perm"))
