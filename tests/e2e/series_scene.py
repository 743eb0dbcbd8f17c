"""A series of unit A and unit B, and a ledger with risk features, on the platform's own database; prints the ids.

`python -m tests.e2e.series_scene` → "<case> <series> <ledger account>".
"""

from __future__ import annotations

from typing import Any

import django


def main() -> None:
    """Build and print."""
    django.setup()
    from django.utils import timezone

    from accounts.services.features import features_compute
    from antifraud import db
    from banks.selectors.institutions import system_user
    from tests.accounts.factories import card, involve
    from tests.accounts.flow.ledger_rows import ledger
    from tests.accounts.flow.serial_cases import case_with, followed, series_of, sharing
    from tests.cast import World

    world = World()
    a, b = world.analyst_a, world.analyst_b
    cases = sharing(world, card(), a, a, b, a)
    other = case_with(
        a, phone="13800138777", leads=(("url", "http://bad.example/app"), ("phone", "13900139000")), loss=88_000_00
    )
    more = case_with(b, phone="13800138777", leads=(("url", "http://bad.example/app"),))
    number = card("621700")
    for case, by in ((cases[1], a), (other, a), (more, b)):
        involve(by, case, world.bank_b, number=number)
    followed(*cases, other, more)
    start = int(timezone.now().timestamp()) - 86_400
    rows: list[Any] = [(f"payer{n}", "mule", at(start + 300 * n), 9_800_00 + n * 1_700) for n in range(9)]
    rows += [("mule", f"next{n}", at(start + 3_000 + 60 * n), 10_000_00) for n in range(8)]
    rows += [("payer0", "shop", at(start + 90), 35_90), ("next0", "cash", at(start + 5_000), 9_000_00)]
    made = ledger(a, cases[0], rows, covered=("mule", "next0"), cash=("cash",))
    with db.unit_of_work(system_user()):
        features_compute(by=system_user(), case_id=cases[0].id)
    series = series_of(cases[0])
    print(cases[0].id, series.id if series else "", made.account["mule"].id)


def at(seconds: int) -> Any:
    """A moment from seconds since 1970."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)


if __name__ == "__main__":
    main()
