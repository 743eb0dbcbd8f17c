"""Which piece of a line becomes which field; what the pieces are was decided in `pieces`."""

from __future__ import annotations

from accounts.rules.numbers import MIN_LENGTH, read_number
from accounts.rules.paste.draft import Draft
from accounts.rules.paste.identity import looks_like_id
from accounts.rules.paste.moments import joined, read_compact
from accounts.rules.paste.pieces import Piece, amount_piece
from accounts.rules.setting import Setting

_LONG = 12  # digits of the shortest number that is no amount, phone or date
_MIDDLE = 9
_MAX_PLAIN_AMOUNT = 9


def choose(draft: Draft, pieces: list[Piece], *, ordinal: int, setting: Setting) -> None:
    """Fill the fields that are not settled yet from pieces in any order.

    The number first (see `_take_number`); then times and amounts that are marked as such; what is left
    of plain digits is a compact time, a row number (`ordinal` at the very beginning) or the amount, in
    this order.
    """
    rest = list(pieces)
    if rest and rest[0].kind == "digits" and len(rest[0].text) <= 3 and int(rest[0].text) == ordinal and rest[1:]:
        rest = rest[1:]
    if "number" not in draft.settled:
        _take_number(draft, rest)
    if "time" not in draft.settled:
        _take_time(draft, rest)
    _take_amount(draft, rest, setting)
    _take_texts(draft, rest)


def _take_number(draft: Draft, rest: list[Piece]) -> None:
    """The likeliest number is taken out of `rest`: 12 digits and more, or letters with digits; then
    what also reads like a time or an identity number; then 9 to 11 digits; then any 4 to 8.

    Two of the first kind are a problem: an order on the wrong one of them would hold a stranger's money.
    """
    for likely in (_surely_number, _maybe_number, _middle_number, _short_number):
        best = [piece for piece in rest if likely(piece)]
        if best:
            break
    else:
        draft.block("number", "number_missing")
        return
    chosen = best[0]
    draft.set_number(chosen.text)
    rest.remove(chosen)
    for code, odd in (
        ("number_grouping_assumed", chosen.doubtful or _as_likely(chosen, rest)),
        ("number_looks_like_time", chosen.kind == "digits" and read_compact(chosen.text) is not None),
        ("number_looks_like_id", looks_like_id(chosen.text)),
    ):
        if odd:
            draft.tell("number", code)
    others = [piece for piece in rest if _surely_number(piece)]
    if any(read_number(piece.text).number != draft.number for piece in others):
        draft.block("number", "two_numbers")
    rest[:] = [piece for piece in rest if piece not in others]


def _surely_number(piece: Piece) -> bool:
    if not _maybe_number(piece) or looks_like_id(piece.text):
        return False
    return piece.kind == "number" or read_compact(piece.text) is None


def _maybe_number(piece: Piece) -> bool:
    return piece.kind == "number" or (piece.kind == "digits" and len(piece.text) >= _LONG)


def _middle_number(piece: Piece) -> bool:
    return piece.kind == "digits" and len(piece.text) >= _MIDDLE


def _as_likely(chosen: Piece, rest: list[Piece]) -> bool:
    """Whether other plain digits of the line could be the number as well as these few."""
    return len(chosen.text) < _MIDDLE and any(_short_number(piece) for piece in rest)


def _short_number(piece: Piece) -> bool:
    return piece.kind == "digits" and len(piece.text) >= MIN_LENGTH


def _take_time(draft: Draft, rest: list[Piece]) -> None:
    """A whole date and time, else a date and a time of day from two places, else either alone."""
    moments = [piece.moment for piece in rest if piece.moment is not None]
    if not any(moment.day is not None and moment.clock is not None for moment in moments):
        for piece in [p for p in rest if p.kind == "digits"]:
            compact = read_compact(piece.text)
            if compact is not None:
                moments.append(compact)
                rest.remove(piece)
    if not moments:
        return
    whole = [m for m in moments if m.day is not None and m.clock is not None]
    days = [m for m in moments if m.day is not None and m.clock is None]
    clocks = [m for m in moments if m.day is None and m.clock is not None]
    if not whole and days and clocks:
        draft.set_moment(joined(days[0], clocks[0]))
        moments = moments[1:]
    else:
        draft.set_moment((whole or days or clocks or moments)[0])
    if len(moments) > 1:
        draft.tell("time", "second_time_ignored")


def _take_amount(draft: Draft, rest: list[Piece], setting: Setting) -> None:
    marked = [piece for piece in rest if piece.kind == "amount"]
    plain = [piece for piece in rest if piece.kind in {"digits", "number"}]
    if "amount" not in draft.settled:
        short = [piece for piece in plain if len(piece.text) <= _MAX_PLAIN_AMOUNT]
        if marked:
            draft.set_amount(marked.pop(0))
        elif short:
            draft.set_amount(amount_piece(short[0].text, setting))
            plain.remove(short[0])
    if marked:
        draft.tell("amount", "second_amount_ignored")
    if plain:
        draft.tell("", "cell_not_used")


def _take_texts(draft: Draft, rest: list[Piece]) -> None:
    names = [piece.text for piece in rest if piece.kind == "name"]
    if "bank" not in draft.settled:
        draft.bank_text = " ".join(dict.fromkeys(piece.text for piece in rest if piece.kind == "bank"))
    if "name" not in draft.settled and names:
        draft.name = names[0]
    if any(name != draft.name for name in names) or any(piece.kind == "noise" for piece in rest):
        draft.tell("", "cell_not_used")
