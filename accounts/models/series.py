"""Series: cases linked by a shared account, phone, clue or device, and what people decided about the links (domain.md §2).

A link says "this case has this thing". Two cases with a link to one thing belong together while both links count;
a series is a connected component of at least two cases, kept as a label on each of them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import InvolvedAccount
from antifraud.db import UUIDModel
from banks.models import User
from cases.models import Case


class Series(UUIDModel):
    """One component. A series that went into another keeps its row and leads there by `merged_into`."""

    number = models.CharField(max_length=20, unique=True)
    size = models.IntegerField(default=0)
    formed_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged_from")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, size__gte=0) | Q(ended_at__isnull=False, size=0),
                name="series_ended_is_empty",
            )
        ]
        indexes = [models.Index(fields=["-changed_at", "-id"], name="series_by_change")]

    def __str__(self) -> str:
        return self.number


class SeriesMember(models.Model):
    """The label of a case; a case that is linked to no other has none."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="series_member")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="members")
    since = models.DateTimeField()


class LinkKind(models.TextChoices):
    """What two cases can share."""

    ACCOUNT = "account", _("Account")
    PHONE = "phone", _("Phone number")
    LEAD = "lead", _("Clue")
    DEVICE = "device", _("Device")


class SeriesLink(models.Model):
    """A case has a thing: `key` is the account's id (as bytes) or a blind index; `source_id` says where it stands.

    `counts` is false while the thing is on the stop list or the link was cut by hand.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="series_links", db_index=False)
    kind = models.CharField(max_length=8, choices=LinkKind.choices)
    key = models.BinaryField()
    source_id = models.UUIDField()  # involved account, lead, victim or statement line
    counts = models.BooleanField(default=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "kind", "key"], name="series_link_once")]
        indexes = [models.Index(fields=["key", "kind", "case"], name="series_link_by_key")]


class SeriesDecision(UUIDModel):
    """A person joined or split cases. It stands against the automatic links until it is undone."""

    class Kind(models.TextChoices):
        JOIN = "join", _("Joined by hand")
        SPLIT = "split", _("Split by hand")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="series_decisions")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="decisions")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_reason = models.CharField(max_length=300, default="", blank=True)


class SeriesTie(models.Model):
    """Two cases that belong together because somebody said so; of a split: what keeps the split-off cases together."""

    decision = models.ForeignKey(SeriesDecision, on_delete=models.PROTECT, related_name="ties")
    a = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    ended_by_decision = models.ForeignKey(
        SeriesDecision, null=True, on_delete=models.PROTECT, related_name="ended_ties"
    )
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(a=F("b")), name="series_tie_two_cases")]


class SeriesCut(models.Model):
    """A link that a split took out of use: the same thing never links this case again until the split is undone."""

    decision = models.ForeignKey(SeriesDecision, on_delete=models.PROTECT, related_name="cuts")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=LinkKind.choices)
    key = models.BinaryField()
    is_live = models.BooleanField(default=True)


class SeriesStop(UUIDModel):
    """A thing that links nobody: a payment institution's collecting account, a public address."""

    kind = models.CharField(max_length=8, choices=LinkKind.choices)
    key = models.BinaryField()
    account = models.ForeignKey(InvolvedAccount, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(ended_at__isnull=True), name="series_stop_once")
        ]


class SeriesEvent(models.Model):
    """What became of a series: the history that its page tells; `by` is the platform where a link did it."""

    class What(models.TextChoices):
        FORMED = "formed", _("Formed")
        ADDED = "added", _("Case added")
        LEFT = "left", _("Case left")
        MERGED = "merged", _("Another series came in")
        DIVIDED = "divided", _("Divided")
        ENDED = "ended", _("Ended")
        MENDED = "mended", _("Mended by the nightly check")

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="events")
    what = models.CharField(max_length=8, choices=What.choices)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Series, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=LinkKind.choices, default="", blank=True)
    decision = models.ForeignKey(SeriesDecision, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class SeriesCheck(UUIDModel):
    """One nightly recomputation of all series beside the stored ones: what was compared, what differed, what was mended."""

    links = models.IntegerField()
    cases = models.IntegerField()
    series = models.IntegerField()
    differences = models.IntegerField()
    mended = models.IntegerField()
    millis = models.IntegerField()
    at = models.DateTimeField()
