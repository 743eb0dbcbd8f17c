"""How a case of the demo city comes in: who reports what, which accounts got the money; what follows is in `past`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import InvolvedAccount, Involvement
from accounts.services.filing import FiledAccount
from antifraud.doors.demo.invented import incident_number
from antifraud.doors.demo.police import Scene, in_order
from antifraud.doors.demo.stage import Mule, Stage
from antifraud.doors.demo.timeline import Pace
from banks.models import Institution
from cases.models import Case
from cases.services.cases import CaseInput
from cases.services.victims import LeadInput, VictimInput


@dataclass(frozen=True)
class Plan:
    """One case. `ending`: what the law made of it, "" = it is being worked on. `paper`: kept at a bank off the platform."""

    serial: int
    reported_at: datetime
    fraud_type: str
    unit: Institution
    ending: str = ""
    emergency: bool = False
    phone: bool = False
    paper: bool = False
    query: bool = False


def begin(stage: Stage, plan: Plan) -> Scene:
    """The scene of a plan, before anything has happened."""
    return Scene(stage, stage.chance(f"case {plan.serial}"), Pace(plan.reported_at), plan.unit)


def file_case(scene: Scene, plan: Plan, *, beside: tuple[str, ...] = ()) -> Case:
    """Enter the report; returns the case, which the scene keeps. `beside`: names of further victims of the same fraud."""
    stage, chance, inventor = scene.stage, scene.chance, scene.stage.city.inventor
    loss = inventor.loss(plan.fraud_type)
    victim, bank = inventor.name(), stage.city.any_bank()
    paid_at = plan.reported_at - timedelta(minutes=chance.uniform(12, 90))
    accounts = [
        FiledAccount(mule.number, mule.institution, mule.name, amount, at=paid_at + timedelta(minutes=3 * n))
        for n, (mule, amount) in enumerate(zip(*_receivers(stage, chance, plan, loss), strict=True))
    ]
    data = CaseInput(
        reported_at=plan.reported_at, fraud_type=plan.fraud_type, incident_number=incident_number(plan.reported_at, plan.serial),
        jurisdiction=plan.unit.name_zh, narrative=inventor.narrative(plan.fraud_type),
        occurred_at=paid_at - timedelta(minutes=chance.uniform(5, 60)), loss_minor=loss, is_express=plan.emergency,
        victims=tuple(VictimInput(name, inventor.id_number(), inventor.phone()) for name in (victim, *beside)),
        leads=(LeadInput("phone", inventor.phone()),) if chance.random() < 0.5 else (),
    )  # fmt: skip
    payer = FiledAccount(inventor.card(bank.bank_code), bank, victim)
    scene.case = stage.file(scene.person("analyst"), data, accounts, payer)
    return scene.case


def _receivers(stage: Stage, chance: random.Random, plan: Plan, loss: int) -> tuple[list[Mule], list[int]]:
    """One to three first receivers and what each of them got."""
    count = 1 if loss < 1_000_000 else chance.choice((1, 1, 1, 2, 3))
    mules = [_mule(stage, chance) for _n in range(count)]
    if plan.paper:
        number = stage.city.inventor.corporate()
        mules[0] = Mule(stage.city.institutions["donghu-rural"], number, stage.city.inventor.company())
    shares = [chance.uniform(0.5, 1.5) for _mule_ in mules]
    amounts = [round(loss * share / sum(shares) / 100) * 100 for share in shares[1:]]
    return mules, [loss - sum(amounts), *amounts]


def _mule(stage: Stage, chance: random.Random) -> Mule:
    """Mostly a new account, sometimes one that another case knows; now and then a company or a payment account."""
    city, inventor = stage.city, stage.city.inventor
    if stage.mules and chance.random() < 0.07:
        return chance.choice(stage.mules)
    kind = chance.random()
    if kind < 0.08:
        mule = Mule(city.institutions["yunfu"], inventor.wallet(), inventor.name())
    elif kind < 0.13:
        mule = Mule(city.any_bank(), inventor.corporate(), inventor.company())
    else:
        bank = city.any_bank()
        name = inventor.foreign_name() if chance.random() < 0.03 else inventor.name()
        mule = Mule(bank, inventor.card(bank.bank_code), name)
    stage.mules.append(mule)
    return mule


def first_receivers(case: Case) -> list[Involvement]:
    """The confirmed accounts of level 1 that are no phone numbers."""
    rows = Involvement.objects.filter(case=case, level=1, state="confirmed").exclude(
        account__kind=InvolvedAccount.Kind.PHONE
    )
    return in_order(case, rows.select_related("account__institution"))
