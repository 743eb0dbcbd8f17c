"""A case whose statements are in the ledger, made by the services on the platform's own database.

`python -m tests.e2e.fund_flow_scene` prints its id: a victim, three accounts that collect, a dozen behind, a return, cash.
`… more <case>` lets money go on from where it was; `… ask <case> stop` (or watch) has one account stopped in part (or
watched), and prints its id and the order's.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import django

CITY = ("ICBC", "CCB", "CCB", "ICBC", "")


def main(verb: str = "", case_id: str = "", kind: str = "stop") -> None:
    """Build and print."""
    django.setup()
    if verb:
        more(case_id) if verb == "more" else ask(case_id, kind)
        return
    from django.utils import timezone

    from accounts.models import LedgerAccount
    from tests.accounts import factories
    from tests.accounts.flow.ledger_rows import ledger
    from tests.cast import World

    world = World()
    by: Any = world.analyst_a
    case = factories.new_case(by, filed=True)
    start = timezone.now() - timedelta(hours=2)

    def at(seconds: int) -> Any:
        return start + timedelta(seconds=seconds)

    rows: list[tuple[str | None, str | None, Any, int]] = [
        ("victim", "a1", at(0), 120_000_00), ("victim", "a2", at(40), 48_500_00), ("victim", "a3", at(95), 9_800_00),
    ]  # fmt: skip
    rows += [("a1", f"b{n}", at(100 + 7 * n), 28_000_00 + n * 100_00) for n in range(4)]
    rows += [("a2", "b4", at(130), 30_000_00), ("a2", "b5", at(131), 12_000_00), ("a3", "b5", at(150), 9_500_00)]
    rows += [(f"b{n}", f"c{n}", at(400 + 11 * n), 11_000_00 + n * 10_00) for n in range(6)]
    rows += [("c1", "a1", at(700), 5_000_00), ("b0", "cash", at(500), 10_000_00), ("c2", "d0", at(900), 10_500_00)]
    rows += [("b1", f"shop{n}", at(600 + n), 150_00) for n in range(9)]
    rows += [("c0", f"kiosk{n}", at(650 + n), 120_00) for n in range(3)]
    made = ledger(by, case, rows, covered=("victim", "a1", "a2", "b0", "b1", "c1"), cash=("cash",))
    for place, (name, account) in enumerate(made.account.items()):
        code = "CCB" if name == "victim" else CITY[place % len(CITY)]
        bank = {"ICBC": world.bank_a, "CCB": world.bank_b}.get(code)
        LedgerAccount.objects.filter(pk=account.pk).update(institution=bank)
    factories.involve(by, case, world.bank_b, number=made.account["victim"].number.open(), level=0, name="王小明")
    print(case.id)


def more(case_id: str) -> None:
    """The money of `d0` goes on."""
    from django.utils import timezone

    from accounts.models import LedgerAccount
    from cases.models import Case
    from tests.accounts.flow.ledger_rows import Made, ledger
    from tests.cast import World

    case = Case.objects.get(pk=case_id)
    made = Made(case)
    for row in LedgerAccount.objects.filter(case=case):
        if row.name is not None:
            made.node[row.name.open()], made.account[row.name.open()] = row.node, row
    start = timezone.now() - timedelta(hours=2)
    rows: list[tuple[str | None, str | None, Any, int]] = [("d0", "e0", start + timedelta(seconds=1_500), 9_000_00)]
    ledger(World().analyst_a, case, rows, into=made, numbers={"e0": "6217009999000000009"})


def ask(case_id: str, kind: str) -> None:
    """A stop of the account with most money, which takes a part of it; or its watch."""
    from django.utils import timezone

    from accounts.models import Answer, LedgerAccount
    from accounts.services.answer_input import AnswerInput
    from accounts.services.answers import order_answer
    from accounts.services.availability import orders_make_available
    from antifraud import db
    from banks.models import User
    from banks.selectors.institutions import system_user
    from cases.models import Case
    from tests.accounts import factories
    from tests.cast import World

    world, case = World(), Case.objects.get(pk=case_id)
    rows = LedgerAccount.objects.filter(case=case, institution__code="bank_a", name__isnull=False)
    row = next(each for each in rows if each.name is not None and each.name.open() == "b4")
    part = factories.involve(world.analyst_a, case, world.bank_a, number=row.number.open(), level=2)
    if kind == "stop":
        factories.pay(world.analyst_a, case, part.account, amount=30_000_00, ago=60)
    risk = User.objects.get(username="risk_a")
    part_of_it = {
        "outcome": "partial",
        "executed_minor": 3_000_00,
        "reason": "insufficient_balance",
        "balance_minor": 3_000_00,
    }
    said: dict[str, Any] = part_of_it if kind == "stop" else {"outcome": "executed"}
    extra = {"asked_expires_at": timezone.now() + timedelta(days=30)} if kind == "watch" else {}
    order = factories.issue(world, part, kind, **extra)
    with db.unit_of_work(system_user()) as work:
        orders_make_available([order.id], by=system_user(), at=work.now)
    with db.unit_of_work(risk) as work:
        answer = AnswerInput(handled_by="Wang", effective_from=work.now, **said)
        order_answer(by=risk, order_id=order.id, answer=answer, source=Answer.Source.LOGGED_IN)
    print(part.account_id, order.id)


if __name__ == "__main__":
    main(*sys.argv[1:])
