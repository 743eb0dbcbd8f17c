"""kind → work: what the jobs of the platform are; `jobs.runner` runs them, `doors.tasks` is where they are rung for."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.services.features import KIND as FEATURES
from accounts.services.features import features_work
from accounts.services.ledger.telling import TELL, ledger_tell_work
from accounts.services.series.checks import KIND as SERIES
from accounts.services.series.checks import series_check_work
from accounts.services.statements.clearing import statement_clear_work
from accounts.services.statements.committing import statement_commit_work
from accounts.services.statements.files import CLEAR, COMMIT, READ
from accounts.services.statements.reading import statement_read_cancelled, statement_read_work
from accounts.services.trace_follow import FOLLOW, trace_follow_work
from antifraud.jobs.runner import Work

WORKS: Mapping[str, Work] = {
    READ: Work(statement_read_work, statement_read_cancelled),
    COMMIT: Work(statement_commit_work),
    CLEAR: Work(statement_clear_work),
    TELL: Work(ledger_tell_work),
    FOLLOW: Work(trace_follow_work),
    FEATURES: Work(features_work),
    SERIES: Work(series_check_work),
}
