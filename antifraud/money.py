"""Money as whole minor units with an ISO 4217 currency: read, write and bound it; no exchange rates here."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext

from antifraud.plain_text import fold
from antifraud.problems import Param

# One amount: ten million million yuan, far beyond any payment. Thousands of them add up within PostgreSQL's bigint, and
# every program that reads JSON numbers as doubles still has them exactly (below 2**53).
MAX_MINOR = 10**15
_MAX_TEXT = 64
_PRECISION = 120  # digits kept in between, so that no step can round

MESSAGES: dict[str, str] = {
    "amount_empty": "The amount is empty. Enter a number such as 1,234.56.",
    "amount_not_a_number": "The amount is not a number that can be read. Write it like 1234.56, 1,234.56 or 5万.",
    "amount_bad_grouping": "The commas in the amount do not separate groups of three digits. Write it like 1,234.56.",
    "amount_too_precise": "The amount has more than {digits} decimal places, which {currency} does not have. "
    "Round it to the smallest unit.",
    "amount_out_of_range": "The amount is larger than this platform can hold. Check the number of digits.",
    "amount_other_currency": "The amount is written in {found} but {currency} is expected here. "
    "Choose the right currency.",
    "currency_unknown": "The currency is not an ISO 4217 code. Use three letters such as CNY.",
}

# ISO 4217 active codes by number of decimal places; every code that is absent is refused, never guessed.
_BY_EXPONENT: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
    "MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
    "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS "
    "UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: dict[str, int] = {code: digits for digits, codes in _BY_EXPONENT.items() for code in codes.split()}

# A mark stands before or after the digits; the longest is tried first, so that "HK$" is not taken for "$".
_MARKS_OF: dict[str, str] = {
    "CNY": "人民币 RMB CNH 元整 元 圆 块钱 块",
    "HKD": "港币 港元 HK$",
    "USD": "美元 美金 US$",
    "EUR": "欧元 €",
    "JPY": "日元",
    "GBP": "英镑 £",
    "RUB": "卢布",
    "INR": "₹",
    "THB": "฿",
    "BRL": "R$",
    "SGD": "S$",
}
_MARKS: dict[str, str] = {mark: code for code, marks in _MARKS_OF.items() for mark in marks.split()}
_SHARED_MARKS: dict[str, frozenset[str]] = {
    "¥": frozenset({"CNY", "JPY"}),
    "$": frozenset({"USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD", "MXN"}),
}
_ALL_MARKS = sorted([*_MARKS, *_SHARED_MARKS, *EXPONENTS], key=len, reverse=True)
_UNITS: dict[str, int] = {"亿": 8, "億": 8, "万": 4, "萬": 4, "W": 4, "千": 3, "K": 3}
_NAMES_ZH: dict[str, str] = {
    "CNY": "元",
    "USD": "美元",
    "HKD": "港元",
    "EUR": "欧元",
    "JPY": "日元",
    "GBP": "英镑",
}

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_COMMAS = re.compile(r"[0-9.,]*[0-9][0-9.,]*")
_UNIT_PART = re.compile(r"([0-9][0-9,.]*) ?([亿億万萬W千K]) ?")


class MoneyError(ValueError):
    """An amount or currency that cannot be taken; `code` is a key of MESSAGES, `params` fill it."""

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(MESSAGES[code].format(**params))
        self.code = code
        self.params = params


def exponent(currency: str) -> int:
    """Number of decimal places of an ISO 4217 code. Raises MoneyError(currency_unknown)."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError("currency_unknown") from None


def to_minor(value: str | Decimal | int, currency: str) -> int:
    """Amount in major units (text, Decimal or whole number) -> minor units, exactly; nothing is ever rounded.

    Text may carry full-width digits, thousands separators, currency marks at both ends (¥ 元 RMB US$ …),
    one of the units 万 亿 千 w k, and descending Chinese units ("1亿2000万", "3万5000元"). Raises MoneyError.
    """
    if isinstance(value, bool | float):
        raise TypeError("money is text, Decimal or int, never a float")
    places = exponent(currency)
    amount = _read_text(value, currency) if isinstance(value, str) else Decimal(value)
    if not amount.is_finite():
        raise MoneyError("amount_not_a_number")
    return _scaled(amount, places, currency)


def from_minor(minor: int, currency: str) -> Decimal:
    """Minor units -> major units, exactly, with the currency's decimal places (5 fen -> 0.05 CNY)."""
    digits = tuple(int(d) for d in str(abs(minor)))
    return Decimal((int(minor < 0), digits, -exponent(currency)))


def format_minor(minor: int, currency: str, lang: str = "en") -> str:
    """Amount for people, with thousands separators: "CNY 1,234.56"; in Chinese (lang zh…) "1,234.56 元"."""
    places = exponent(currency)
    whole, rest = divmod(abs(minor), 10**places)
    number = f"{'-' if minor < 0 else ''}{whole:,}{f'.{rest:0{places}}' if places else ''}"
    if lang.lower().startswith("zh"):
        return f"{number} {_NAMES_ZH.get(currency, currency)}"
    return f"{currency} {number}"


def marked_currency(text: str) -> str | None:
    """The currency that a mark in the text names beyond doubt ("500美元" -> "USD"), else None."""
    if len(text) > _MAX_TEXT:
        return None
    exact = {mark for mark in _split_marks(_plain_text(text))[1] if mark not in _SHARED_MARKS}
    named = {_MARKS.get(mark, mark) for mark in exact}
    return named.pop() if len(named) == 1 else None


def _read_text(text: str, currency: str) -> Decimal:
    plain = _plain_text(text)
    if not plain:
        raise MoneyError("amount_empty")
    if len(plain) > _MAX_TEXT:
        raise MoneyError("amount_not_a_number")
    body, marks = _split_marks(plain)
    for mark in marks:
        meant = _SHARED_MARKS.get(mark, frozenset({_MARKS.get(mark, mark)}))
        if currency not in meant:
            raise MoneyError("amount_other_currency", found=mark, currency=currency)
    if not body:
        raise MoneyError("amount_not_a_number")
    negative = body[0] in "-−"
    unsigned = body[1:].lstrip() if body[0] in "+-−" else body
    with localcontext(prec=_PRECISION):
        amount = _with_units(unsigned)
        return -amount if negative else amount


def _plain_text(text: str) -> str:
    """Bounded, folded (full-width digits, ￥, ，) and in capitals, since marks and codes are."""
    if len(text) > _MAX_TEXT * 4:
        raise MoneyError("amount_not_a_number")
    return fold(text).upper().strip()


def _split_marks(text: str) -> tuple[str, list[str]]:
    """Strip the currency marks at both ends; a sign may stand before ("-¥500") or after ("¥-500")."""
    sign = text[0] if text[:1] and text[0] in "+-−" else ""
    body = text[len(sign) :].strip()
    marks: list[str] = []
    while len(marks) < 4 and not (body[:1].isdigit() and body[-1:].isdigit()):
        mark = next((m for m in _ALL_MARKS if body.startswith(m) or body.endswith(m)), None)
        if mark is None:
            break
        marks.append(mark)
        body = (body[len(mark) :] if body.startswith(mark) else body[: -len(mark)]).strip()
    return (sign + body if body else body), marks


def _with_units(body: str) -> Decimal:
    """Read 3.2万, 1亿2000万, 3万5000: units get smaller, decimals stand only in the last part.

    Digits after the last unit must fill it: "3万5" is said for 35,000 and written for 30,005.
    """
    total, room, at = Decimal(0), None, 0
    while part := _UNIT_PART.match(body, at):
        power = _UNITS[part[2]]
        number = _number(part[1])
        if room is not None and (power >= room or number >= Decimal(10) ** (room - power)):
            raise MoneyError("amount_not_a_number")
        total += number.scaleb(power)
        room, at = power, part.end()
        if "." in part[1] and at < len(body):
            raise MoneyError("amount_not_a_number")
    rest = body[at:]
    if room is None:
        return _number(rest)
    if rest:
        if len(rest.split(".")[0]) != room:
            raise MoneyError("amount_not_a_number")
        total += _number(rest)
    return total


def _number(text: str) -> Decimal:
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _GROUPED.fullmatch(text):
        return Decimal(text.replace(",", ""))
    only_commas = "," in text and _COMMAS.fullmatch(text)
    raise MoneyError("amount_bad_grouping" if only_commas else "amount_not_a_number")


def _scaled(amount: Decimal, places: int, currency: str) -> int:
    if not amount:
        return 0
    if amount.adjusted() > 20:
        raise MoneyError("amount_out_of_range")
    sign, digits, power = amount.as_tuple()
    whole, shift = int("".join(map(str, digits))), int(power) + places
    if shift >= 0:
        minor, rest = whole * int(10**shift), 0
    elif -shift <= len(digits):
        minor, rest = divmod(whole, int(10**-shift))
    else:
        minor, rest = 0, whole
    if rest:
        raise MoneyError("amount_too_precise", digits=places, currency=currency)
    if minor > MAX_MINOR:
        raise MoneyError("amount_out_of_range")
    return -minor if sign else minor
