"""Computing and keeping the risk features of a case's ledger accounts, as a job after each change of the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from accounts.models import CaseLedger, LedgerFeature, LedgerFeatureRun
from accounts.policy import FeatureAction
from accounts.rules.features import FEATURES, Values, compute, local_hours, score
from accounts.selectors.feature_rows import Ledger, ledger_columns
from accounts.services.series.links import series_follow
from antifraud import bulk, db, money, policy
from antifraud.audit import diary
from antifraud.jobs import queue
from antifraud.jobs.progress import Progress
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Case

KIND = "ledger.features"
PLAIN = ("entries_in", "entries_out", "in_minor", "out_minor")
WIDE = frozenset({"in_minor", "out_minor", "dwell"})
COLUMNS = (
    "case_id", "node", "currency", "is_covered", *PLAIN, *(feature.code for feature in FEATURES), "score", "known", "basis",
)  # fmt: skip


def features_submit(*, by: User, case_id: UUID) -> None:
    """Have the features of a case computed in the background. The caller is the post office or has authorised."""
    queue.submit(KIND, case_id, by=by, unit="rows")


def features_ask(*, by: User, case_id: UUID) -> None:
    """An officer has the features computed, where the ledger is older than they are or the job was lost."""
    policy.require(by, FeatureAction.FEATURE_COMPUTE, policy.get(by, "case.view", Case.objects.all(), case_id))
    features_submit(by=by, case_id=case_id)


def features_export(*, by: User, case_id: UUID) -> Case:
    """Note that the case's features leave the platform as a file; returns the case. Numbers in it stay masked."""
    db.require_unit_of_work()
    case = policy.get(by, FeatureAction.FEATURE_EXPORT, Case.objects.all(), case_id)
    diary.record("feature.export", by=by, obj=case, case_id=case.id)
    return case


def features_work(job: queue.Claimed, progress: Progress) -> None:
    """The job: features, again while the ledger moves on meanwhile; then the devices that the statements share.

    Each part is a unit of work that is begun again as a whole where its worker dies.
    """
    by, is_current = system_user(), False
    while not is_current:
        with db.unit_of_work(by):
            bulk.long_work()
            progress.begin("computing")
            run = features_compute(by=by, case_id=job.subject_id, progress=progress)
            progress.fence()
        ledger = CaseLedger.objects.filter(pk=job.subject_id).values_list("version", flat=True).first()
        is_current = run.ledger_version == (ledger or 0)
    with db.unit_of_work(by):
        bulk.long_work()
        series_follow(by=by, case_id=job.subject_id, devices=True)
        progress.fence()


def features_compute(*, by: User, case_id: UUID, progress: Progress | None = None) -> LedgerFeatureRun:
    """Replace the case's features by those of its ledger as it stands now, and note which state that was.

    The ledger is held meanwhile, so that what is read is one state of it. The caller is the post office.
    """
    now = db.require_unit_of_work().now
    ledger = CaseLedger.objects.select_for_update(no_key=True).filter(pk=case_id).first()
    version = ledger.version if ledger else 0
    columns = ledger_columns(case_id)
    zone = Case.objects.values_list("unit__time_zone", flat=True).get(pk=case_id)
    LedgerFeature.objects.filter(case=case_id).delete()
    accounts = 0
    for currency, rows in _values(columns, zone):
        accounts += len(rows)
        bulk.copy_rows(LedgerFeature._meta.db_table, COLUMNS, (_packed(case_id, currency, row) for row in rows))
        if progress is not None:
            progress.set(accounts)
    entries = sum(len(each) for each in columns.entries.values())
    run, _ = LedgerFeatureRun.objects.update_or_create(
        case_id=case_id,
        defaults={"ledger_version": version, "accounts": accounts, "entries": entries, "computed_at": now},
    )
    return run


def _values(columns: Ledger, zone: str) -> Iterator[tuple[str, list[Values]]]:
    for currency, entries in columns.entries.items():
        yield currency, compute(
            entries, columns.covers.get(currency, {}), unnamed=columns.unnamed, devices=columns.devices,
            local_hour=local_hours(zone), minor=10 ** money.exponent(currency),
        )  # fmt: skip


def _packed(case_id: UUID, currency: str, row: Values) -> Sequence[bytes]:
    """One row for COPY, in the order of COLUMNS."""
    points, known = score(row.values)
    basis = json.dumps({code: rows for code, rows in row.basis.items() if rows}, sort_keys=True)
    plain = [_number(name, getattr(row, name)) for name in PLAIN]
    values = [_number(feature.code, row.values.get(feature.code)) for feature in FEATURES]
    return [
        bulk.raw(case_id.bytes), bulk.int8(row.node), bulk.text(currency), bulk.raw(bytes([row.is_covered])),
        *plain, *values, bulk.int4(points), bulk.int4(known), bulk.raw(b"\x01" + basis.encode()),
    ]  # fmt: skip


def _number(name: str, value: int | None) -> bytes:
    if value is None:
        return bulk.NULL
    return bulk.int8(value) if name in WIDE else bulk.int4(value)
