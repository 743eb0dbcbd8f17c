"""Orders that wait to be issued, and issued ones that wait in paused lanes, made in bulk; as a process.

A hundred stops are drafted and submitted by the services; the rest are their copies on other cases, row for row what the
services write (payload sealed for its own row, grants, involvement). Reads {"banks": [codes]}, then lines {"count", "banks",
"queued"}; answers each with {"made": [{"order", "bank"}]}.
"""

from __future__ import annotations

import json
import random
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import django

django.setup()

from accounts.models import Involvement, Order, OrderGrant  # noqa: E402
from antifraud import policy  # noqa: E402
from antifraud.db import UnitOfWork, unit_of_work  # noqa: E402
from banks.models import Delivery, Institution  # noqa: E402
from tests.chaos.load import BASIS  # noqa: E402
from tests.chaos.stock import Maker  # noqa: E402

EACH = 5  # accounts of one bank
AT_ONCE = 500
SEALED = ("payload", "reason")


class Copier:
    """Hands out pairs of a case and a template: of one account no two orders of a case may be open."""

    def __init__(self, banks: list[str]) -> None:
        self.maker = Maker(banks, 1)
        self.banks = {bank.id: bank for bank in self.maker.banks}
        made = [line["order"] for line in self.maker.make(EACH * len(banks), submitted=True)]
        rows = Order.objects.select_related("institution").filter(pk__in=made).order_by("pk")
        self.plain = {order.pk: {name: getattr(order, name).open() for name in SEALED} for order in rows}
        self.templates: dict[str, list[Order]] = {}
        for order in rows:
            self.templates.setdefault(order.institution.code, []).append(order)
        self.cases: list[uuid.UUID] = []
        self.used: dict[str, int] = dict.fromkeys(banks, 0)

    def pair(self, bank: str) -> tuple[uuid.UUID, Order]:
        """The next free one of this bank."""
        place, number = divmod(self.used[bank], EACH)
        self.used[bank] += 1
        while place >= len(self.cases):
            self.cases += [uuid.UUID(line["case"]) for line in self.maker.make(1, submitted=False)]
        return self.cases[place], self.templates[bank][number]

    def make(self, count: int, banks: list[str], *, queued: bool) -> Iterator[dict[str, str]]:
        """`count` orders round the banks: awaiting approval, or issued and queued for delivery."""
        for start in range(0, count, AT_ONCE):
            places = range(start, min(count, start + AT_ONCE))
            pairs = [self.pair(banks[place % len(banks)]) for place in places]
            with unit_of_work(self.maker.operator) as work:
                orders = [self._copy(case, template, work, queued=queued) for case, template in pairs]
                self._write(orders, work, queued=queued)
            yield from ({"order": str(order.id), "bank": self.banks[order.institution_id].code} for order in orders)

    def _copy(self, case: uuid.UUID, template: Order, work: UnitOfWork, *, queued: bool) -> Order:
        names = [f.attname for f in Order._meta.concrete_fields if f.name not in ("id", *SEALED)]
        row: dict[str, Any] = {name: getattr(template, name) for name in names} | self.plain[template.pk]
        row |= {"id": uuid.uuid4(), "case_id": case}
        row["number"] = f"X{row['id'].hex}"
        if queued:
            row |= {"status": "issued", "version": 3, "issued_at": work.now, "approved_at": work.now}
        return Order(**row)

    def _write(self, orders: list[Order], work: UnitOfWork, *, queued: bool) -> None:
        by = self.maker.operator
        Order.objects.bulk_create(orders)
        Involvement.objects.bulk_create(
            Involvement(case_id=o.case_id, account_id=o.account_id, level=1, entered_by=by, entered_at=work.now) for o in orders
        )  # fmt: skip
        permission = policy.view_permission_id(Order)
        OrderGrant.objects.bulk_create(
            OrderGrant(
                group_id=group, permission_id=permission, content_object=order, purpose="order stop", legal_basis=BASIS,
                sort_at=work.now, granted_at=work.now, granted_by_id=by.id,
            )
            for order in orders
            for group in self._groups(order, by.institution, queued=queued)
        )  # fmt: skip
        if queued:
            Delivery.objects.bulk_create(
                Delivery(institution_id=o.institution_id, topic="order.issued", subject_id=o.id, case_id=o.case_id, priority=10)
                for o in orders
            )  # fmt: skip

    def _groups(self, order: Order, unit: Institution, *, queued: bool) -> list[int]:
        return [unit.group_id, *([self.banks[order.institution_id].group_id] if queued else [])]


def main() -> None:
    """Line by line until the input ends."""
    copier = Copier(json.loads(sys.stdin.readline())["banks"])
    rng = random.Random(1)  # noqa: S311
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        made = list(copier.make(asked["count"], asked["banks"], queued=asked["queued"]))
        rng.shuffle(made)  # neighbours in time belong to different cases, whose counters are locked
        print(json.dumps({"made": made}), flush=True)


if __name__ == "__main__":
    main()
