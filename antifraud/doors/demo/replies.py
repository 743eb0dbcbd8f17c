"""What institutions answer in the demo city, and how long they take for it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from accounts.models import Order
from accounts.rules.order_kinds import order_kind
from accounts.services.answer_input import AnswerInput, HolderInput, NextHopInput, PriorFreezeInput
from antifraud import db
from antifraud.doors.demo.papers import statement_csv
from antifraud.doors.demo.stage import Mule, Stage
from banks.models import Institution

# outcome and reason of a first stop, with its share among a hundred
STOP_REPLIES = (
    ("executed", "", 52), ("partial", "insufficient_balance", 20), ("refused", "other", 12), ("mismatch", "name_mismatch", 8),
    ("refused", "already_full_freeze", 3), ("refused", "not_ours", 3), ("refused", "no_such_account", 2),
)  # fmt: skip
MOVED_ON = "账户余额为零，资金已转出，去向见下级账户。"


def delay_minutes(chance: random.Random, institution: Institution, term: int) -> tuple[float, float]:
    """Minutes to the acknowledgement and from there to the answer; some banks are slower, few answers are late."""
    slow = {"psbc": 1.7, "abc": 1.35, "cmb": 0.7, "yunfu": 0.6}.get(institution.code, 1.0)
    seen = chance.uniform(0.02, 0.25) * term * slow
    answered = chance.uniform(0.1, 0.5) * term * slow
    if chance.random() < 0.07 * slow:
        answered += term * chance.uniform(0.6, 2.5)
    return seen, answered


def next_hop(stage: Stage, chance: random.Random, amount_minor: int) -> NextHopInput:
    """Where the money went: a card of another bank, or a payment account."""
    city = stage.city
    if chance.random() < 0.14:
        mule = Mule(city.institutions["yunfu"], city.inventor.wallet(), city.inventor.name())
    else:
        bank = city.any_bank()
        mule = Mule(bank, city.inventor.card(bank.bank_code), city.inventor.name())
    return NextHopInput(
        number=mule.number, institution=mule.institution, name=mule.name, amount_minor=amount_minor,
        at=db.app_now() - timedelta(minutes=chance.randint(6, 25)),
    )  # fmt: skip


def reply(
    stage: Stage, chance: random.Random, order: Order, outcome: str = "executed", reason: str = ""
) -> AnswerInput:
    """An answer that holds together with its order; made at the moment that it is given."""
    city, kind = stage.city, order_kind(order.kind)
    institution = order.routed_to or order.institution
    acted = outcome in {"executed", "partial"}
    staffed = institution.code != "donghu-rural"
    answer = AnswerInput(
        outcome=outcome, reason=reason, currency=order.currency,
        handled_by=city.person(institution, "officer").full_name if staffed else city.inventor.name(),
        second_person=city.person(institution, "supervisor").full_name if staffed else "",
        handled_phone=institution.phone, branch=institution.name_zh if institution.parent_id else "",
        reason_text=MOVED_ON if reason == "other" else "",
        mismatch_field="name" if outcome == "mismatch" else "",
        suggested_institution=_other_bank(stage, chance, order) if reason == "not_ours" else None,
        effective_from=db.app_now() - timedelta(seconds=chance.randint(20, 90))
        if acted and "effective_from" in kind.answer_fields else None,
    )  # fmt: skip
    if kind.creates_hold and kind.target == "account":
        return _with_amounts(stage, chance, order, answer)
    if order.kind == "query_holder" and acted:
        return replace(answer, holder=_holder(stage, chance, order))
    if order.kind == "query_transactions" and acted:
        name = order.account.holder_name.open() if order.account.holder_name else ""
        at, amount = _paid(order)
        file = statement_csv(city.inventor, number=order.account.number.open(), name=name, amount_minor=amount, at=at)
        return replace(answer, statement=file)
    return answer


def waiting_reply(stage: Stage, chance: random.Random, order: Order) -> AnswerInput:
    """A freeze that has to wait behind a court's."""
    prior = PriorFreezeInput(
        rank=1, body="北岭区人民法院", amount_minor=(order.amount_minor or 100_000) * 3,
        expires_at=db.app_now() + timedelta(days=chance.randint(30, 150)),
    )  # fmt: skip
    answer = reply(stage, chance, order)
    return replace(
        answer, effective_from=None, executed_minor=None, balance_minor=None, waiting_rank=2, prior_freezes=(prior,)
    )


def _with_amounts(stage: Stage, chance: random.Random, order: Order, answer: AnswerInput) -> AnswerInput:
    asked = order.amount_minor or 0
    if answer.outcome == "executed":
        return replace(answer, executed_minor=asked, balance_minor=asked + chance.randint(0, 500) * 1000)
    if answer.outcome == "partial":
        held = max(100, round(asked * chance.uniform(0.12, 0.75) / 100) * 100)
        hops = _split(stage, chance, asked - held)
        return replace(answer, executed_minor=held, balance_minor=held, next_hops=hops)
    if answer.reason == "other":
        return replace(answer, balance_minor=0, next_hops=_split(stage, chance, asked))
    return answer


def _split(stage: Stage, chance: random.Random, amount_minor: int) -> tuple[NextHopInput, ...]:
    """The money that is gone, on one or two accounts."""
    if amount_minor < 200_000 or chance.random() < 0.6:
        return (next_hop(stage, chance, max(amount_minor, 100)),)
    first = round(amount_minor * chance.uniform(0.35, 0.65) / 100) * 100
    return (next_hop(stage, chance, first), next_hop(stage, chance, amount_minor - first))


def _other_bank(stage: Stage, chance: random.Random, order: Order) -> Institution:
    return chance.choice([bank for bank in stage.city.banks if bank.pk != order.institution_id])


def _holder(stage: Stage, chance: random.Random, order: Order) -> HolderInput:
    inventor = stage.city.inventor
    name = order.account.holder_name.open() if order.account.holder_name else inventor.name()
    return HolderInput(
        name=name, id_kind="居民身份证", id_number=inventor.id_number(), phone=inventor.phone(),
        address=f"云海市{chance.choice('东南西北')}湖路{chance.randint(1, 300)}号",
        opened_on=db.app_now().date() - timedelta(days=chance.randint(20, 900)), opening_branch=f"{order.institution.name_zh}云海分行",
    )  # fmt: skip


def _paid(order: Order) -> tuple[datetime, int]:
    """When the money came and how much: the transfer that the order names, else a guess of the day before."""
    transfer = order.transfer
    if transfer is None or transfer.at is None:
        return db.app_now() - timedelta(days=1), 500_000
    return transfer.at, transfer.amount_minor
