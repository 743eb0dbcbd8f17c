"""How measures and verdicts are named and defined to readers; what they count is in the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

TITLES: dict[str, Any] = {
    "a": _("Report to stop"),
    "b": _("Final on time"),
    "e": _("Effective hold"),
    "f": _("Stop follow-through"),
    "h": _("Release time"),
    "orders": _("Issued orders"),
    "overdue": _("Overdue now"),
    "lifts": _("Lifts unconfirmed"),
    "loss": _("Reported loss"),
}
DEFINITIONS: dict[str, Any] = {
    "a": _(
        "From the logged report to the first level-1 hold in effect, by the server's time. Never stopped counts as "
        "infinite. A unit is judged by its cases, an institution by its own first stop in each case. Legs: police until "
        "the issue, platform until the order reached the institution, bank until the hold took effect. A report that "
        "was entered more than 5 minutes after the fact counts as backdated."
    ),
    "b": _(
        "Orders answered within their term, of all issued orders whose term has ended. What is still open counts as late. "
        "Answers recorded from paper, and orders cancelled within their term, are left out and shown as excluded. "
        "A stopped clock moves the term only where a supervisor of the police consented; what elapsed is shown beside it."
    ),
    "e": _(
        "Money held of the money that could have been held: amounts asked for, never beyond the balance that the "
        "institution told. Overlapping holds of one account count once. An order for a whole account without a known "
        "balance cannot be judged and is excluded."
    ),
    "f": _(
        "Executed stops that were frozen, or released with a reason, before their end, of all that have ended. "
        "A stop that ran out silently was not followed."
    ),
    "h": _(
        "From the reason to release (decision, appeal, state of the case, legal end) to the lift that the bank confirmed. "
        "Legs: police until the release reached the bank, bank until the lift. Not confirmed counts as infinite."
    ),
    "orders": _(
        "Orders issued in the period, and how long each leg took: to the institution, to its acknowledgement, to its "
        "answer. A leg that has begun and not ended is infinite."
    ),
    "overdue": _("Open orders whose term has ended, whatever the period."),
    "lifts": _("Ended holds whose lift the institution has not confirmed, whatever the period."),
    "loss": _("What victims reported to have lost in the cases logged in the period."),
}
NEVER = _("never")
EXCLUDED = _("Excluded")
LEGS: dict[str, tuple[Any, ...]] = {
    "a": (_("Whole way"), _("Police"), _("Platform"), _("Bank")),
    "h": (_("Whole way"), _("Police"), _("Bank")),
    "orders": (_("To the institution"), _("To acknowledgement"), _("To answer")),
}


@dataclass(frozen=True)
class Word:
    """A verdict as a pill."""

    label: Any
    tone: str
    icon: str


VERDICTS: dict[str, Word] = {
    "in_time": Word(_("in time"), "ok", "check"),
    "late": Word(_("late"), "bad", "alert"),
    "pending": Word(_("term runs"), "info", "clock"),
    "excluded": Word(_("excluded"), "neutral", "minus"),
    "stopped": Word(_("stopped"), "ok", "check"),
    "never": Word(_("never"), "bad", "cross"),
    "held": Word(_("held"), "ok", "check"),
    "not_held": Word(_("nothing held"), "bad", "cross"),
    "followed": Word(_("followed"), "ok", "check"),
    "not_followed": Word(_("not followed"), "bad", "cross"),
    "lifted": Word(_("lifted"), "ok", "check"),
    "answered": Word(_("answered"), "ok", "check"),
    "open": Word(_("open"), "warn", "hourglass"),
    "reported": Word(_("Reported"), "info", "circle"),
}
END_CAUSES: dict[str, Any] = {
    "converted": _("Converted to a freeze"),
    "expired": _("Legal end"),
    "released": _("Released"),
    "error": _("Issued in error"),
    "overruled": _("Overruled"),
    "crossed": _("Crossed a cancellation"),
    "unrelated": _("Found unrelated"),
    "not_filed": _("Case not filed"),
    "withdrawn": _("Case withdrawn"),
    "not_fraud": _("Not fraud"),
    "appeal": _("Appeal upheld"),
    "returned": _("All its money was returned"),
}
