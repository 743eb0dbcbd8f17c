"""Which way a row's money went: by word, by sign, by the balances around it; rows that stay open are refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from accounts.rules.statements.batch import Batch
from accounts.rules.statements.cells import different
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.memo import Fault, Memo
from accounts.rules.statements.words import direction_of_kind, direction_word, is_coded

_VOTES = 2_000
_FLIP = {"in": "out", "out": "in"}

Key = tuple[str, str]
Steps = tuple[list[int | None], list[int | None]]


class Trail:
    """The balances of a stretch of rows in file order, per account and currency, with the last of the stretch before."""

    def __init__(self) -> None:
        self._before: dict[Key, int] = {}

    def steps(self, keys: Sequence[Key], balances: Sequence[int | None], times: Sequence[int]) -> Steps:
        """For each row its balance minus that of the row above, and minus that of the row below, of the same key.

        A file that is in order of time gives one of the two only; where the order cannot be told, both must agree.
        """
        pairs = [(a, b) for (k, a), (n, b) in pairwise(zip(keys, times, strict=True)) if k == n]
        order = sum(a < b for a, b in pairs) - sum(a > b for a, b in pairs)
        nothing: list[int | None] = [None] * len(keys)
        above = self._walk(range(len(keys)), keys, balances, dict(self._before)) if order >= 0 else nothing
        below = self._walk(range(len(keys) - 1, -1, -1), keys, balances, {}) if order <= 0 else nothing
        return above, below

    def remember(self, accounts: Sequence[str], currencies: Sequence[str], balances: Sequence[int | None]) -> None:
        """Carry the last balance of each account into the next stretch; at most 100,000 accounts are held."""
        if len(self._before) > 100_000:
            self._before.clear()
        if balances.count(None) == len(balances):
            return
        if None in balances:
            told = zip(zip(accounts, currencies, strict=True), balances, strict=True)
            self._before.update((key, balance) for key, balance in told if balance is not None)
        elif currencies.count(currencies[0]) == len(currencies):
            last = dict(zip(accounts, balances, strict=True))
            self._before.update({(account, currencies[0]): balance for account, balance in last.items()})  # type: ignore[misc]
        else:
            self._before.update(zip(zip(accounts, currencies, strict=True), balances, strict=True))  # type: ignore[arg-type]

    @staticmethod
    def _walk(
        order: range, keys: Sequence[Key], balances: Sequence[int | None], last: dict[Key, int]
    ) -> list[int | None]:
        steps: list[int | None] = [None] * len(keys)
        for at in order:
            balance = balances[at]
            if balance is None:
                continue
            before = last.get(keys[at])
            if before is not None:
                steps[at] = balance - before
            last[keys[at]] = balance
        return steps


class Directions:
    """Decides the direction of each row of one file; keeps what earlier rows taught about its signs and codes."""

    def __init__(self) -> None:
        self._words: Memo[str | Fault] = Memo(direction_word)
        self._trail = Trail()
        self._signed = False
        self._inverted: bool | None = None
        self._is_told = False

    def decide(self, chunk: Chunk, batch: Batch) -> list[str]:
        """ "in" or "out" per row ("" = refused, with its finding).

        The batch's amounts carry their signs, its directions what the columns for in and out say ("" = nothing).
        """
        texts, amounts = chunk.column("direction"), batch.amount
        words = batch.direction if texts is None else chunk.read("direction", texts, self._words, "?")
        self._signed = self._signed or (texts is None and any(amount < 0 for amount in amounts))
        if set(words) <= _FLIP.keys() and min(amounts, default=0) >= 0:
            open_rows = []
        elif _signs_repeat(words, amounts):
            open_rows = [at for at, word in enumerate(words) if word not in _FLIP]
        else:
            open_rows = [at for at, word in enumerate(words) if word not in _FLIP or amounts[at] < 0]
        coded = [at for at, text in enumerate(texts or ()) if is_coded(text)] if _any_coded(texts) else []
        steps: Steps = ([], [])
        if open_rows or (coded and self._inverted is None):
            keys = list(zip(batch.account, batch.currency, strict=True))
            steps = self._trail.steps(keys, batch.balance, batch.at_us)
        self._vote(chunk, coded, words, amounts, steps)
        for at in coded if self._inverted else ():
            words[at] = _FLIP.get(words[at], words[at])
        for at in open_rows:
            words[at] = self._settle(chunk, at, words[at], amounts[at], self._step(at, amounts[at], steps))
        self._trail.remember(batch.account, batch.currency, batch.balance)
        return words

    def _vote(self, chunk: Chunk, coded: list[int], words: list[str], amounts: Sequence[int], steps: Steps) -> None:
        """Institutions use 0 and 1 both ways round: the balances of the first rows tell which; what was done is said once."""
        if self._inverted is not None or not coded:
            return
        plain = turned = 0
        for at in coded[:_VOTES]:
            said = self._step(at, amounts[at], steps)
            plain += said == words[at]
            turned += said == _FLIP.get(words[at], "?")
        if plain or turned:
            self._inverted = turned > plain
        if self._inverted or not (plain or turned or self._is_told):
            chunk.doubt(coded[0], "direction", "direction_turned" if self._inverted else "direction_coded")
            self._is_told = True

    @staticmethod
    def _step(at: int, amount: int, steps: Steps) -> str:
        """What the balances say: "in", "out", or "" where they say nothing or two things."""
        size = abs(amount)
        said = {"in" if step > 0 else "out" for way in steps if (step := way[at]) is not None and abs(step) == size > 0}
        return said.pop() if len(said) == 1 else ""

    def _settle(self, chunk: Chunk, at: int, word: str, amount: int, by_balance: str) -> str:
        if word in _FLIP:  # the amount is negative
            if by_balance:
                return by_balance
            chunk.doubt(at, "amount", "amount_sign" if word == "out" else "amount_reversed")
            return "out"
        if word == "neutral":
            return self._neutral(chunk, at)
        if word == "?" or not amount:
            return ""
        if amount < 0:
            return "out"
        if (chunk.columns.get("amount") or ("",) * (at + 1))[at].lstrip().startswith(("+", "＋")):
            return "in"
        if by_balance:
            chunk.doubt(at, "direction", "direction_from_balance")
            return by_balance
        if self._signed and not chunk.column("direction"):
            return "in"
        chunk.fault(at, "direction", "direction_missing")
        return ""

    @staticmethod
    def _neutral(chunk: Chunk, at: int) -> str:
        kinds = chunk.columns.get("kind")
        summaries = chunk.columns.get("summary")
        said = direction_of_kind((kinds[at] if kinds else "") + " " + (summaries[at] if summaries else ""))
        if not said:
            chunk.fault(at, "direction", "direction_neutral", "left_out")
        return said


def _signs_repeat(words: Sequence[str], amounts: Sequence[int]) -> bool:
    """Whether every amount that goes out is negative and none that comes in: then the sign only repeats the word."""
    if not amounts or min(amounts) >= 0:
        return False
    return all((word == "out") == (amount < 0) for word, amount in zip(words, amounts, strict=True) if word in _FLIP)


def _any_coded(texts: Sequence[str] | None) -> bool:
    return texts is not None and any(map(is_coded, different(texts)))
