"""Strict normal forms: the spellings of one account, name, phone or id number become one text."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

_INTERPUNCTS = re.compile(r"\s*[·•・‧∙⋅●᛫⸱]\s*")
_INTERPUNCT = "·"
_SPACES = re.compile(r"\s+")
_CJK = r"⺀-鿿豈-﫿\U00020000-\U0003ffff"
_SPACE_IN_CJK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_ADDRESS_SIGNS = frozenset("@._+-")


def normal_account(text: str) -> str:
    """ASCII letters (upper case) and digits alone: spaces, dashes, full-width forms, invisible characters go.

    A wallet's account may be a mail address or hold an underscore: the signs that tell two apart stay.
    The empty text where nothing is left.
    """
    folded = _ascii_digits(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper()))
    signs = _ADDRESS_SIGNS if "@" in folded else frozenset("_")
    return "".join(char for char in folded if char.isascii() and (char.isalnum() or char in signs))


def normal_id_number(text: str) -> str:
    """ASCII letters (upper case) and digits alone; brackets of Hong Kong numbers and all spacing vanish."""
    folded = _ascii_digits(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper()))
    return "".join(char for char in folded if char.isascii() and char.isalnum())


def normal_name(text: str) -> str:
    """NFKC, case folded, one kind of interpunct, single spaces and none inside of a Chinese name."""
    before, name = "", text
    # Folding and NFKC can undo each other once; a fixed point is what makes the form stable.
    while name != before:
        before = name
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        name = "".join(char for char in name if char.isspace() or unicodedata.category(char) not in {"Cf", "Cc", "Mn"})
        name = _INTERPUNCTS.sub(_INTERPUNCT, name)
        name = _SPACE_IN_CJK.sub("", _SPACES.sub(" ", name)).strip()
    return name


def normal_phone(text: str, *, region: str = "CN") -> str:
    """E.164 (`+8613812345678`); of `region` where no country is named. Raises ValueError for no number."""
    folded = unicodedata.normalize("NFKC", text)
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    try:
        number = phonenumbers.parse(visible, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number") from error
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
