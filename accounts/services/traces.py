"""Run a trace, run it again, say what changed; the rules are `rules.tracing`, drawing a result is `rules.picture`.

A run is stored with its parameters, the digest of every row that it read, and its result; it is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import CaseLedger, LedgerEntry, TraceCheck, TraceRun
from accounts.policy import FlowAction
from accounts.rules.tracing import MESSAGES, Params, ParamsError, Seed, Traced, difference, params_difference, trace
from accounts.rules.tracing.params import RULE
from accounts.rules.tracing.result import digest
from accounts.selectors.traces import both_sides, entry_currency, seed_parts, seeds_again, trace_seeds
from accounts.selectors.tracing import LedgerReader
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Invalid
from antifraud.problems import Problem
from banks.models import User
from cases.models import Case

__all__ = ["trace_difference", "trace_repeat", "trace_run", "trace_seeds"]

_TRIES = 3  # a trace that an import crosses is begun anew
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('trace.number|' || %s::text, 0))"
Seeds = Sequence[Seed | Mapping[str, Any]]
# Which side of the account a trace of it begins with: of both, the same money would count twice.
_SIDES = {
    TraceRun.Direction.FORWARD.value: (
        "src",
        _("A forward trace of an account begins with payments out of it. Untick those into it."),
    ),
    TraceRun.Direction.BACKWARD.value: (
        "dst",
        _("A backward trace of an account begins with payments into it. Untick those out of it."),
    ),
}


def trace_run(
    *, by: User, case_id: UUID, seeds: Seeds, params: Params | Mapping[str, Any], account: int | None = None
) -> TraceRun:
    """Trace from parts of entries of the case's ledger and store the run.

    `account`: the ledger's key of the one account whose payments are traced; forward they leave it, backward they come.

    Raises Invalid (seeds, or the limit that is wrong), NotFound, Forbidden, Conflict (the ledger keeps changing).
    """
    case = policy.get(by, FlowAction.TRACE_RUN, Case.objects.all(), case_id)
    try:
        limits = params if isinstance(params, Params) else Params.from_dict(params)
        chosen = sorted(_seed(each) for each in seeds)
        if account is not None:
            _one_side(case.pk, chosen, limits, account)
        _not_both_sides(case.pk, chosen)
        ledger, traced, currency = _traced(case.pk, chosen, limits)
    except ParamsError as error:
        raise _invalid(error) from error
    return _store(by, case, ledger, currency, limits, chosen, traced)


def trace_repeat(*, by: User, run: TraceRun) -> TraceRun | None:
    """Run a trace again as it was asked; a new run where the rows that it reads or its result differ, else None.

    Seeds are found again where their entries were made anew. None too where none of them is left. The new run is marked
    as automatic; of one that says the same it is noted on which version of the ledger. Raises NotFound, Forbidden, Conflict.
    """
    policy.require(by, FlowAction.TRACE_REPEAT, run)
    case = Case.objects.get(pk=run.case_id)
    ledger = _ledger(case.pk)
    if (ledger.version, bytes(ledger.digest)) == (run.ledger_version, bytes(run.ledger_digest)) and _same_rule(run):
        return None
    seeds = sorted(seeds_again(case.pk, run.seeds))
    if not seeds:
        return None
    limits = Params.from_dict(run.params)
    try:
        ledger, traced, currency = _traced(case.pk, seeds, limits)
    except ParamsError as error:
        raise _invalid(error) from error
    same = bytes(run.inputs_digest) == traced.inputs_digest() and bytes(run.result_digest) == digest(
        traced.result.as_dict()
    )
    if same and _same_rule(run):
        checked = {"ledger_version": ledger.version, "checked_at": db.require_unit_of_work().now}
        TraceCheck.objects.update_or_create(run=run, defaults=checked)
        return None
    return _store(by, case, ledger, currency, limits, seeds, traced, is_automatic=True)


def trace_difference(before: TraceRun, after: TraceRun) -> dict[str, Any]:
    """What changed from one run to another of the same case; the caller has read both by the policy.

    {"params": {name: {"before", "after"}}, "seeds", "ledger", "inputs", "rule": whether each changed, "edges", "nodes", "totals"}.
    """
    params = params_difference(before.params, after.params)
    is_other_rule = params.pop("rule", None) is not None
    return {
        "params": params,
        "seeds": not _same_seeds(before, after),
        "ledger": bytes(before.ledger_digest) != bytes(after.ledger_digest),
        "inputs": bytes(before.inputs_digest) != bytes(after.inputs_digest),
        "rule": is_other_rule,
        **difference(before.result, after.result),
    }


def _traced(case_id: UUID, seeds: Sequence[Seed], params: Params) -> tuple[CaseLedger, Traced, str]:
    """The trace over one state of the ledger: an import that commits meanwhile would mix two."""
    for _try in range(_TRIES):
        before = _ledger(case_id)
        currency = entry_currency(case_id, seeds[0].entry) if seeds else None
        traced = trace(LedgerReader(case_id, currency or "", params), seeds, params)
        after = _ledger(case_id)
        if before.version == after.version:
            return after, traced, currency or ""
    raise Conflict(
        _("The ledger of the case is changing. Wait until the import has ended and run the trace again."),
        code="ledger_changing",
    )


def _one_side(case_id: UUID, seeds: Sequence[Seed], params: Params, account: int) -> None:
    side, sentence = _SIDES[params.direction]
    rows = LedgerEntry.objects.filter(case_id=case_id, pk__in=[seed.entry for seed in seeds])
    if rows.exclude(**{side: account}).exists():
        raise Invalid(fields={"seeds": [sentence]})


def _not_both_sides(case_id: UUID, seeds: Sequence[Seed]) -> None:
    """Raises ParamsError (seeds) where money that one seed brings into an account may be what another one takes out of it."""
    found = both_sides(case_id, seeds)
    if found is not None:
        raise ParamsError(
            [Problem("seed_both_sides", dict(zip(("entry", "other"), found, strict=True)), field="seeds")]
        )


def _ledger(case_id: UUID) -> CaseLedger:
    found = CaseLedger.objects.filter(pk=case_id).first()
    return found or CaseLedger(case_id=case_id, version=0, digest=b"")


def _store(
    by: User, case: Case, ledger: CaseLedger, currency: str, params: Params, seeds: Sequence[Seed], traced: Traced,
    *, is_automatic: bool = False,
) -> TraceRun:  # fmt: skip
    now = db.require_unit_of_work().now
    with connection.cursor() as cursor:
        cursor.execute(_TURN, [case.pk])
    last = TraceRun.objects.filter(case=case).aggregate(last=Max("number"))["last"] or 0
    result = traced.result.as_dict()
    run = TraceRun(
        case=case, number=last + 1, direction=params.direction, method=params.method, currency=currency,
        params=params.as_dict(), seeds=seed_parts(case.pk, seeds), ledger_version=ledger.version,
        ledger_digest=bytes(ledger.digest), inputs_digest=traced.inputs_digest(), result=result,
        result_digest=digest(result), edges=len(result["edges"]), is_cut=traced.result.is_cut, is_automatic=is_automatic,
        run_by=by, run_at=now,
    )  # fmt: skip
    run.save(force_insert=True)
    diary.record(
        "trace.run", by=by, obj=run, case_id=case.pk,
        detail={
            "number": run.number, "direction": run.direction, "method": run.method, "seeds": len(seeds), "edges": run.edges,
            "is_cut": run.is_cut, "is_automatic": is_automatic, "ledger_version": run.ledger_version,
            "result": bytes(run.result_digest).hex(),
        },
    )  # fmt: skip
    return run


def _seed(value: Seed | Mapping[str, Any]) -> Seed:
    """Raises ParamsError where a value is no whole number."""
    if isinstance(value, Seed):
        return value
    return Seed.read(value)


def _same_seeds(before: TraceRun, after: TraceRun) -> bool:
    """Whether both began with the same parts of the same payments, entries made anew since among them."""
    return len(before.seeds) == len(after.seeds) and all(
        any(_same_seed(old, new) for new in after.seeds) for old in before.seeds
    )


def _same_seed(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    one_payment = old["entry"] == new["entry"] or any(
        old[name] == new.get(name) for name in ("out_line", "in_line", "transfer") if name in old
    )
    return one_payment and (old["from_minor"], old["to_minor"]) == (new["from_minor"], new["to_minor"])


def _same_rule(run: TraceRun) -> bool:
    return bool(run.params.get("rule") == RULE)


def _invalid(error: ParamsError) -> Invalid:
    fields: dict[str, list[str]] = {}
    for problem in error.problems:
        fields.setdefault(problem.field, []).append(translate(MESSAGES[problem.code]).format(**problem.params))
    return Invalid(fields=fields)
