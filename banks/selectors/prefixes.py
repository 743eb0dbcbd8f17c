"""Which bank a number or a pasted name may mean: hints for the officer, never facts (domain.md §6)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from banks.models import BankName, CardPrefix, Institution
from banks.rules.card_prefixes import MAX_PREFIX, MIN_PREFIX, PrefixRow, PrefixTable
from banks.rules.institution_names import NameReader
from banks.selectors.institutions import executing_institutions

HIGH, MEDIUM = 0.8, 0.3  # one bank alone at a prefix and of fitting length has 0.9, two share it
Bank = tuple[Institution | None, str, str, str]


def confidence_word(confidence: float) -> str:
    """One of "high", "medium" or "low", the words of the pill."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def bank_candidates(number: str) -> list[Bank]:
    """(institution or None, bank code, name, confidence word), the likeliest of the longest prefix first."""
    return banks_of_numbers([number])[number]


def banks_of_numbers(numbers: Iterable[str]) -> dict[str, list[Bank]]:
    """Candidates for many normalised numbers in three statements, whatever their count.

    A bank is named once, with its best confidence; institutions that do not take part are None.
    """
    wanted = set(numbers)
    prefixes = {n[:length] for n in wanted for length in range(MIN_PREFIX, MAX_PREFIX + 1) if len(n) >= length}
    stored = CardPrefix.objects.filter(prefix__in=prefixes)
    table = PrefixTable.build(
        PrefixRow(*row) for row in stored.values_list("prefix", "bank_code", "card_kind", "number_length")
    )
    found = {number: _best(table, number) for number in wanted}
    codes = {code for banks in found.values() for code in banks}
    names = _names(codes)
    institutions = {i.bank_code: i for i in _heads().filter(bank_code__in=codes)} if codes else {}
    return {
        number: [(institutions.get(c), c, names.get(c, c), confidence_word(value)) for c, value in banks.items()]
        for number, banks in found.items()
    }


def _best(table: PrefixTable, number: str) -> dict[str, float]:
    """Confidence by bank: the kinds of card of one bank do not compete with each other."""
    best: dict[str, float] = {}
    for candidate in table.candidates(number):
        best[candidate.bank_code] = best.get(candidate.bank_code, 0.0) + candidate.confidence
    return best


def _names(codes: set[str]) -> dict[str, str]:
    """The first (longest known) name of each code."""
    if not codes:
        return {}
    rows = BankName.objects.filter(bank_code__in=codes).order_by("id").values_list("bank_code", "name")
    names: dict[str, str] = {}
    for code, name in rows:
        names.setdefault(code, name)
    return names


def _heads() -> QuerySet[Institution]:
    return executing_institutions().filter(parent__isnull=True)


def institution_by_text(text: str) -> Institution | None:
    """The institution that a pasted text names (code, name in either language, or a known name of its bank), else None."""
    return institutions_by_text([text])[text]


def institutions_by_text(texts: Iterable[str]) -> dict[str, Institution | None]:
    """The same for many texts in two statements. A name that could mean two institutions means none."""
    wanted = set(texts)
    known = {institution.pk: institution for institution in executing_institutions().select_related("parent")}
    by_code = {i.bank_code: pk for pk, i in known.items() if i.bank_code and i.parent_id is None}
    names = [(text, pk) for pk, i in known.items() for text in (i.code, i.name, i.name_zh)]
    names += list(by_code.items())
    aliases = BankName.objects.filter(bank_code__in=by_code).values_list("bank_code", "name")
    names += [(name, by_code[code]) for code, name in aliases]
    reader = NameReader(names)
    found = {text: reader.find(text) for text in wanted}
    return {text: known[pk] if pk is not None else None for text, pk in found.items()}
