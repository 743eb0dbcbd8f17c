"""A number that only stands in a statement's column of second numbers: its search leads to the account, whose panel tells it masked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import LedgerAccount, LedgerEntry, SecondNumber
from accounts.selectors.identity import indexes_of
from accounts.selectors.ledger_numbers import ledger_accounts_of_number, second_numbers
from accounts.services.statements.files import statement_discard
from antifraud import db
from tests.accounts.factories import new_case
from tests.accounts.flow.runs import place, trace
from tests.accounts.flow.second_numbers import ACCOUNT, OTHER_ACCOUNT, Both, imported_both, preview_both
from tests.accounts.flow.statement_files import A, B, C, account_of
from tests.cast import World

pytestmark = pytest.mark.django_db

ROWS = [
    Both(B, "in", 500_00, 5, A, 500_00, serial="M1", number=ACCOUNT),
    Both(B, "out", 400_00, 60, C, 100_00, serial="M2", number=ACCOUNT),
]


def found(client: Any, word: str) -> str:
    return str(client.post(reverse("accounts:search"), {"q": word}).content.decode())


def test_the_search_leads_to_the_account_that_the_number_belongs_to(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    imported_both(world.analyst_a, case, ROWS)
    row = account_of(case, B)
    assert LedgerAccount.objects.filter(case=case).count() == 3, "the second number has no row of its own"
    text = found(log_in(world.analyst_a), f" {ACCOUNT[:4]} {ACCOUNT[4:]} ")
    assert f'href="/cases/{case.id}/flow/?from={row.node}"' in text
    assert case.number in text
    assert row.number is not None
    assert row.number.masked() in text
    assert B not in text
    assert ACCOUNT not in text
    assert f"?from={row.node}" in found(log_in(world.analyst_a), B)
    assert "href" not in found(log_in(world.analyst_a), OTHER_ACCOUNT)
    for someone in (world.analyst_b, world.risk_a, world.admin):
        assert "href" not in found(log_in(someone), ACCOUNT)
        assert not ledger_accounts_of_number(user=someone, text=ACCOUNT, most=6)


def test_others_claims_do_not_take_the_readers_place(world: World) -> None:
    case = new_case(world.analyst_a)
    imported_both(world.analyst_a, case, ROWS)
    file = SecondNumber.objects.get(case=case).file
    (second,) = indexes_of(ACCOUNT)
    SecondNumber.objects.filter(case=case).delete()
    SecondNumber.objects.bulk_create(
        SecondNumber(case_id=UUID(int=n), file=file, first=n.to_bytes(16, "big"), second=second) for n in range(1000)
    )
    mine = account_of(case, B)
    SecondNumber.objects.create(case=case, file=file, first=mine.number_index, second=second)
    with CaptureQueriesContext(connection) as seen:
        assert ledger_accounts_of_number(user=world.analyst_a, text=ACCOUNT, most=6) == [mine]
    assert len([each for each in seen if "accounts_ledgeraccount" in each["sql"]]) == 3


def test_what_is_not_committed_says_nothing(world: World) -> None:
    case = new_case(world.analyst_a)
    file = preview_both(world.analyst_a, case, ROWS)
    assert not ledger_accounts_of_number(user=world.analyst_a, text=ACCOUNT, most=6)
    with db.unit_of_work(world.analyst_a):
        statement_discard(by=world.analyst_a, file_id=file.pk)
    assert not ledger_accounts_of_number(user=world.analyst_a, text=ACCOUNT, most=6)


def test_the_panel_tells_it_masked(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    imported_both(world.analyst_a, case, ROWS)
    row, payer = account_of(case, B), account_of(case, A)
    assert second_numbers(row) == [f"{ACCOUNT[:4]} **** {ACCOUNT[-4:]}"]
    assert second_numbers(payer) == []
    entry = LedgerEntry.objects.get(case=case, dst=row.node)
    edge = {
        "entry": entry.pk, "src": payer.node, "dst": row.node, "hop": 1, "amount": 500_00, "at": entry.out_at.isoformat(),
        "is_return": False,
    }  # fmt: skip
    nodes = [place(payer.node, 0, 0, 500_00, "passed"), place(row.node, 1, 500_00, 0, "resting", 5)]
    run = trace(world.analyst_a, case, [edge], nodes)
    body = log_in(world.analyst_a).get(f"/flow/{run.id}/nodes/{row.node}/").content.decode()
    assert "Further numbers" in body
    assert f"{ACCOUNT[:4]} **** {ACCOUNT[-4:]}" in body
    assert ACCOUNT not in body
