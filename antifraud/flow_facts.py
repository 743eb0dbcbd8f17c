"""The post office's handlers for the ledger and watches; statement files are in `statement_facts`, the machinery in `deliveries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from accounts.rules.paths import order_path
from accounts.selectors.carrying import case_to_carry, order_to_carry, transfer_to_carry
from accounts.services.features import features_submit
from accounts.services.ledger.telling import TELL
from accounts.services.trace_follow import FOLLOW
from antifraud.jobs import queue
from banks.selectors.users import people_of
from banks.services.notifications import notify

if TYPE_CHECKING:
    from antifraud.deliveries import Fact, Handler, Hint

KIND = "case"


def transfer_recorded(fact: Fact) -> Iterable[Hint]:
    """What was told comes into the ledger; a job, because an import may hold the ledger for minutes."""
    transfer = transfer_to_carry(user=fact.by, transfer_id=fact.subject_id)
    queue.submit(TELL, transfer.case_id, by=fact.by)
    return []


def ledger_changed(fact: Fact) -> Iterable[Hint]:
    """The unit's pages look again; features, shared devices and traces are computed in the background."""
    features_submit(by=fact.by, case_id=fact.subject_id)
    queue.submit(FOLLOW, fact.subject_id, by=fact.by)
    return [(case_to_carry(user=fact.by, case_id=fact.subject_id).unit_id, KIND)]


def watch_credited(fact: Fact) -> Iterable[Hint]:
    """The operator hears that the watched account got money; the traces are run again once it is in the ledger."""
    order = order_to_carry(user=fact.by, order_id=fact.subject_id)
    notify(
        users=people_of([order.operator_id]), code=fact.topic, params={"number": order.number}, url=order_path(order.pk)
    )
    return [(order.unit_id, "order"), (order.unit_id, KIND)]


FLOW_TOPICS: Mapping[str, Handler] = {
    "transfer.recorded": transfer_recorded,
    "ledger.changed": ledger_changed,
    "watch.credited": watch_credited,
}
