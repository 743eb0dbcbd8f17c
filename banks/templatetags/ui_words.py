"""Every status word of the platform with its label, tone and shape, for pills; it decides nothing and is read by ui.py alone."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from banks.rules.legal_profile import ORDER_KIND_LABELS


class Word(NamedTuple):
    """How one status is shown: translated label, tone (class ui-tone-…) and icon; the shape differs within a tone."""

    label: str | Promise
    tone: str
    icon: str


CASE = {
    "reported": Word(_("Reported"), "info", "circle"),
    "accepted": Word(_("Accepted"), "info", "half"),
    "filed": Word(_("Case filed"), "info", "dot"),
    "not_filed": Word(_("Not filed"), "neutral", "cross"),
    "solved": Word(_("Solved"), "ok", "check"),
    "transferred": Word(_("Transferred"), "neutral", "arrow-right"),
    "withdrawn": Word(_("Withdrawn"), "neutral", "slash"),
    "not_fraud": Word(_("Not fraud"), "neutral", "minus"),
    "closed": Word(pgettext_lazy("case", "Closed"), "neutral", "box"),
}
ORDER = {
    "draft": Word(_("Draft"), "neutral", "dashed"),
    "awaiting_approval": Word(_("Awaiting approval"), "wait", "hourglass"),
    "issued": Word(_("Issued"), "info", "send"),
    "acknowledged": Word(_("Acknowledged"), "info", "eye"),
    "answered": Word(_("Answered"), "ok", "check"),
    "rejected": Word(pgettext_lazy("approval", "Rejected"), "bad", "cross"),
    "cancelled": Word(_("Cancelled"), "neutral", "slash"),
    "superseded": Word(_("Superseded"), "neutral", "arrow-right"),
}
HOLD = {
    "waiting": Word(pgettext_lazy("hold", "Waiting"), "wait", "hourglass"),
    "active": Word(_("Active"), "hold", "lock"),
    "extended": Word(_("Extended"), "hold", "renew"),
    "converted": Word(_("Converted"), "neutral", "arrow-right"),
    "released": Word(_("Released"), "ok", "unlock"),
    "expired": Word(_("Expired"), "warn", "clock"),
    "lift_confirmed": Word(_("Lift confirmed"), "ok", "check"),
}
ANSWER = {
    "executed": Word(_("Executed"), "ok", "check"),
    "partial": Word(_("Partly executed"), "warn", "half"),
    "refused": Word(_("Refused"), "bad", "cross"),
    "mismatch": Word(_("Mismatch"), "warn", "neq"),
}
DELIVERY = {
    "queued": Word(_("Queued"), "neutral", "dashed"),
    "ready": Word(_("Ready"), "info", "circle"),
    "leased": Word(_("Being fetched"), "info", "half"),
    "transported": Word(_("Delivered"), "ok", "check"),
    "dead_lettered": Word(_("Not deliverable"), "bad", "alert"),
}
KIND = {
    "stop": Word(_(ORDER_KIND_LABELS["stop"]), "hold", "stop"),
    "stop_release": Word(_(ORDER_KIND_LABELS["stop_release"]), "neutral", "unlock"),
    "stop_extend": Word(_(ORDER_KIND_LABELS["stop_extend"]), "hold", "renew"),
    "freeze": Word(_(ORDER_KIND_LABELS["freeze"]), "hold", "snow"),
    "freeze_release": Word(_(ORDER_KIND_LABELS["freeze_release"]), "neutral", "unlock"),
    "freeze_extend": Word(_(ORDER_KIND_LABELS["freeze_extend"]), "hold", "renew"),
    "query_transactions": Word(_(ORDER_KIND_LABELS["query_transactions"]), "neutral", "list"),
    "query_holder": Word(_(ORDER_KIND_LABELS["query_holder"]), "neutral", "user"),
    "watch": Word(_(ORDER_KIND_LABELS["watch"]), "info", "eye"),
    "watch_end": Word(_(ORDER_KIND_LABELS["watch_end"]), "neutral", "eye-off"),
    "suspend_number": Word(_(ORDER_KIND_LABELS["suspend_number"]), "hold", "phone"),
    "restore_number": Word(_(ORDER_KIND_LABELS["restore_number"]), "neutral", "phone"),
    "suspend": Word(_("Suspension"), "hold", "phone"),
}
URGENCY = {
    "normal": Word(_("Normal"), "neutral", "minus"),
    "urgent": Word(_("Urgent"), "bad", "bolt"),
    "01": Word(_("Normal"), "neutral", "minus"),
    "02": Word(_("Urgent"), "bad", "bolt"),
}
APPROVAL = {
    "pending": Word(_("Awaiting decision"), "wait", "hourglass"),
    "approved": Word(_("Approved"), "ok", "check"),
    "rejected": Word(pgettext_lazy("approval", "Rejected"), "bad", "cross"),
    "lapsed": Word(_("Approval expired"), "warn", "clock"),
}
JOB = {
    "queued": Word(_("Queued"), "neutral", "dashed"),
    "running": Word(_("Running"), "info", "half"),
    "done": Word(_("Done"), "ok", "check"),
    "failed": Word(_("Failed"), "bad", "alert"),
    "cancelled": Word(pgettext_lazy("job", "Cancelled"), "neutral", "slash"),
}
CONFIDENCE = {
    "high": Word(_("Certain"), "ok", "dot"),
    "medium": Word(_("Likely"), "warn", "half"),
    "low": Word(_("Uncertain"), "neutral", "circle"),
}
INVOLVEMENT = {
    "victim": Word(_("Victim account"), "info", "user"),
    "involved": Word(_("Involved account"), "warn", "flag"),
    "proposed": Word(_("Proposed by a bank answer"), "wait", "dashed"),
    "confirmed": Word(_("Confirmed"), "ok", "check"),
    "dismissed": Word(_("Dismissed"), "neutral", "slash"),
}
RISK = {
    "normal": Word(_("Not checked"), "neutral", "circle"),
    "suspicious": Word(_("Suspicious"), "warn", "half"),
    "involved": Word(_("Involved"), "bad", "flag"),
    "cleared": Word(_("Cleared"), "ok", "check"),
}
SOURCE = {
    "logged_in": Word(_("Answered on the platform"), "neutral", "user"),
    "api": Word(_("Answered by the bank system"), "neutral", "monitor"),
    "recorded": Word(_("Recorded from paper"), "warn", "file"),
}
SIGNING_KEY = {
    "proposed": Word(_("Waits for a second person"), "wait", "hourglass"),
    "coming": Word(_("Approved, not valid yet"), "info", "clock"),
    "live": Word(_("Valid"), "ok", "check"),
    "expired": Word(_("Expired"), "warn", "clock"),
    "withdrawn": Word(_("Withdrawn before approval"), "neutral", "slash"),
    "revoked": Word(_("Revoked"), "bad", "cross"),
}
ALERT = {
    "draft": Word(_("Draft"), "neutral", "dashed"),
    "awaiting_approval": Word(_("Awaiting approval"), "wait", "hourglass"),
    "issued": Word(_("Issued"), "info", "send"),
    "closed": Word(_("Ended"), "neutral", "box"),
    "rejected": Word(pgettext_lazy("approval", "Rejected"), "bad", "cross"),
    "cancelled": Word(_("Cancelled"), "neutral", "slash"),
}
NOTICE = {
    "issued": Word(_("Not acknowledged"), "wait", "hourglass"),
    "acknowledged": Word(_("Acknowledged"), "info", "eye"),
    "reported_back": Word(_("Reported back"), "ok", "check"),
    "closed": Word(_("Ended"), "neutral", "box"),
}
ALERT_KIND = {
    "involved_accounts": Word(_("Involved accounts"), "bad", "card"),
    "likely_victim": Word(_("Likely victim"), "warn", "user"),
    "account_pattern": Word(_("Account pattern"), "info", "activity"),
    "card_seller": Word(_("Card-seller notice"), "warn", "flag"),
}
FINDING = {
    "measures_taken": Word(_("Found, measures taken"), "ok", "check"),
    "found": Word(_("Found, nothing done"), "warn", "half"),
    "nothing_found": Word(_("Nothing found"), "neutral", "minus"),
}
SYNC = {
    "missing": Word(_("Not done"), "warn", "alert"),
    "fetched": Word(_("Digest fetched"), "ok", "dot"),
    "matched": Word(_("Compared, equal"), "ok", "check"),
    "differs": Word(_("Differences"), "bad", "neq"),
}
SYNC_FINDING = {
    "missing_at_bank": Word(_("Missing at the institution"), "bad", "minus"),
    "unknown_to_platform": Word(_("Unknown to the platform"), "bad", "alert"),
    "different": Word(_("Different"), "warn", "neq"),
}
ATTEMPT = {
    "handed_over": Word(_("Handed over"), "info", "half"),
    "transported": Word(_("Delivered"), "ok", "check"),
    "given_back": Word(_("Given back"), "warn", "renew"),
    "lease_ended": Word(_("Lease ended"), "warn", "clock"),
    "failed": Word(_("Not delivered"), "warn", "cross"),
    "poison": Word(_("Message refused"), "bad", "neq"),
    "gone": Word(_("No more calls wanted"), "bad", "slash"),
    "dead_lettered": Word(_("Not deliverable"), "bad", "alert"),
    "asked_again": Word(_("Asked for again"), "info", "renew"),
    "redriven": Word(_("Sent again by two persons"), "info", "renew"),
    "stale": Word(_("Superseded"), "neutral", "clock"),
}
STATEMENT = {
    "received": Word(_("Being read"), "info", "half"),
    "needs_mapping": Word(_("Columns to be named"), "wait", "edit"),
    "preview": Word(_("Ready to be checked"), "wait", "eye"),
    "taking": Word(_("Being taken into the ledger"), "info", "half"),  # a preview whose commit waits or runs
    "committed": Word(_("Taken into the ledger"), "ok", "check"),
    "refused": Word(pgettext_lazy("file", "Refused"), "bad", "cross"),
    "discarded": Word(_("Discarded"), "neutral", "slash"),
}
STATEMENT_ISSUE = {
    "bad": Word(_("Not readable"), "bad", "cross"),
    "left_out": Word(_("Left out"), "neutral", "minus"),
    "doubt": Word(_("Taken, with a doubt"), "warn", "half"),
}
DIRECTION = {
    "in": Word(_("In"), "ok", "arrow-down"),
    "out": Word(_("Out"), "warn", "arrow-up"),
}
REFUND = {
    "drafted": Word(_("Drafted"), "neutral", "dashed"),
    "noticed": Word(_("Public notice"), "wait", "hourglass"),
    "objected": Word(_("Objected"), "warn", "flag"),
    "decided": Word(_("Decided"), "info", "send"),
    "paid": Word(_("Paid"), "ok", "check"),
    "failed": Word(_("Payout failed"), "bad", "alert"),
    "closed": Word(_("Ended"), "neutral", "box"),
}
REFUND_BRANCH = {
    "single": Word(_("Direct: one source"), "ok", "arrow-right"),
    "trace": Word(_("Direct: traced by time"), "ok", "route"),
    "pro_rata": Word(_("Pro rata by loss"), "info", "scale"),
}
REFUND_SHARE = {
    "paid": Word(_("Paid"), "ok", "check"),
    "failed": Word(_("Payout failed"), "bad", "alert"),
    "given_up": Word(_("Not paid, closed"), "neutral", "slash"),
}
OBJECTION = {
    "upheld": Word(_("Upheld"), "warn", "flag"),
    "rejected": Word(pgettext_lazy("objection", "Rejected"), "neutral", "cross"),
}
WORDS: dict[str, dict[str, Word]] = {
    "refund": REFUND,
    "refund_branch": REFUND_BRANCH,
    "refund_share": REFUND_SHARE,
    "objection": OBJECTION,
    "attempt": ATTEMPT,
    "alert": ALERT,
    "notice": NOTICE,
    "alert_kind": ALERT_KIND,
    "finding": FINDING,
    "case": CASE,
    "order": ORDER,
    "hold": HOLD,
    "answer": ANSWER,
    "delivery": DELIVERY,
    "kind": KIND,
    "urgency": URGENCY,
    "approval": APPROVAL,
    "job": JOB,
    "confidence": CONFIDENCE,
    "involvement": INVOLVEMENT,
    "risk": RISK,
    "source": SOURCE,
    "sync": SYNC,
    "sync_finding": SYNC_FINDING,
    "signing_key": SIGNING_KEY,
    "statement": STATEMENT,
    "statement_issue": STATEMENT_ISSUE,
    "direction": DIRECTION,
}


def word(entity: str, status: str) -> Word:
    """The word for a status; an unknown status is shown as it is, an unknown entity is a programming error (KeyError)."""
    return WORDS[entity].get(status, Word(status.replace("_", " "), "neutral", "circle"))
