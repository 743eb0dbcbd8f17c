"""What people of the demo city do: each act is one service call in a unit of work of the person who acts."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Answer, Hold, Involvement, Order
from accounts.services.accounts import involved_account_add
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import answer_confirm, answer_record, order_acknowledge, order_answer, order_route
from accounts.services.filing import FiledAccount, case_file_with_accounts
from accounts.services.holds import hold_activate, hold_lift, holds_expire
from accounts.services.involvements import involvement_confirm
from accounts.services.orders.approve import order_approve, order_confirm, order_reject
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_correct, order_retract
from accounts.services.orders.draft import order_update, orders_draft
from accounts.services.orders.follow import order_follow
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.orders.ratify import order_ratify
from accounts.services.orders.submit import order_submit
from accounts.services.reminders import approvals_escalate, approvals_lapse
from antifraud import db
from antifraud.deliveries import BATCH, RELEASE_TRIGGERS, TOPICS, Fact, lane_push
from antifraud.doors.demo.city import City
from antifraud.doors.demo.papers import slip_pdf
from antifraud.doors.demo.timeline import Timeline
from antifraud.outbox import post
from banks.models import Institution, User
from banks.rules.issue_powers import LEGAL_BASIS_LABELS
from cases.models import Case
from cases.services.cases import CaseInput
from cases.services.steps import case_step

BASES = {
    "freeze": "procedure_144", "freeze_extend": "procedure_144", "freeze_release": "procedure_145",
    "suspend_number": "fraud_11", "restore_number": "fraud_11",
}  # fmt: skip
PAPERS = {"freeze": "协助冻结财产通知书", "freeze_release": "协助解除冻结财产通知书"}
NEWS = timedelta(days=3)
EVERY = 6  # moments between two rounds of the relay
SYSTEMS = ("icbc", "ccb", "psbc", "yunfu")  # their orders are answered by the institution's own system


@dataclass
class Mule:
    """An account that fraudsters use, sometimes in more than one case."""

    institution: Institution
    number: str
    name: str


@dataclass
class Stage:
    """The city, its timeline, and one source of chance for each story."""

    city: City
    seed: int
    end: datetime
    timeline: Timeline = field(init=False)
    mules: list[Mule] = field(default_factory=list)
    serial: int = 0

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.end, self.carry, EVERY)

    def chance(self, name: str) -> random.Random:
        """The same chances for the same story, whatever the others do."""
        return random.Random(f"{self.seed} {name}")  # noqa: S311

    def carry(self) -> None:
        """The relay's part, a batch in one unit of work: what has consequences, and what was told in the last days.

        Notifications of weeks ago would be read already; making them would take as long as the cases themselves.
        """
        system = self.city.system
        with db.unit_of_work(system) as work:
            claimed = post.claim(BATCH)
            is_news = work.now > self.end - NEWS
            for message in claimed:
                if is_news or message.topic in RELEASE_TRIGGERS:
                    list(TOPICS[message.topic](Fact(message.topic, message.subject_id, system)))
            if claimed:
                post.finish([message.id for message in claimed], claimed[0].token)

    # police

    def file(self, by: User, data: CaseInput, accounts: list[FiledAccount], victim: FiledAccount | None) -> Case:
        """A report with its first receivers."""
        with db.unit_of_work(by):
            return case_file_with_accounts(by=by, data=data, accounts=accounts, victim_account=victim)

    def involve(self, by: User, case: Case, mule: Mule, *, level: int = 1, kind: str = "") -> Involvement:
        """One more account (or number) of a case."""
        with db.unit_of_work(by):
            return involved_account_add(
                by=by,
                case=case,
                number=mule.number,
                institution=mule.institution,
                holder_name=mule.name,
                level=level,
                kind=kind,
            )

    def confirm_account(self, by: User, involvement: Involvement) -> None:
        """Take an account that a bank named into the case."""
        with db.unit_of_work(by):
            involvement_confirm(by=by, involvement_id=involvement.pk)

    def step(self, by: User, case: Case, verb: str, document: str = "", to_unit: Institution | None = None) -> None:
        """A step of law, dated today."""
        with db.unit_of_work(by) as work:
            on = (work.now + timedelta(hours=8)).date()
            case_step(by=by, case_id=case.pk, verb=verb, on=on, document_number=document, to_unit=to_unit)

    def terms(self, by: User, kind: str, **changes: Any) -> OrderTerms:
        """Terms as the unit usually gives them."""
        part = "second" if by.username.endswith("analyst") else "analyst"
        wanted: dict[str, Any] = {
            "legal_basis": LEGAL_BASIS_LABELS[BASES.get(kind, "fraud_20")],
            "second_officer": self.city.person(by.institution, part),
            "reason": "电信网络诈骗案件紧急处置",
        }
        if kind in {"stop", "freeze"}:
            wanted["mode"] = "limited"
        if kind in {"stop", "freeze", "suspend_number"}:
            wanted["urgency"] = "02"
        if kind.startswith("freeze"):
            self.serial += 1
            wanted |= {
                "instrument_type": PAPERS.get(kind, PAPERS["freeze"]),
                "instrument_number": f"云公冻字[{db.app_now():%Y}]{self.serial:04d}号",
                "instrument_issued_on": db.app_now().date(),
            }
        if kind == "query_transactions":
            today = db.app_now().date()
            wanted |= {"period_from": today - timedelta(days=30), "period_to": today}
        return OrderTerms(**(wanted | changes))

    def draft(
        self, by: User, case: Case, kind: str, rows: Iterable[Involvement], amounts: dict[UUID, int], **terms: Any
    ) -> list[Order]:
        """One order for each account; `amounts` in minor units by account."""
        limited = kind in {"stop", "freeze"} and terms.get("mode", "limited") == "limited"
        lines = [
            OrderLine(involvement_id=row.pk, amount_minor=amounts[row.account_id] if limited else None) for row in rows
        ]
        given = self.terms(by, kind, **terms)
        with db.unit_of_work(by):
            return orders_draft(by=by, case=case, kind=kind, lines=lines, terms=given)

    def follow(self, by: User, hold: Hold, verb: str, **terms: Any) -> Order:
        """The order that extends or releases a hold."""
        kind = f"{hold.order.kind}_{verb}" if hold.kind != "suspend" else "restore_number"
        given = self.terms(by, kind, **terms)
        with db.unit_of_work(by):
            return order_follow(by=by, hold_id=hold.pk, verb=verb, terms=given)

    def complete(self, by: User, order: Order, reason: str) -> None:
        """Give a draft that the platform made its papers and its reason."""
        given = self.terms(by, order.kind, reason=reason)
        names = [
            "second_officer",
            "legal_basis",
            "reason",
            "instrument_type",
            "instrument_number",
            "instrument_issued_on",
        ]
        with db.unit_of_work(by):
            order_update(by=by, order_id=order.pk, changes={name: getattr(given, name) for name in names})

    def submit(self, by: User, order: Order, *, emergency: bool = False) -> None:
        """Hand over to the second person."""
        with db.unit_of_work(by):
            order_submit(by=by, order_id=order.pk, emergency=emergency)

    def approve(self, by: User, order: Order) -> None:
        """Approve, and thereby issue."""
        with db.unit_of_work(by):
            order_approve(by=by, order_id=order.pk, payload_sha256=_shown(order))

    def confirm(self, by: User, order: Order) -> None:
        """The second officer sends an emergency stop out."""
        with db.unit_of_work(by):
            order_confirm(by=by, order_id=order.pk, payload_sha256=_shown(order))

    def ratify(self, by: User, order: Order) -> None:
        """A superior's approval afterwards."""
        with db.unit_of_work(by):
            order_ratify(by=by, order_id=order.pk, payload_sha256=_shown(order))

    def reject(self, by: User, order: Order, reason: str) -> None:
        """Refuse to approve."""
        with db.unit_of_work(by):
            order_reject(by=by, order_id=order.pk, reason=reason)

    def cancel(self, by: User, order: Order, reason: str) -> None:
        """End an order before it is answered."""
        with db.unit_of_work(by):
            order_cancel(by=by, order_id=order.pk, reason=reason)
        self.push([order])

    def retract(self, by: User, order: Order, error_field: str, reason: str) -> None:
        """The order was issued in error."""
        with db.unit_of_work(by):
            order_retract(by=by, order_id=order.pk, error_field=error_field, reason=reason)

    def correct(self, by: User, order: Order, **changes: Any) -> Order:
        """A new draft in place of one that failed."""
        with db.unit_of_work(by):
            return order_correct(by=by, order_id=order.pk, changes=changes)

    def record(self, by: User, order: Order, answer: AnswerInput) -> Answer:
        """First person of a paper answer."""
        with db.unit_of_work(by):
            return answer_record(by=by, order_id=order.pk, answer=answer, scan=slip_pdf(order.number))

    def confirm_record(self, by: User, answer: Answer) -> None:
        """Second person of a paper answer."""
        with db.unit_of_work(by):
            answer_confirm(by=by, answer_id=answer.pk)

    # institutions

    def officer(self, institution: Institution) -> User:
        """Who answers there: the institution's own system, or its risk officer."""
        return self.city.person(institution, "system" if institution.code in SYSTEMS else "officer")

    def acknowledge(self, by: User, order: Order) -> None:
        """Seen."""
        with db.unit_of_work(by):
            order_acknowledge(by=by, order_id=order.pk)

    def route(self, by: User, order: Order, branch: Institution) -> None:
        """From the head office to a branch."""
        with db.unit_of_work(by):
            order_route(by=by, order_id=order.pk, branch=branch)
        lane_push(branch.pk)

    def answer(self, by: User, order: Order, answer: AnswerInput) -> Answer:
        """The institution's final word."""
        source = Answer.Source.API if by.role == User.Role.MACHINE else Answer.Source.LOGGED_IN
        with db.unit_of_work(by):
            return order_answer(by=by, order_id=order.pk, answer=answer, source=source)

    def activate(self, by: User, hold: Hold, amount_minor: int | None) -> None:
        """A waiting hold comes first in line."""
        with db.unit_of_work(by) as work:
            hold_activate(by=by, hold_id=hold.pk, effective_at=work.now, amount_minor=amount_minor)

    def lift(self, by: User, hold: Hold) -> None:
        """The hold is off the books."""
        with db.unit_of_work(by) as work:
            hold_lift(by=by, hold_id=hold.pk, lifted_at=work.now - timedelta(minutes=1))

    # the platform

    def push(self, orders: Iterable[Order]) -> None:
        """Bring what waits into the lanes of the orders' institutions."""
        for institution_id in dict.fromkeys(order.institution_id for order in orders):
            lane_push(institution_id)

    def expire(self) -> None:
        """What the scheduler does at a hold's end."""
        with db.unit_of_work(self.city.system):
            holds_expire(by=self.city.system)

    def remind(self) -> None:
        """What the scheduler does about approvals that ran out."""
        with db.unit_of_work(self.city.system):
            approvals_lapse(by=self.city.system)
            approvals_escalate(by=self.city.system)


def _shown(order: Order) -> bytes:
    """The hash of the content as it was submitted."""
    return bytes(Order.objects.values_list("payload_sha256", flat=True).get(pk=order.pk) or b"")
