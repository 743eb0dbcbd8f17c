"""Returns in every state of their way on the platform's own database, and a wrong hold with others behind it; prints the ids.

`python -m tests.e2e.refund_scene` → "<case> <announced> <objection> <submitted> <decided> <wrong hold> <case of the hold>".
"""

from __future__ import annotations

import django


def main() -> None:
    """Build and print."""
    django.setup()
    from accounts.models import Hold
    from accounts.services.holds import hold_release
    from antifraud import db
    from tests.accounts import answering, factories
    from tests.accounts.flow import refunding as make
    from tests.cast import World

    world = World()
    announced = make.notice(world, make.shared(world, 412_300, 1_804_500, 96_000))
    objection = make.object_to(world, announced)
    submitted = make.submit(world, make.direct(world, loss=812_345))
    decided = make.decided(world, make.direct(world, loss=300_000))
    case = factories.new_case(world.analyst_a, filed=True)
    holds = []
    for _ in range(4):
        found = answering.held(world, "freeze", case=case)
        holds.append(Hold.objects.select_related("account").get(pk=found.pk))
    for payer, payee in ((None, 0), (0, 1), (1, 2), (None, 3), (3, 2)):
        account = holds[payer].account if payer is not None else None
        factories.pay(world.analyst_a, case, holds[payee].account, payer=account)
    with db.unit_of_work(world.risk_a) as work:
        wrong = Hold.objects.get(pk=holds[0].pk)
        hold_release(by=world.risk_a, hold=wrong, cause="unrelated", trigger_at=work.now, released_at=work.now)
    print(announced.case_id, announced.id, objection.id, submitted.id, decided.id, wrong.id, case.id)


if __name__ == "__main__":
    main()
