"""How police of the demo city bring an order out: draft, second person, lane; and how institutions react to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.models import Answer, Hold, Involvement, Order
from accounts.models.hold import IN_FORCE, LIVE
from accounts.rules.order_kinds import case_allows, order_kind
from antifraud.doors.demo.replies import delay_minutes, reply
from antifraud.doors.demo.stage import Stage
from antifraud.doors.demo.timeline import Pace, Story
from banks.models import Institution, User
from cases.models import Case

SHOWN = Order.objects.select_related("institution", "routed_to", "account", "transfer").defer("payload")
OPEN = (Order.Status.ISSUED, Order.Status.ACKNOWLEDGED)


@dataclass
class Scene:
    """One story's place: the stage, its chances, its case and the unit that works it."""

    stage: Stage
    chance: random.Random
    pace: Pace
    unit: Institution
    case: Case | None = None

    def person(self, part: str) -> User:
        """Somebody of the unit."""
        return self.stage.city.person(self.unit, part)

    def beside(self) -> Scene:
        """The same place for a story that goes on at the same time, from now on."""
        return Scene(self.stage, self.chance, Pace(self.pace.now), self.unit, self.case)

    @property
    def known_case(self) -> Case:
        """The case, read anew."""
        if self.case is None:
            raise RuntimeError("the story has filed no case yet")
        return Case.objects.get(pk=self.case.pk)


def fresh(order: Order) -> Order:
    """The order as it stands."""
    return SHOWN.get(pk=order.pk)


def amounts_of(case: Case) -> dict[UUID, int]:
    """What came into each account of the case, in minor units."""
    found: dict[UUID, int] = {}
    for account, amount in case.transfers.values_list("to_account", "amount_minor"):
        found[account] = found.get(account, 0) + amount
    return found


def in_order(case: Case, rows: Iterable[Involvement]) -> list[Involvement]:
    """The accounts in the order in which money came in, so that the same seed tells the same story."""
    paid = list(case.transfers.order_by("at", "amount_minor").values_list("to_account", flat=True))
    return sorted(rows, key=lambda row: paid.index(row.account_id) if row.account_id in paid else len(paid))


def send(scene: Scene, kind: str, rows: Iterable[Involvement], **terms: Any) -> Story:
    """Draft for several accounts at once, submit, approve; returns the issued orders."""
    by, chance = scene.person("analyst"), scene.chance
    yield scene.pace.after(chance.uniform(1, 4))
    case = scene.known_case
    if not case_allows(kind, case.status):
        return []
    orders = scene.stage.draft(by, case, kind, in_order(case, rows), amounts_of(case), **terms)
    return (yield from carry_out(scene, by, orders))


def send_follower(scene: Scene, hold: Hold, verb: str, **terms: Any) -> Story:
    """The order that extends or releases a hold; returns it in a list, or an empty one where it came too late."""
    by = scene.person("analyst")
    yield scene.pace.after(scene.chance.uniform(1, 4))
    known = in_force(hold) and (verb == "release" or case_allows("stop_extend", scene.known_case.status))
    orders = [scene.stage.follow(by, hold, verb, **terms)] if known else []
    return (yield from carry_out(scene, by, orders))


def carry_out(scene: Scene, by: User, orders: list[Order]) -> Story:
    """Submit drafts, have them approved by the unit or a body above it, push the lanes; returns what was issued."""
    stage, chance = scene.stage, scene.chance
    yield scene.pace.after(chance.uniform(0.5, 2))
    orders = _sensible(scene, by, orders)
    for order in orders:
        stage.submit(by, order)
    yield scene.pace.after(chance.uniform(1.5, 9))
    approver = scene.person("approver")
    if chance.random() < 0.25:
        above = ["centre.approver", *(["bureau.approver"] if scene.unit.parent_id else [])]
        approver = stage.city.people[chance.choice(above)]
    orders = _sensible(scene, by, orders)
    for order in orders:
        stage.approve(approver, order)
    yield scene.pace.after(seconds=chance.uniform(1, 4))
    stage.push(orders)
    return orders


def _sensible(scene: Scene, by: User, orders: list[Order]) -> list[Order]:
    """The orders that case and hold still allow; the others are taken back."""
    status, kept = scene.known_case.status, []
    for order in orders:
        there = order.original_id is None or Hold.objects.filter(order=order.original_id, status__in=LIVE).exists()
        if there and case_allows(order.kind, status):
            kept.append(order)
        else:
            scene.stage.cancel(by, order, "案件或控制措施状态已变化")
    return kept


def react(scene: Scene, order: Order, outcome: str = "executed", reason: str = "") -> Story:
    """Acknowledge and answer in the institution's own time; returns the answer, or None where it was too late for one."""
    stage, chance = scene.stage, scene.chance
    seen, answered = delay_minutes(chance, order.institution, order.answer_minutes)
    by = stage.officer(order.institution)
    yield scene.pace.after(seen)
    if not _is_open(order):
        return None
    stage.acknowledge(by, order)
    yield scene.pace.after(answered)
    if not _is_open(order):
        return None
    found = fresh(order)
    if order_kind(found.kind).references_original and not _still_there(found):
        outcome, reason = "refused", "already_processed"
    return stage.answer(by, found, reply(stage, chance, found, outcome, reason))


def _is_open(order: Order) -> bool:
    return Order.objects.filter(pk=order.pk, status__in=OPEN).exists()


def _still_there(order: Order) -> bool:
    """Whether the hold that an order is about is still on the bank's books, for an extension also in force."""
    gone = (Hold.Status.LIFT_CONFIRMED, Hold.Status.CONVERTED, Hold.Status.RELEASED)
    holds = Hold.objects.filter(order=order.original_id).exclude(status__in=gone)
    return (holds.exclude(status=Hold.Status.EXPIRED) if order.kind.endswith("extend") else holds).exists()


def hold_of(answer: Answer | None) -> Hold | None:
    """The hold that an answer brought about."""
    rows = Hold.objects.select_related("order", "institution", "account", "case", "unit")
    return rows.filter(answer=answer).first() if answer is not None else None


def watch_end(scene: Scene, hold: Hold) -> None:
    """At its legal end the hold ends by itself; most banks confirm the lift within the term, some do not."""
    stage, chance = scene.stage, scene.chance
    end = hold.legal_expires_at
    if end is None:
        return
    late = chance.random() < 0.2

    def story() -> Story:
        pace = Pace(end + timedelta(seconds=1))
        yield pace.now
        stage.expire()
        yield pace.after(hours=chance.uniform(2.2, 9) if late else chance.uniform(0.2, 1.8))
        if Hold.objects.get(pk=hold.pk).status == Hold.Status.EXPIRED:
            lift(stage, hold)

    stage.timeline.add(story())


def lift(stage: Stage, hold: Hold) -> None:
    """The institution confirms the lift; for one that is not connected the police record it."""
    connected = hold.institution.connected
    by = stage.officer(hold.institution) if connected else stage.city.person(hold.unit, "analyst")
    stage.lift(by, hold)


def in_force(hold: Hold) -> bool:
    """Whether the hold still stands."""
    return Hold.objects.get(pk=hold.pk).status in IN_FORCE


def spawn(scene: Scene, story: Callable[..., Story], *arguments: Any, **named: Any) -> None:
    """Let a story go on beside this one."""
    scene.stage.timeline.add(story(scene.beside(), *arguments, **named))
