"""Fill the card-prefix table and the names of its banks; reading them is in `selectors.prefixes`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from antifraud import policy
from antifraud.audit import diary
from banks.models import BankName, CardPrefix, User
from banks.policy import Action
from banks.rules.bank_names import NameRow
from banks.rules.card_prefixes import PrefixRow


@dataclass(frozen=True)
class Imported:
    """How many rows are new, and what the table holds now."""

    new: int
    rows: int
    distinct: int


def prefixes_import(*, by: User, rows: Iterable[PrefixRow]) -> Imported:
    """Add rows; those that are there already stay, conflicting ones stand side by side as candidates."""
    policy.require(by, Action.INSTITUTION_CREATE)
    before = CardPrefix.objects.count()
    made = [
        CardPrefix(prefix=r.prefix, bank_code=r.bank_code, card_kind=r.card_kind, number_length=r.length) for r in rows
    ]
    CardPrefix.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
    prefixes = list(CardPrefix.objects.values_list("prefix", flat=True))
    found = Imported(len(prefixes) - before, len(prefixes), len(set(prefixes)))
    diary.record("prefix.import", by=by, object_type="cardprefix", detail={"new": found.new, "rows": found.rows})
    return found


def bank_names_import(*, by: User, rows: Iterable[NameRow]) -> int:
    """Add names; returns how many are new."""
    policy.require(by, Action.INSTITUTION_CREATE)
    before = BankName.objects.count()
    made = [BankName(bank_code=row.bank_code, name=row.name) for row in rows]
    BankName.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
    new = BankName.objects.count() - before
    diary.record("bank_name.import", by=by, object_type="bankname", detail={"new": new})
    return new
