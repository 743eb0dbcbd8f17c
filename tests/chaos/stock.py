"""Orders that only need their approval, made by the services in a process of its own; so the load is one POST each.

`python -m tests.chaos.stock` reads {"kind": "submitted"|"lines", "count", "banks": [codes], "first"} and prints JSON lines:
submitted → {"order", "sha256", "bank"}; lines → {"case", "involvement", "bank"} (accounts without any order yet).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

django.setup()

from accounts.services.accounts import involved_account_add  # noqa: E402
from accounts.services.orders.draft import orders_draft  # noqa: E402
from accounts.services.orders.inputs import OrderLine, OrderTerms  # noqa: E402
from accounts.services.orders.submit import order_submit  # noqa: E402
from accounts.services.transfers import transfer_record  # noqa: E402
from antifraud.db import unit_of_work  # noqa: E402
from banks.models import Institution, User  # noqa: E402
from cases.models import Case  # noqa: E402
from cases.services.cases import CaseInput, case_file  # noqa: E402
from cases.services.victims import VictimInput  # noqa: E402
from tests.chaos.load import AMOUNT, BASIS, UNIT  # noqa: E402

PER_CASE = 25


class Maker:
    """The operator of unit 00 at work; account numbers count up from `first`, so that two makers never meet."""

    def __init__(self, banks: list[str], first: int) -> None:
        people = {user.username: user for user in User.objects.filter(institution__code=UNIT)}
        self.operator, self.second = people[f"{UNIT}.0"], people[f"{UNIT}.1"]
        self.banks = [Institution.objects.get(code=code) for code in banks]
        self.next = first

    def make(self, count: int, *, submitted: bool) -> Iterator[dict[str, Any]]:
        """`count` accounts, spread over the banks, in cases of twenty-five, with submitted stops where wanted."""
        while count > 0:
            batch = min(count, PER_CASE)
            lines = self._accounts(batch)
            yield from self._orders(lines) if submitted else lines
            count -= batch

    def _accounts(self, count: int) -> list[dict[str, Any]]:
        made = []
        with unit_of_work(self.operator) as work:
            data = CaseInput(
                reported_at=work.now, fraud_type="rebate", narrative="Paid for tasks.", incident_number=f"C-{self.next}",
                victims=(VictimInput("张三"),),
            )  # fmt: skip
            case = case_file(by=self.operator, data=data)
            for _ in range(count):
                bank = self.banks[self.next % len(self.banks)]
                entered = involved_account_add(
                    by=self.operator, case=case, number=f"62291{self.next:014d}", institution=bank, holder_name="李四"
                )
                transfer_record(
                    by=self.operator, case=case, to_account=entered.account, amount_minor=AMOUNT, at=work.now - timedelta(hours=1)
                )  # fmt: skip
                made.append({"case": str(case.id), "involvement": str(entered.id), "bank": bank.code})
                self.next += 1
        return made

    def _orders(self, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with unit_of_work(self.operator) as work:
            terms = OrderTerms(
                legal_basis=BASIS, second_officer=self.second, urgency="02", mode="limited", reason="fraud", instrument_type="notice",
                instrument_number="N-1", instrument_issued_on=work.now.date(),
            )  # fmt: skip
            case = Case.objects.get(pk=lines[0]["case"])
            asked = [OrderLine(UUID(line["involvement"]), amount_minor=AMOUNT) for line in lines]
            drafts = orders_draft(by=self.operator, case=case, kind="stop", lines=asked, terms=terms)
            orders = [order_submit(by=self.operator, order_id=draft.id) for draft in drafts]
        for order, line in zip(orders, lines, strict=True):
            yield {"order": str(order.id), "sha256": bytes(order.payload_sha256 or b"").hex(), **line}


def main() -> None:
    """Print each as soon as it is committed."""
    wanted = json.loads(sys.stdin.readline())
    maker = Maker(wanted["banks"], wanted["first"])
    for line in maker.make(wanted["count"], submitted=wanted["kind"] == "submitted"):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
