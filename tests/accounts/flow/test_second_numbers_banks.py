"""Numbers of two institutions are never one account, and a bank's view does not cross to another's."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import LedgerAccount, SecondNumber
from accounts.selectors.flow_bank import bank_flow
from tests.accounts.factories import new_case
from tests.accounts.flow.second_numbers import ACCOUNT, BOTH, Both, imported_both
from tests.accounts.flow.statement_files import A, B, Line, account_of, commit, csv_file, imported, receive, work
from tests.accounts.flow.test_flow_bank import ordered  # noqa: F401
from tests.cast import World

pytestmark = pytest.mark.django_db
ROWS = [Both(B, "in", 5_00, 5, A, 5_00, serial="M1", number=ACCOUNT)]


@pytest.mark.parametrize("is_second_first", [True, False])
def test_a_file_does_not_join_what_two_banks_keep(world: World, is_second_first: bool) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    own = [Line(ACCOUNT, "out", 1_00, 0, serial="S1")]
    if is_second_first:
        imported(by, case, own, institution=world.bank_b)
    imported_both(by, case, ROWS, institution=world.bank_a)
    if not is_second_first:
        imported(by, case, own, institution=world.bank_b)
    second = account_of(case, ACCOUNT)
    assert (second.main, second.institution_id) == (None, world.bank_b.pk)
    assert account_of(case, B).main is None


def test_a_payment_institutions_file_teaches_nothing(world: World) -> None:
    case = new_case(world.analyst_a)
    world.bank_a.kind = "payment"
    world.bank_a.save(update_fields=["kind"])
    imported_both(world.analyst_a, case, ROWS, institution=world.bank_a)
    assert not SecondNumber.objects.filter(case=case).exists()


@pytest.mark.parametrize(("kind", "is_kept"), [("payment", False), ("bank", True)])
def test_the_card_beside_a_wallet_is_not_the_wallets(world: World, kind: str, is_kept: bool) -> None:
    """A wallet's reply lists its rows under the card that fills the wallet: which bank's card it is, nobody has said."""
    case, by = new_case(world.analyst_a), world.analyst_a
    world.bank_a.kind = kind
    world.bank_a.save(update_fields=["kind"])
    imported_both(by, case, ROWS, institution=world.bank_a)
    assert account_of(case, B).institution_id == (world.bank_a.pk if is_kept else None)
    imported(by, case, [Line(B, "out", 1_00, 9, serial="K1")], institution=world.bank_b)
    assert account_of(case, B).institution_id == (world.bank_a.pk if is_kept else world.bank_b.pk)


def test_the_wallet_itself_is_kept_by_its_institution(world: World) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    world.bank_a.kind = "payment"
    world.bank_a.save(update_fields=["kind"])
    imported(by, case, [Line(ACCOUNT, "in", 5_00, 5, A, serial="M1")], institution=world.bank_a)
    assert account_of(case, ACCOUNT).institution_id == world.bank_a.pk


@pytest.mark.parametrize(("heading", "taught"), [("支付宝账户", 0), ("账户", 1)])
def test_a_wallet_beside_a_card_is_another_institutions(world: World, heading: str, taught: int) -> None:
    case, by = new_case(world.analyst_a), world.analyst_a
    file = receive(by, case, csv_file(ROWS, headings=(*BOTH[:-1], heading)))
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    commit(by, file)
    assert SecondNumber.objects.filter(case=case).count() == taught


def test_a_bank_sees_nothing_of_another_banks_number(world: Any, ordered: Any) -> None:  # noqa: F811
    case, account = ordered
    before = bank_flow(user=world.risk_a, account_id=account.id)
    LedgerAccount.objects.filter(pk=case.made.account["aunt"].pk).update(
        number_index=bytes(account.number_index)[::-1],
        institution=world.bank_a,
        account=account,
        main=case.node("second"),
    )
    assert account_of(case.case, "6217001111222233334").institution_id == world.bank_b.pk
    assert bank_flow(user=world.risk_a, account_id=account.id) == before
