"""The post office's handlers of statement files: who is told that a file waits, and files that come with answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from accounts.rules.paths import statement_path
from accounts.selectors.carrying import statement_to_carry
from accounts.services.statement_doors import statement_of_answer
from banks.selectors.users import people_of
from banks.services.notifications import notify

if TYPE_CHECKING:
    from antifraud.deliveries import Fact, Handler, Hint


def statement_told(fact: Fact) -> Iterable[Hint]:
    """Whoever uploaded the file hears that it waits for them; of a file that came by itself the order's or case's operator."""
    file = statement_to_carry(user=fact.by, file_id=fact.subject_id)
    operator = file.answer.order.operator_id if file.answer else file.case.operator_id
    person = operator if file.received_by_id == fact.by.pk else file.received_by_id
    notify(users=people_of([person]), code=fact.topic, params={"number": file.case.number}, url=statement_path(file.pk))
    return [(file.case.unit_id, "case")]


def statement_moved(fact: Fact) -> Iterable[Hint]:
    """The unit's pages look again."""
    file = statement_to_carry(user=fact.by, file_id=fact.subject_id)
    return [(file.case.unit_id, "case")]


def answer_statement(fact: Fact) -> None:
    """The file of an answer is received for the case (called by the handler of `order.answered`).

    Here and not in the answer's own unit of work: a bank's answer must not wait for, nor fail by, what the police do
    with its file; and the post office does it once, however often the fact is carried.
    """
    statement_of_answer(by=fact.by, order_id=fact.subject_id)


STATEMENT_TOPICS: Mapping[str, Handler] = {
    "statement.asked": statement_told,
    "statement.read": statement_told,
    "statement.refused": statement_told,
    "statement.committed": statement_moved,
}
