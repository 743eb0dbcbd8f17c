"""What each word of a cell is: digits, number, amount, time, bank, name; which one is used is chosen
elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from accounts.rules.numbers import luhn_ok
from accounts.rules.paste.headings import without_label
from accounts.rules.paste.moments import Moment, read_moment
from accounts.rules.paste.splitting import words_of
from accounts.rules.paste.texts import split_texts
from accounts.rules.setting import Setting
from antifraud.money import MoneyError, marked_currency, to_minor
from antifraud.problems import Problem

Kind = Literal["digits", "number", "amount", "moment", "bank", "name", "noise"]

_NUMBER = re.compile(r"[0-9A-Z]{9,40}")
_LONG = re.compile(r"[0-9]{12}")
_GLUED = re.compile(r"[0-9]{7,}[WK]|[A-Z]{2,}[0-9]{9,}")
_DASHED = re.compile(r"[0-9]{2,8}(?:-[0-9]{2,8}){2,7}")
_EXCEL = re.compile(r"([0-9]{12,34})\.0+")
_SCIENTIFIC = re.compile(r"[0-9]\.[0-9]+E\+?[0-9]{1,3}")
_LONE_MARK_WORDS = "¥ $ € £ RMB CNY USD HKD EUR 元 万 万元 亿元 亿 千元 圆 块 人民币 美元 港币"
_LONE_MARKS = frozenset(_LONE_MARK_WORDS.split())


@dataclass(frozen=True, slots=True)
class Piece:
    """One recognised part. `text` is what was written; `doubtful` marks a grouping that could be read
    otherwise.
    """

    kind: Kind
    text: str
    amount_minor: int | None = None
    currency: str = ""
    moment: Moment | None = None
    problem: Problem | None = None
    doubtful: bool = False


def pieces_of(cell: str, setting: Setting) -> list[Piece]:
    """Pieces of one cell, in the order of writing. Linear in the length of the cell."""
    words = [word for word in map(without_label, words_of(cell)) if word]
    found: list[Piece] = []
    texts: list[str] = []
    at = 0
    while at < len(words):
        pieces, used = _next(words, at, setting)
        if used:
            found += _text_pieces(texts) + pieces
            texts = []
        else:
            texts.append(words[at])
        at += used or 1
    return found + _text_pieces(texts)


def amount_piece(text: str, setting: Setting) -> Piece | None:
    """An amount, in the currency of its mark or else of the setting; None when the text is no amount."""
    currency = marked_currency(text) or setting.currency
    try:
        return Piece("amount", text, amount_minor=to_minor(text, currency), currency=currency)
    except MoneyError as e:
        if e.code in {"amount_not_a_number", "amount_empty", "currency_unknown"}:
            return None
        return Piece("amount", text, problem=Problem(e.code, e.params, field="amount"))


def _next(words: list[str], at: int, setting: Setting) -> tuple[list[Piece], int]:
    """The pieces that begin at a word, and how many words they take; 0 = the word is plain text."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else ""
    for text, used in ((f"{word} {following}", 2), (word, 1)):
        moment = read_moment(text, setting) if following or used == 1 else None
        if moment is not None:
            return [Piece("moment", text, moment=moment)], used
    if following and (_marked(word, following) or _marked(following, word)):
        piece = amount_piece(word + following, setting)
        if piece:
            return [piece], 2
    if _is_digits(word):
        return _digit_pieces(words, at)
    single = _single(word, setting)
    return ([single], 1) if single else ([], 0)


def _marked(mark: str, amount: str) -> bool:
    """Whether one word is a currency or unit that stands alone and the other may be its amount."""
    return mark.upper() in _LONE_MARKS and amount[0].isdigit() and len(amount) <= 20 and not _LONG.match(amount)


def _single(word: str, setting: Setting) -> Piece | None:
    upper = word.upper()
    if match := _EXCEL.fullmatch(word):
        return Piece("digits", match[1])
    if _SCIENTIFIC.fullmatch(upper):
        return Piece("number", upper)
    if _DASHED.fullmatch(word):
        return Piece("digits", word.replace("-", ""))
    if not any(c.isdigit() for c in word):
        return None
    if not _GLUED.fullmatch(upper) and (piece := amount_piece(word, setting)):
        return piece
    if _NUMBER.fullmatch(upper) and sum(c.isdigit() for c in upper) >= 6:
        return Piece("number", upper)
    return None


def _digit_pieces(words: list[str], at: int) -> tuple[list[Piece], int]:
    """One number out of groups of digits, or the word as it stands."""
    run: list[str] = []
    for word, following in zip(words[at : at + 10], [*words[at + 1 : at + 10], ""], strict=False):
        if not _is_digits(word) or (run and following.upper() in _LONE_MARKS):
            break
        run.append(word)
    used, doubtful = _grouped(run)
    return [Piece("digits", "".join(run[:used]), doubtful=doubtful)], used


def _grouped(run: list[str]) -> tuple[int, bool]:
    """How many words of the run are one number, and whether another reading is as good.

    "6222 0212 3456 7890 123": three and more groups of four, the last may be shorter; where a longer
    tail and a shorter one are possible (a small amount may follow), the one that passes Luhn as a card
    counts, else the longest. "622202 1234567890123": a scheme's first six digits and the rest of a
    card.
    """
    fours = 0
    while fours < len(run) and len(run[fours]) == 4:
        fours += 1
    if fours >= 3:
        longest = fours + (fours < len(run) and len(run[fours]) < 4)
        cards = [n for n in range(3, longest + 1) if 15 <= len("".join(run[:n])) <= 19 and luhn_ok("".join(run[:n]))]
        chosen = cards[0] if len(cards) == 1 else longest
        sure = len(cards) == 1 and chosen == longest
        return chosen, not sure and (chosen < len(run) or longest > 5)
    if len(run) > 1 and 4 <= len(run[0]) <= 8:
        whole = run[0] + run[1]
        likely = run[0].startswith("62") or luhn_ok(whole)
        if len(run[1]) >= 8 and 15 <= len(whole) <= 19 and likely and not luhn_ok(run[1]):
            return 2, True
    return 1, False


def _text_pieces(words: list[str]) -> list[Piece]:
    return [Piece(kind, text) for kind, text in split_texts(words)]


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
