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
    "message.keep": gettext_noop("Signed original of the institution's message kept"),
    "message.open": gettext_noop("Signed original taken out as evidence"),
    "order.redeliver": gettext_noop("Order delivered again after a comparison"),
    "order.unacknowledged_banner": gettext_noop("Not acknowledged: banner at the institution"),
    "order.unacknowledged_mail": gettext_noop("Not acknowledged: e-mail to the institution"),
    "order.unacknowledged_duty_officer": gettext_noop("Not acknowledged: duty officers told"),
    "order.unacknowledged_supervisor": gettext_noop("Not acknowledged: supervisors told"),
    "order.unanswered_banner": gettext_noop("Not answered: banner at the institution"),
    "order.unanswered_mail": gettext_noop("Not answered: e-mail to the institution"),
    "order.unanswered_duty_officer": gettext_noop("Not answered: duty officers told"),
    "order.unanswered_supervisor": gettext_noop("Not answered: supervisors told"),
    "order.clock_request": gettext_noop("The institution asked to stop the clock"),
    "order.clock_consent": gettext_noop("Clock stopped with a supervisor's consent"),
    "order.clock_refuse": gettext_noop("Stopping the clock was refused"),
    "order.clock_end": gettext_noop("Clock runs again before its time"),
    "hold.lift_unconfirmed_banner": gettext_noop("Lift not confirmed: banner at the institution"),
    "hold.lift_unconfirmed_mail": gettext_noop("Lift not confirmed: e-mail to the institution"),
    "hold.lift_unconfirmed_duty_officer": gettext_noop("Lift not confirmed: duty officers told"),
    "hold.lift_unconfirmed_supervisor": gettext_noop("Lift not confirmed: supervisors told"),
    "hold.open": gettext_noop("Hold placed"),
    "hold.activate": gettext_noop("Waiting hold became active"),
    "hold.extend": gettext_noop("Hold extended"),
    "hold.convert": gettext_noop("Stop converted to a freeze"),
    "hold.release": gettext_noop("Hold released"),
    "hold.expire": gettext_noop("Hold expired"),
    "hold.lift": gettext_noop("Lift confirmed by the institution"),
    "alert.draft": gettext_noop("Alert drafted"),
    "alert.update": gettext_noop("Draft of the alert changed"),
    "alert.submit": gettext_noop("Alert submitted for approval"),
    "alert.recall": gettext_noop("Alert taken back to draft"),
    "alert.approve": gettext_noop("Alert approved and issued"),
    "alert.reject": gettext_noop("Alert rejected"),
    "alert.cancel": gettext_noop("Alert cancelled"),
    "alert.close": gettext_noop("Alert closed"),
    "alert.export": gettext_noop("Alert exported"),
    "alert.reveal": gettext_noop("Text of the alert looked at"),
    "alertline.reveal": gettext_noop("Account of the alert looked at"),
    "alertnotice.reveal": gettext_noop("Notice of the alert read"),
    "notice.issue": gettext_noop("Notice of the alert issued"),
    "notice.available": gettext_noop("Notice of the alert reached the institution"),
    "notice.receive": gettext_noop("Notice of the alert fetched by the institution's system"),
    "notice.acknowledge": gettext_noop("Notice of the alert acknowledged"),
    "notice.report_back": gettext_noop("Institution reported back on the alert"),
    "notice.close": gettext_noop("Notice of the alert closed"),
    "series.link": gettext_noop("Linked to a series of cases"),
    "series.settle": gettext_noop("Series of the case recomputed"),
    "series.join": gettext_noop("Joined with another case by hand"),
    "series.split": gettext_noop("Split off from a series by hand"),
    "series.undo": gettext_noop("Decision on a series undone"),
    "statement.import": gettext_noop("Statement file received"),
    "statement.ask": gettext_noop("Columns of a statement not understood"),
    "statement.map": gettext_noop("Columns of a statement named"),
    "statement.read": gettext_noop("Statement read"),
    "statement.refuse": gettext_noop("Statement refused"),
    "statement.read_again": gettext_noop("Statement read again"),
    "statement.commit": gettext_noop("Statement taken into the ledger"),
    "statement.discard": gettext_noop("Statement discarded"),
    "statement.adopt": gettext_noop("Statement brought from another case"),
    "statement.lend": gettext_noop("Statement brought into another case"),
    "statement.announce": gettext_noop("Statement announced by the institution"),
    "statement.upload": gettext_noop("Statement sent by the institution"),
    "statement.not_received": gettext_noop("Statement of an answer not received"),
    "statementline.reveal": gettext_noop("Row of a statement looked at"),
    "ledgeraccount.reveal": gettext_noop("Account of the ledger looked at"),
    "ledger.join": gettext_noop("Numbers of one account joined or parted"),
    "match.undo": gettext_noop("Recognised transfer undone"),
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
