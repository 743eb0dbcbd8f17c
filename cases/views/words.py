"""Audit verbs as sentences of a timeline, for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from antifraud.audit.diary import detail_of

VERB_LABELS = {
    "case.file": gettext_noop("Case reported"),
    "case.update": gettext_noop("Report completed or corrected"),
    "case.accept": gettext_noop("Case accepted"),
    "case.docket": gettext_noop("Case filed"),
    "case.refuse": gettext_noop("Filing refused"),
    "case.solve": gettext_noop("Case solved"),
    "case.transfer": gettext_noop("Jurisdiction transferred"),
    "case.withdraw": gettext_noop("Case withdrawn"),
    "case.clear": gettext_noop("Found not to be fraud"),
    "case.close": gettext_noop("Case closed"),
    "victim.update": gettext_noop("Victim's data corrected"),
    "victim.reveal": gettext_noop("Victim's data looked at"),
    "lead.reveal": gettext_noop("Clue looked at"),
    "attachment.add": gettext_noop("File added"),
    "attachment.open": gettext_noop("File opened"),
    "note.add": gettext_noop("Note added"),
    "account.add": gettext_noop("Involved account entered"),
    "account.reveal": gettext_noop("Account data looked at"),
    "account.correct": gettext_noop("Institution of an account corrected"),
    "account.merge": gettext_noop("Accounts merged"),
    "account.unmerge": gettext_noop("Merge undone"),
    "alias.add": gettext_noop("Further number of an account entered"),
    "involvement.confirm": gettext_noop("Proposed account confirmed"),
    "involvement.dismiss": gettext_noop("Proposed account dismissed"),
    "transfer.record": gettext_noop("Transfer recorded"),
    "order.draft": gettext_noop("Order drafted"),
    "order.update": gettext_noop("Order changed"),
    "order.submit": gettext_noop("Order submitted for approval"),
    "order.recall": gettext_noop("Order taken back to draft"),
    "order.approve": gettext_noop("Order approved and issued"),
    "order.confirm": gettext_noop("Emergency stop confirmed and issued"),
    "order.ratify": gettext_noop("Emergency stop approved afterwards"),
    "order.overrule": gettext_noop("Emergency stop overruled"),
    "order.reject": gettext_noop("Order rejected"),
    "order.available": gettext_noop("Order reached the institution"),
    "order.route": gettext_noop("Order routed to a branch"),
    "order.acknowledge": gettext_noop("Order acknowledged"),
    "order.answer": gettext_noop("Order answered"),
    "order.record": gettext_noop("Paper answer entered"),
    "order.confirm_record": gettext_noop("Paper answer confirmed"),
    "order.crossed": gettext_noop("Execution crossed the cancellation"),
    "order.cancel": gettext_noop("Order cancelled"),
    "order.retract": gettext_noop("Order marked as issued in error"),
    "order.supersede": gettext_noop("Order replaced by a corrected one"),
    "order.correct": gettext_noop("Corrected order drafted"),
    "order.print": gettext_noop("Order printed"),
    "order.reveal": gettext_noop("Order data looked at"),
    "hold.open": gettext_noop("Hold placed"),
    "hold.activate": gettext_noop("Waiting hold became active"),
    "hold.extend": gettext_noop("Hold extended"),
    "hold.convert": gettext_noop("Stop converted to a freeze"),
    "hold.release": gettext_noop("Hold released"),
    "hold.expire": gettext_noop("Hold expired"),
    "hold.lift": gettext_noop("Lift confirmed by the institution"),
}
TONES = {
    "release": "ok",
    "lift": "ok",
    "answer": "ok",
    "expire": "warn",
    "reject": "bad",
    "cancel": "bad",
    "retract": "bad",
}


def timeline_items(entries: list[Any]) -> list[dict[str, Any]]:
    """Audit rows for the component `timeline`; an unknown verb is shown as it is, so that nothing is hidden."""
    return [
        {
            "at": entry.at,
            "title": _(VERB_LABELS[entry.verb]) if entry.verb in VERB_LABELS else entry.verb,
            "text": _sentence(detail_of(entry)),
            "actor": entry.actor_name,
            "icon": "",
            "tone": TONES.get(entry.verb.split(".")[-1], ""),
        }
        for entry in entries
    ]


def _sentence(detail: dict[str, Any]) -> str:
    parts = []
    if detail.get("document"):
        parts.append(_("Document {number}").format(number=detail["document"]))
    if detail.get("number"):
        parts.append(str(detail["number"]))
    if detail.get("reason"):
        parts.append(_("Reason: {reason}").format(reason=detail["reason"]))
    return " · ".join(parts)
