"""Which payment that the case has already a told credit of a watched account tells of; taking new credits is in `watches`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from accounts.models import InvolvedAccount, LedgerAccount, LedgerEntry, Order, Transfer, WatchCredit
from accounts.rules.numbers import read_number
from accounts.rules.pairing import WINDOW
from accounts.selectors.identity import accounts_meant, index_of, indexes_of, root_id, root_of
from accounts.selectors.watches import SOURCE
from antifraud import db
from banks.models import User

if TYPE_CHECKING:
    from accounts.services.watches import Credit

_WINDOW = timedelta(microseconds=WINDOW)  # as between two banks' statements: both tell what their books say
_SECOND = timedelta(seconds=1)
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('watch.credits|' || %s::text || '|' || %s::text, 0))"


def credits_hold(order: Order, account: InvolvedAccount) -> None:
    """One telling at a time for an account of a case, until the unit of work ends: two orders may have it watched at once."""
    with connection.cursor() as cursor:
        cursor.execute(_TURN, [order.case_id, account.pk])


def credits_known(order: Order, account: InvolvedAccount, told: Mapping[int, Credit]) -> dict[int, Transfer]:
    """For credits of the account, by their place in what was told: the transfer of the case that each tells of.

    Of the same amount within ten minutes, of the same payer or one that one side does not know; one to one, the nearest
    first, so that a second equal credit is a second payment. Of a row of the account's own statement the bank tells the
    time of its books: where a side does not know the payer, it agrees to the second. What credits have been told of before is left out: a
    statement's row that no transfer stands for finds its credit in the ledger itself (`ledger.told`).
    """
    rows = Transfer.objects.filter(
        case=order.case_id, to_account=account, at__isnull=False, credit_met__isnull=True,
        amount_minor__in={credit.amount_minor for credit in told.values()},
    ).exclude(source=SOURCE)  # fmt: skip
    known = list(rows.select_related("from_account__merged_into"))
    entries = {entry.transfer_id: entry for entry in LedgerEntry.objects.filter(transfer__in=known)}
    numbers = _payers(order.case_id, entries.values())
    ranked: list[tuple[tuple[bool, timedelta, int, UUID], Transfer]] = []
    for at, credit in told.items():
        for transfer in known:
            entry = entries.get(transfer.pk)
            apart = _apart(credit.at, transfer, entry)
            is_same = (transfer.amount_minor, transfer.currency) == (credit.amount_minor, credit.currency)
            payer = _payer(credit, transfer, numbers.get(entry.src or 0) if entry else None)
            if is_same and apart <= _window(payer, entry) and payer is not False:
                ranked.append(((payer is None, apart, at, transfer.pk), transfer))
    found: dict[int, Transfer] = {}
    taken: set[UUID] = set()
    for rank, transfer in sorted(ranked, key=lambda row: row[0]):
        if rank[2] not in found and transfer.pk not in taken:
            found[rank[2]] = transfer
            taken.add(transfer.pk)
    return found


def credit_met(order: Order, credit: Credit, transfer: Transfer, *, by: User) -> None:
    """Note that the bank has told of this transfer."""
    WatchCredit.objects.create(
        order=order, transfer=transfer, at=credit.at, reference=credit.reference.strip(), payer_index=_index(credit),
        told_by=by, told_at=db.require_unit_of_work().now,
    )  # fmt: skip


def was_told(order: Order, account: InvolvedAccount, credit: Credit, payers: set[UUID]) -> bool:
    """Whether the same was told before: of one payer, to the second and the cent, with the same reference."""
    same = Transfer.objects.filter(
        case=order.case_id, to_account=account, amount_minor=credit.amount_minor, currency=credit.currency
    )
    reference = credit.reference.strip()
    made = same.filter(at=credit.at, reference=reference, source=SOURCE).select_related("from_account__merged_into")
    if any(is_payer(row.from_account, credit, payers) for row in made):
        return True
    met = same.filter(credit_met__at=credit.at, credit_met__reference=reference)
    return any(_is_told_payer(index, credit, payers) for index in met.values_list("credit_met__payer_index", flat=True))


def is_payer(known: InvolvedAccount | None, credit: Credit, payers: set[UUID]) -> bool:
    """Whether the credit names this payer, or like it none; a bank that is not known is no other bank."""
    if known is None or not credit.number.strip():
        return known is None and not credit.number.strip()
    bank = root_of(known).institution_id
    return root_id(known) in payers and (credit.institution is None or bank in {None, credit.institution.id})


def _index(credit: Credit) -> bytes | None:
    return index_of(read_number(credit.number).number) if credit.number.strip() else None


def _is_told_payer(index: bytes | memoryview | None, credit: Credit, payers: set[UUID]) -> bool:
    """Whether a credit told with this payer and this one name the same, or both none: by number, or by one account's two."""
    if index is None or not credit.number.strip():
        return index is None and not credit.number.strip()
    return bytes(index) == _index(credit) or bool(accounts_meant({bytes(index)}) & payers)


def _window(payer: bool | None, entry: LedgerEntry | None) -> timedelta:
    return _SECOND if payer is None and entry is not None and entry.in_line_id is not None else _WINDOW


def _payers(case_id: UUID, entries: Iterable[LedgerEntry]) -> dict[int, bytes]:
    """The payers' numbers by node, as the ledger has them."""
    nodes = {entry.src for entry in entries if entry.src is not None}
    accounts = LedgerAccount.objects.filter(case=case_id, node__in=nodes)
    return {node: bytes(index) for node, index in accounts.values_list("node", "number_index")}


def _payer(credit: Credit, transfer: Transfer, number: bytes | None) -> bool | None:
    """Whether the payer is the same; None where one side does not know it. `number`: who pays by the ledger."""
    if not credit.number.strip() or (transfer.from_account is None and number is None):
        return None
    indexes = indexes_of(credit.number)
    if transfer.from_account is None:
        return number in {bytes(index) for index in indexes}
    return is_payer(transfer.from_account, credit, accounts_meant(indexes))


def _apart(at: datetime, transfer: Transfer, entry: LedgerEntry | None) -> timedelta:
    times = [] if transfer.at is None else [transfer.at]
    times += [entry.in_at, entry.out_at] if entry is not None else []
    return min(abs(at - each) for each in times)
