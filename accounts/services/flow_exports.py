"""A trace as a file that is taken away: masked, and noted before it is written (R29). A number in clear is shown by the ledger's pages."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import TraceRun
from accounts.policy import FlowAction
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import User

FORMS = ("svg", "png", "csv", "xlsx")


def flow_export(*, by: User, run_id: UUID, form: str) -> TraceRun:
    """Note that a picture or table of the trace is taken away, with masked numbers; returns the run to write it from."""
    db.require_unit_of_work()
    if form not in FORMS:
        raise Invalid(fields={"form": [_("Choose one of the files that are offered.")]})
    run = policy.get(by, FlowAction.TRACE_EXPORT, TraceRun.objects.select_related("case__unit", "run_by"), run_id)
    detail = {"form": form, "number": run.number, "result": bytes(run.result_digest).hex()}
    diary.record("trace.export", by=by, obj=run, case_id=run.case_id, detail=detail)
    return run
