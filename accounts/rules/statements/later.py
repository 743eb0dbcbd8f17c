"""Rows that lie in the future: doubtful or bad, whatever format they come from; what the time now is, the caller says."""

from __future__ import annotations

from itertools import compress

from accounts.rules.statements.batch import ROW_COLUMNS, Batch, Issue

_DAY = 86_400 * 1_000_000
DOUBTFUL_US = _DAY  # clocks and zones differ by less
BAD_US = 366 * _DAY


def later_judged(batch: Batch, now_us: int) -> Batch:
    """The batch, changed in place: rows more than a day later than now get a doubt, those more than 366 days later go out as bad."""
    if max(batch.at_us, default=0) <= now_us + DOUBTFUL_US:
        return batch
    kept = [at <= now_us + BAD_US for at in batch.at_us]
    bad = {row for row, is_kept in zip(batch.row, kept, strict=True) if not is_kept}
    doubtful = [
        row for row, at in zip(batch.row, batch.at_us, strict=True) if now_us + DOUBTFUL_US < at <= now_us + BAD_US
    ]
    if bad:
        for name in ROW_COLUMNS:
            setattr(batch, name, list(compress(getattr(batch, name), kept)))
        batch.issues = [issue for issue in batch.issues if issue.row not in bad]
    batch.issues += [Issue(row, "at", "time_far_future", "bad") for row in sorted(bad)]
    batch.issues += [Issue(row, "at", "time_in_future", "doubt") for row in doubtful]
    return batch
