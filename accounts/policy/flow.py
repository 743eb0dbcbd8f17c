"""Who may do what with statements, the ledger and traces: the police units of the case, never a bank (domain.md §8)."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import LedgerAccount, LedgerMatch, StatementFile, StatementLine, TraceRun
from antifraud.policy import anywhere, granted, register
from banks.models import User
from banks.policy import POLICE, rows
from cases.models import Case
from cases.policy import WRITERS

R = User.Role


class FlowAction(StrEnum):
    """The actions of the fund flow."""

    STATEMENT_VIEW = "statement.view"
    STATEMENT_IMPORT = "statement.import"
    STATEMENT_ADOPT = "statement.adopt"
    STATEMENT_ASK = "statement.ask"
    STATEMENT_MAP = "statement.map"
    STATEMENT_READ = "statement.read"
    STATEMENT_REFUSE = "statement.refuse"
    STATEMENT_COMMIT = "statement.commit"
    STATEMENT_DISCARD = "statement.discard"
    LINE_VIEW = "line.view"
    LINE_REVEAL = "line.reveal"
    LEDGER_VIEW = "ledger.view"
    LEDGER_REVEAL = "ledger.reveal"
    MATCH_VIEW = "match.view"
    MATCH_UNDO = "match.undo"
    MATCH_RESTORE = "match.restore"
    TRACE_VIEW = "trace.view"
    TRACE_RUN = "trace.run"
    TRACE_REPEAT = "trace.repeat"
    TRACE_EXPORT = "trace.export"


register(FlowAction.STATEMENT_VIEW, model=StatementFile, rows=rows((POLICE, granted("case")), (R.SYSTEM, anywhere)))
register(
    FlowAction.STATEMENT_IMPORT, model=Case, rows=rows((WRITERS, granted()), (R.SYSTEM, anywhere)), known_by="case.view"
)
for _action in (
    FlowAction.STATEMENT_ASK, FlowAction.STATEMENT_MAP, FlowAction.STATEMENT_READ, FlowAction.STATEMENT_REFUSE,
    FlowAction.STATEMENT_COMMIT, FlowAction.STATEMENT_DISCARD, FlowAction.STATEMENT_ADOPT,
):  # fmt: skip
    register(
        _action, model=StatementFile, rows=rows((WRITERS, granted("case")), (R.SYSTEM, anywhere)),
        known_by=FlowAction.STATEMENT_VIEW,
    )  # fmt: skip
register(FlowAction.LINE_VIEW, model=StatementLine, rows=rows((POLICE, granted("file__case"))))
register(
    FlowAction.LINE_REVEAL,
    model=StatementLine,
    rows=rows((POLICE, granted("file__case"))),
    known_by=FlowAction.LINE_VIEW,
)
register(FlowAction.LEDGER_VIEW, model=LedgerAccount, rows=rows((POLICE, granted("case")), (R.SYSTEM, anywhere)))
register(
    FlowAction.LEDGER_REVEAL, model=LedgerAccount, rows=rows((POLICE, granted("case"))), known_by=FlowAction.LEDGER_VIEW
)
register(FlowAction.MATCH_VIEW, model=LedgerMatch, rows=rows((POLICE, granted("case"))))
for _action in (FlowAction.MATCH_UNDO, FlowAction.MATCH_RESTORE):
    register(_action, model=LedgerMatch, rows=rows((WRITERS, granted("case"))), known_by=FlowAction.MATCH_VIEW)
register(FlowAction.TRACE_VIEW, model=TraceRun, rows=rows((POLICE, granted("case")), (R.SYSTEM, anywhere)))
register(FlowAction.TRACE_RUN, model=Case, rows=rows((WRITERS, granted()), (R.SYSTEM, anywhere)), known_by="case.view")
register(
    FlowAction.TRACE_REPEAT,
    model=TraceRun,
    rows=rows((WRITERS, granted("case")), (R.SYSTEM, anywhere)),
    known_by=FlowAction.TRACE_VIEW,
)
register(FlowAction.TRACE_EXPORT, model=TraceRun, rows=rows((POLICE, granted("case"))), known_by=FlowAction.TRACE_VIEW)
