"""Institutions, their legal profiles, calendars, agreements and powers."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from antifraud.db import UUIDModel


class LegalProfile(models.Model):
    """A country's clocks and limits as data (domain.md §4); a published version never changes."""

    code = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    data = models.JSONField()
    effective_from = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="profile_version")]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class WorkCalendar(models.Model):
    """Working days: weekends, and the days that differ (holidays and make-up days)."""

    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=160)
    weekend = models.JSONField(default=list)  # ISO weekdays, e.g. [6, 7]

    def __str__(self) -> str:
        return self.title


class CalendarDay(models.Model):
    """One day that differs from its weekday."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    is_working = models.BooleanField()
    title = models.CharField(max_length=80, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="calendar_day_once")]


class Institution(UUIDModel):  # type: ignore[django-manager-missing]
    """A body that takes part. Each owns exactly one auth group, to which grants are given."""

    class Kind(models.TextChoices):
        CENTRE = "centre", _("Anti-fraud centre")
        POLICE = "police", _("Police unit")
        BANK = "bank", _("Bank")
        PAYMENT = "payment", _("Payment institution")
        TELECOM = "telecom", _("Telecom operator")
        OVERSIGHT = "oversight", _("Oversight office")
        PLATFORM = "platform", _("Platform operator")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160, default="", blank=True)
    bank_code = models.CharField(max_length=20, default="", blank=True)  # the card-prefix table's name of the bank
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="branches")
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="institution")
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT)
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    phone = models.CharField(max_length=40, default="", blank=True)
    connected = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "code"], name="institution_by_kind")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name

    @property
    def is_executing(self) -> bool:
        """Whether orders can be addressed to it."""
        return self.kind in {self.Kind.BANK, self.Kind.PAYMENT, self.Kind.TELECOM}

    @property
    def is_police(self) -> bool:
        """Whether it may file cases and issue orders."""
        return self.kind in {self.Kind.CENTRE, self.Kind.POLICE}


class Agreement(UUIDModel):
    """What two institutions agreed on terms; `overrides` replaces answer minutes of the legal profile, by kind and urgency."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="agreements")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    overrides = models.JSONField(default=dict)
    effective_from = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "version"], name="agreement_version")]


class IssuePower(models.Model):
    """Who may issue which order kind on which legal basis: data, shown to all (domain.md §1)."""

    institution_kind = models.CharField(max_length=12, choices=Institution.Kind.choices)
    order_kind = models.CharField(max_length=24)
    legal_basis = models.CharField(max_length=200)
    instrument_required = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution_kind", "order_kind", "legal_basis"], name="issue_power_once")
        ]
