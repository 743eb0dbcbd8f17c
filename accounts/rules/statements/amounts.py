"""Amounts and currencies of statements -> minor units and ISO codes, exactly; nothing is rounded, never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence

from accounts.rules.statements.cell_numbers import minor_units
from accounts.rules.statements.cells import Cells
from accounts.rules.statements.memo import Fault, Memo
from accounts.rules.statements.plain_lines import column_text
from antifraud.money import EXPONENTS, MAX_MINOR, MoneyError, to_minor
from antifraud.plain_text import fold

_WORDS: dict[str, str] = {
    "CNY": "人民币 人民币元 RMB CNH 156 元 001 01 本币 人民币（元） 中国人民币 ￥ ¥ RENMINBI YUAN",
    "HKD": "港币 港元 344 013 13 HK$ 香港元",
    "USD": "美元 美金 840 014 14 US$",
    "EUR": "欧元 978 038 38 €",
    "JPY": "日元 日圆 392 027 27",
    "GBP": "英镑 826 012 12 £",
    "AUD": "澳大利亚元 澳元 036 029 29",
    "CAD": "加拿大元 加元 124 028 28",
    "CHF": "瑞士法郎 756 015 15",
    "SGD": "新加坡元 新元 702 018 18",
    "KRW": "韩元 韩国元 410",
    "RUB": "卢布 俄罗斯卢布 643 RUR",
    "THB": "泰铢 泰国铢 764",
    "MOP": "澳门元 澳门币 446",
    "TWD": "新台币 台币 901",
    "NZD": "新西兰元 554",
    "MYR": "林吉特 马来西亚林吉特 458",
    "PHP": "菲律宾比索 608",
    "VND": "越南盾 704",
    "KWD": "科威特第纳尔 414",
}
_CURRENCY: dict[str, str] = {fold(word).upper(): code for code, words in _WORDS.items() for word in words.split()}

_SIGNS = "+-−"
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '’][0-9]{3})+(?:[.,][0-9]{1,4})?")
_COMMA_DECIMAL = re.compile(r"([0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2}|[0-9]{4,8})")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E[+-]?[0-9]{1,3}")
_SIDE = re.compile(r"(.*[0-9.]) ?(CR|DR|C|D|借|贷)")
_OUT_SIDES = {"DR", "D", "借"}
_MAX_TEXT = 80
_MOST_DIGITS = 15  # in all: what has no more is below MAX_MINOR
# A column in which every cell is a plain number with the currency's decimal places, or empty: read in one go.
_PLAIN_COLUMN = {
    places: re.compile(
        rf"(?:(?:-?[0-9]{{1,{_MOST_DIGITS - places}}}" + (rf"\.[0-9]{{{places}}}" if places else "") + r")?\n)*+"
    )
    for places in set(EXPONENTS.values())
}


def currency_code(text: str) -> str | Fault:
    """ISO 4217 code of a word, number or code as banks write it; "" for an empty cell."""
    word = fold(text[:40]).strip().upper()
    if not word:
        return ""
    if word in EXPONENTS:
        return word
    if code := _CURRENCY.get(word):
        return code
    for part in re.split(r"[^A-Z]+", word):  # "CNY-人民币", "人民币(CNY)"
        if part in EXPONENTS:
            return part
    bare = re.sub(r"[^一-鿿]+", "", word)
    return _CURRENCY.get(bare) or Fault("currency_unknown")


class Amounts:
    """Reads the amounts of one currency; `memo[text]` -> minor units with their sign, or a Fault."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._places = EXPONENTS[currency]
        self._scale: int = 10**self._places
        self.memo: Memo[int | Fault] = Memo(self._read)

    def column(self, texts: Sequence[str]) -> list[int | Fault | None]:
        """All texts; None for an empty cell."""
        if isinstance(texts, Cells):
            found = minor_units(texts, self._places)
            if found is not None:
                values: list[int | Fault | None] = found[0].tolist()
                return values if found[1].all() else [v if f else None for v, f in zip(values, found[1], strict=True)]
            return [self.memo[text] if text else None for text in texts]
        joined = column_text(texts)
        if _PLAIN_COLUMN[self._places].fullmatch(joined):
            bare = (joined.replace(".", "") if self._places else joined).split("\n")
            bare.pop()
            return list(map(int, bare)) if all(bare) else [int(text) if text else None for text in bare]
        return [self.memo[text] if text else None for text in texts]

    def _read(self, text: str) -> int | Fault:
        whole, _, part = text.partition(".")
        if (
            whole.isdigit()
            and whole.isascii()
            and len(whole) <= _MOST_DIGITS - self._places
            and len(part) <= self._places
        ):
            if not part:
                return int(whole) * self._scale
            if part.isdigit() and part.isascii():
                return int(whole + part.ljust(self._places, "0"))
        return self._slow(text)

    def _slow(self, text: str) -> int | Fault:
        if len(text) > _MAX_TEXT:
            return Fault("amount_not_a_number")
        sign, body = _signed(fold(text).strip().upper())
        if not body:
            return Fault("amount_missing")
        if _SCIENTIFIC.fullmatch(body):
            return Fault("amount_not_a_number")
        try:
            minor: int = sign * to_minor(_plain(body), self._currency)
        except MoneyError as e:
            return Fault(e.code)
        return minor if abs(minor) <= MAX_MINOR else Fault("amount_out_of_range")


def _signed(text: str) -> tuple[int, str]:
    """(1 or -1, the rest) of -5, 5-, (5), 5 DR, 5借, ¥-5 stays for money.to_minor."""
    sign = 1
    if match := _SIDE.fullmatch(text):
        text, sign = match[1], -1 if match[2] in _OUT_SIDES else 1
    if text.startswith("(") and text.endswith(")"):
        return -sign, text[1:-1].strip()
    if text[:1] in _SIGNS and text:
        return (sign if text[0] == "+" else -sign), text[1:].strip()
    if text[-1:] in _SIGNS and text:
        return (sign if text[-1] == "+" else -sign), text[:-1].strip()
    return sign, text


def _plain(body: str) -> str:
    """Blanks and apostrophes between thousands, and a comma that can only be the decimal sign."""
    if _SPACED.fullmatch(body):
        body = re.sub(r"[ '’]", "", body)
        body = body.replace(",", ".")
    if match := _COMMA_DECIMAL.fullmatch(body):
        return f"{match[1].replace('.', '')}.{match[2]}"
    return body.removesuffix(".") if body[-2:-1].isdigit() else body
