"""What must never be taken in: passwords, PINs, security codes, one-time codes (R20, C3 of JR/T 0171)."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from antifraud.errors import Invalid

_CHINESE_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
# Between a label and its value: a few joining words or signs, never a whole clause.
_JOIN = r"(?:\s|[:=\-#\"'(\[]|是|为|码|号|was|is|number|code|no\.?){0,6}"
_DIGITS = r"(?<!\d)(?:\d[ \-]?){{{least},{most}}}(?!\d)"
_CODE_LABELS = (
    r"验证码|校验码|动态码|短信码|安全码|密码|口令"
    r"|(?<![a-z])(?:cvv2?|cvc2?|cvn2?|pin|otp"
    r"|(?:one[- ]time|verification|security) code|(?:one[- ]time )?password|passcode)"
)
_WORDS = r"密码|口令|(?<![a-z])(?:password|passwd|passcode|pwd)"
_CODE = re.compile(rf"(?:{_CODE_LABELS}){_JOIN}{_DIGITS.format(least=3, most=8)}")
_WORD = r"[\x21-\x7e]"
# "密码是hunter" and "password: hunter" name a value; after "is" and "was" a word needs a digit or a sign to be one.
_PASSWORD = re.compile(
    rf"(?:{_WORDS})\s?(?:(?:[:=]|是|为)\s?{_WORD}{{4}}|(?:is|was)\s{_WORD}{{0,32}}[\d!@#$%^&*]{_WORD})"
    rf"|(?:{_WORDS})\s?(?={_WORD}{{4}})(?={_WORD}{{0,64}}[a-z]){_WORD}{{0,64}}\d"
)


def reject_forbidden(text: str, *, field: str = "text") -> None:
    """Raise Invalid (under `field`) where `text` holds a secret's label followed by something like its value.

    A story that only speaks of a code ("he asked for the 验证码") passes. The message does not repeat it.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_CHINESE_DIGITS)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    if _CODE.search(plain) or _PASSWORD.search(plain):
        raise Invalid(
            fields={field: [_("Passwords, PINs and one-time codes must not be stored. Remove them and try again.")]}
        )
