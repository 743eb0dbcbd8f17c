"""The night's check: links beside what cases have, labels beside a full union-find; differences are reported and mended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from accounts.models import Involvement, SeriesCheck, SeriesLink
from accounts.rules.series import components, differences
from accounts.selectors.series_links import all_ties, shared_links, stale_cases, stored_labels
from accounts.services.series.components import series_hold, settle
from accounts.services.series.links import series_follow
from antifraud import bulk, db
from antifraud.audit import diary
from antifraud.jobs import queue
from antifraud.jobs.progress import Progress
from banks.models import User
from banks.selectors.institutions import system_user
from cases.models import Lead

KIND = "series.check"
BATCH = 200
MOST_STALE = 5_000  # what is left waits for the next night


def series_check_submit(*, by: User) -> int:
    """The duty: have the check run by a worker, since the scheduler has clocks to mind. Returns 0 where no case has anything."""
    if not (Involvement.objects.exists() or Lead.objects.exists() or SeriesLink.objects.exists()):
        return 0
    queue.submit(KIND, by.id, by=by, unit="cases")
    return 1


def series_check_work(job: queue.Claimed, progress: Progress) -> None:
    """The job: links in units of work of 200 cases, since each holds the labels until its end; then the labels."""
    by, stale, found = system_user(), 0, BATCH
    progress.begin("computing")
    while found == BATCH and stale < MOST_STALE:
        with db.unit_of_work(by):
            bulk.long_work()
            found = links_check(by=by)
            progress.fence()
        stale += found
    with db.unit_of_work(by):
        bulk.long_work()
        check = series_check(by=by, stale=stale)
        progress.set(check.cases, check.cases)
        progress.fence()


def links_check(*, by: User) -> int:
    """Follow at most 200 cases whose links are not what they have; returns how many."""
    stale = stale_cases(BATCH)
    for case_id in stale:
        series_follow(by=by, case_id=case_id)
    return len(stale)


def series_check(*, by: User, stale: int = 0) -> SeriesCheck:
    """Compare labels and mend; writes one row of what was found, the `stale` links mended before counted in.

    What is mended stands in the history of each series. Nobody waits for the comparison; only the mending holds the
    labels, and it looks again before it writes: what differed only because cases moved meanwhile is no difference.
    """
    began = time.monotonic()
    counted = _Counted()
    parts = components((), counted.links(), all_ties())
    stored = stored_labels()
    wrong = differences(stored, parts)
    if wrong:
        series_hold()
    mended = [len(changed) for group in wrong if (changed := settle(by=by, case_ids=group, mends=True))]
    check = SeriesCheck(
        links=counted.number,
        cases=sum(map(len, parts)),
        series=len(parts),
        differences=stale + len(mended),
        mended=stale + sum(mended),
        millis=round((time.monotonic() - began) * 1000),
        at=db.require_unit_of_work().now,
    )
    check.save(force_insert=True)
    detail = {"links": check.links, "series": check.series, "differences": check.differences, "mended": check.mended}
    diary.record("series.check", by=by, obj=check, detail=detail)
    return check


class _Counted:
    """The shared links, counted while they pass."""

    def __init__(self) -> None:
        self.number = 0

    def links(self) -> Iterator[tuple[UUID, Any]]:
        for row in shared_links():
            self.number += 1
            yield row
