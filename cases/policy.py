"""Who may do what with cases: police units by grant, banks never (domain.md §8)."""

from __future__ import annotations

from enum import StrEnum

from antifraud.policy import anywhere, by_kind, granted, himself, register
from banks.models import Institution, User
from banks.policy import POLICE, rows
from cases.models import Attachment, Case, FilingDraft, Lead, Note, Victim

R = User.Role
WRITERS = (R.ANALYST, R.DUTY_OFFICER, R.SUPERVISOR)
LEADERS = (R.APPROVER, R.SUPERVISOR)
police_only = by_kind(centre=anywhere, police=anywhere)


class Action(StrEnum):
    """The actions of floor 2."""

    CASE_VIEW = "case.view"
    CASE_FILE = "case.file"
    CASE_IMPORT = "case.import"
    CASE_UPDATE = "case.update"
    CASE_ACCEPT = "case.accept"
    CASE_DOCKET = "case.docket"
    CASE_REFUSE = "case.refuse"
    CASE_SOLVE = "case.solve"
    CASE_TRANSFER = "case.transfer"
    CASE_WITHDRAW = "case.withdraw"
    CASE_CLEAR = "case.clear"
    CASE_CLOSE = "case.close"
    VICTIM_VIEW = "victim.view"
    VICTIM_REVEAL = "victim.reveal"
    VICTIM_ADD = "victim.add"
    VICTIM_UPDATE = "victim.update"
    LEAD_VIEW = "lead.view"
    LEAD_REVEAL = "lead.reveal"
    NOTE_VIEW = "note.view"
    NOTE_ADD = "note.add"
    ATTACHMENT_VIEW = "attachment.view"
    ATTACHMENT_ADD = "attachment.add"
    ATTACHMENT_OPEN = "attachment.open"
    DRAFT_SAVE = "draft.save"


register(Action.CASE_VIEW, model=Case, rows=rows((POLICE, granted()), (R.SYSTEM, anywhere)))
POLICE_KINDS = (Institution.Kind.CENTRE, Institution.Kind.POLICE)
register(Action.CASE_FILE, rows=rows((WRITERS, anywhere)), kinds=POLICE_KINDS)
register(Action.CASE_IMPORT, rows=rows((WRITERS, anywhere)), kinds=POLICE_KINDS)
register(Action.CASE_UPDATE, model=Case, rows=rows((WRITERS, granted())), known_by=Action.CASE_VIEW)
for _action in (Action.CASE_ACCEPT, Action.CASE_SOLVE, Action.CASE_DOCKET, Action.CASE_CLOSE):
    register(_action, model=Case, rows=rows((WRITERS, granted()), (R.APPROVER, granted())), known_by=Action.CASE_VIEW)
for _action in (Action.CASE_REFUSE, Action.CASE_TRANSFER, Action.CASE_WITHDRAW, Action.CASE_CLEAR):
    register(
        _action, model=Case, rows=rows((LEADERS, granted()), (R.DUTY_OFFICER, granted())), known_by=Action.CASE_VIEW
    )
register(Action.VICTIM_VIEW, model=Victim, rows=rows((POLICE, granted("case"))))
register(Action.VICTIM_REVEAL, model=Victim, rows=rows((POLICE, granted("case"))), known_by=Action.VICTIM_VIEW)
register(Action.VICTIM_ADD, model=Case, rows=rows((WRITERS, granted())), known_by=Action.CASE_VIEW)
register(Action.VICTIM_UPDATE, model=Victim, rows=rows((WRITERS, granted("case"))), known_by=Action.VICTIM_VIEW)
register(Action.LEAD_VIEW, model=Lead, rows=rows((POLICE, granted("case"))))
register(Action.LEAD_REVEAL, model=Lead, rows=rows((POLICE, granted("case"))), known_by=Action.LEAD_VIEW)
register(Action.NOTE_VIEW, model=Note, rows=rows((POLICE, granted("case"))))
register(Action.NOTE_ADD, model=Case, rows=rows((POLICE, granted())), known_by=Action.CASE_VIEW)
register(Action.ATTACHMENT_VIEW, model=Attachment, rows=rows((POLICE, granted("case"))))
register(Action.ATTACHMENT_ADD, model=Case, rows=rows((POLICE, granted())), known_by=Action.CASE_VIEW)
register(
    Action.ATTACHMENT_OPEN, model=Attachment, rows=rows((POLICE, granted("case"))), known_by=Action.ATTACHMENT_VIEW
)
register(Action.DRAFT_SAVE, model=FilingDraft, rows=rows((WRITERS, himself("user"))))
