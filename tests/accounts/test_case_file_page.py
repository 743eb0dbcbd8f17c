"""Where the filing page leads to, and what express filing refuses before anything is filed."""

from __future__ import annotations

from typing import Any

from accounts.models import Involvement
from cases.models import Case

CARD = "6222020000000000006"


def typed(verb: str, **changes: str) -> dict[str, str]:
    return {
        "victim_name": "王小明", "fraud_type": "rebate", "reported_at": "2026-11-01T10:00:00", "incident_number": "110-1",
        "accounts": f"{CARD} 张三 5000", "bad_lines": "refuse", "verb": verb,
    } | changes  # fmt: skip


def test_filing_leads_to_the_accounts_of_the_case(world: Any, log_in: Any) -> None:
    answer = log_in(world.analyst_a).post("/cases/new/", typed("file"))
    case = Case.objects.get()
    assert answer.url == f"/cases/{case.pk}/accounts/"
    assert Involvement.objects.get().account.institution == world.bank_a


def test_filing_without_an_account_leads_to_the_report(world: Any, log_in: Any) -> None:
    answer = log_in(world.analyst_a).post("/cases/new/", typed("file", accounts=""))
    assert answer.url == f"/cases/{Case.objects.get().pk}/"


def test_express_filing_leads_to_the_stop(world: Any, log_in: Any) -> None:
    answer = log_in(world.analyst_a).post("/cases/new/", typed("express"))
    assert answer.url == f"/cases/{Case.objects.get().pk}/orders/new/?kind=stop&emergency=1"


def test_express_filing_without_an_incident_number_files_nothing(world: Any, log_in: Any) -> None:
    answer = log_in(world.analyst_a).post("/cases/new/", typed("express", incident_number=" "))
    assert answer.status_code == 422
    assert "incident_number" in answer.context["form"].errors
    assert not Case.objects.exists()
