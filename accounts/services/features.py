"""Computing and keeping the risk features of a case's ledger accounts, as a job after each change of the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import CaseLedger, LedgerFeature, LedgerFeatureRun
from accounts.policy import FeatureAction
from accounts.rules.features import FEATURES, Features, compute, local_hours, scores
from accounts.selectors.feature_rows import Ledger, ledger_columns
from accounts.services.series.links import series_follow
from antifraud import bulk, db, money, policy
from antifraud.audit import diary
from antifraud.jobs import queue
from antifraud.jobs.progress import Progress
from antifraud.lazily import lazily
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Case

if TYPE_CHECKING:
    import numpy as np

    from accounts.rules.features.sides import Bools, Ints
else:
    np = lazily("numpy")

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
    for currency, found in _computed(columns, zone):
        accounts += len(found)
        bulk.copy_rows(LedgerFeature._meta.db_table, COLUMNS, _packed(case_id, currency, found))
        if progress is not None:
            progress.set(accounts)
    entries = sum(len(each) for each in columns.entries.values())
    run, _ = LedgerFeatureRun.objects.update_or_create(
        case_id=case_id,
        defaults={"ledger_version": version, "accounts": accounts, "entries": entries, "computed_at": now},
    )
    return run


def _computed(columns: Ledger, zone: str) -> Iterator[tuple[str, Features]]:
    for currency, entries in columns.entries.items():
        yield currency, compute(
            entries, columns.covers.get(currency, {}), unnamed=columns.unnamed, devices=columns.devices,
            local_hour=local_hours(zone), minor=10 ** money.exponent(currency),
        )  # fmt: skip


def _packed(case_id: UUID, currency: str, found: Features) -> Iterator[Sequence[bytes]]:
    """The rows for COPY, in the order of COLUMNS."""
    points, known = scores(found.columns, len(found))
    head = bulk.raw(case_id.bytes)
    plain = [(name, getattr(found, name), None) for name in PLAIN]
    values = [(feature.code, *found.columns[feature.code][:2]) for feature in FEATURES]
    fields = [_fields(each, told, is_wide=name in WIDE) for name, each, told in (*plain, *values)]
    fields += [_fields(points), _fields(known)]
    nodes = _fields(found.node, is_wide=True)
    for node, is_covered, basis, *row in zip(nodes, found.is_covered.tolist(), _bases(found), *fields, strict=True):
        yield head, node, bulk.text(currency), bulk.raw(bytes([is_covered])), *row, basis


def _fields(values: Ints, known: Bools | None = None, *, is_wide: bool = False) -> list[bytes]:
    """Each value as `bulk.int8` or `bulk.int4` would write it."""
    width = 8 if is_wide else 4
    made = np.empty(len(values), dtype=[("width", ">i4"), ("value", f">i{width}")])
    made["width"], made["value"] = width, values if known is None else np.where(known, values, 0)
    body, step = made.tobytes(), width + 4
    found = [body[at : at + step] for at in range(0, len(body), step)]
    if known is not None:
        for at in np.flatnonzero(~known).tolist():
            found[at] = bulk.NULL
    return found


def _bases(found: Features) -> Iterator[bytes]:
    """From how many rows each value comes, as JSON; the same numbers are written once."""
    codes = sorted(feature.code for feature in FEATURES)
    rows = np.column_stack([found.columns[code].rows for code in codes])
    written: dict[tuple[int, ...], bytes] = {}
    for counts in map(tuple, rows.tolist()):
        if counts not in written:
            told = {code: count for code, count in zip(codes, counts, strict=True) if count}
            written[counts] = bulk.raw(b"\x01" + json.dumps(told).encode())
        yield written[counts]
