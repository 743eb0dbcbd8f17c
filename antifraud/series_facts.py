"""The post office's handlers that keep what links cases and ledgers by accounts; the tables and the machinery are in `deliveries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from accounts.selectors.carrying import case_to_carry
from accounts.services.ledger.telling import ledger_tell
from accounts.services.series.links import series_follow

if TYPE_CHECKING:
    from antifraud.deliveries import Fact, Handler, Hint


def case_filed(fact: Fact) -> Iterable[Hint]:
    """The new case's phones and clues are compared; the unit's pages look again."""
    case = case_to_carry(user=fact.by, case_id=fact.subject_id)
    series_follow(by=fact.by, case_id=case.id)
    return [(case.unit_id, "case")]


def case_clued(fact: Fact) -> Iterable[Hint]:
    """Accounts, phones or clues of the case changed: its links follow, and its ledger leads to its accounts anew."""
    case = case_to_carry(user=fact.by, case_id=fact.subject_id)
    series_follow(by=fact.by, case_id=case.id)
    ledger_tell(by=fact.by, case_id=case.id)
    return [(case.unit_id, "case")]


SERIES_TOPICS: Mapping[str, Handler] = {"case.filed": case_filed, "case.clued": case_clued}
