"""A pasted line while it is put together: its fields, and what is wrong or odd about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from accounts.rules.numbers import read_number
from accounts.rules.paste.lines import PastedLine
from accounts.rules.paste.moments import Moment, as_utc
from accounts.rules.paste.pieces import Piece
from accounts.rules.setting import Setting
from antifraud.problems import Param, Problem

_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class Draft:
    """`settled` names the fields that were read, rightly or wrongly, and are not to be looked for any
    more.
    """

    number: str = ""
    bank_text: str = ""
    name: str = ""
    amount_minor: int | None = None
    amount_text: str = ""
    currency: str = ""
    moment: Moment | None = None
    settled: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def block(self, name: str, code: str, **params: Param) -> None:
        """Note what blocks the line."""
        self.problems.append(Problem(code, params, field=name))

    def tell(self, name: str, code: str, **params: Param) -> None:
        """Note, once, what should be looked at."""
        warning = Problem(code, params, field=name, severity="warning")
        if warning not in self.warnings:
            self.warnings.append(warning)

    def set_number(self, text: str) -> None:
        """The number out of text that is meant to be one."""
        reading = read_number(text)
        self.settled.add("number")
        self.number = reading.number
        for code in reading.problems:
            self.block("number", "number_missing" if code == "number_empty" else code)
        for code in reading.warnings:
            self.tell("number", code)

    def set_amount(self, piece: Piece | None) -> None:
        """The amount out of a piece; None stands for text that is no amount."""
        self.settled.add("amount")
        if piece is None:
            self.block("amount", "amount_not_a_number")
        elif piece.problem is not None:
            self.problems.append(piece.problem)
        elif piece.amount_minor is None or piece.amount_minor <= 0:
            self.block("amount", "amount_not_positive")
        else:
            self.amount_minor, self.currency = piece.amount_minor, piece.currency
            self.amount_text = piece.text

    def set_moment(self, moment: Moment | None) -> None:
        """The time; None stands for text that is no time."""
        self.settled.add("time")
        if moment is None or moment.broken:
            self.block("time", "time_bad")
        else:
            self.moment = moment

    def finished(self, line_no: int, raw: str, setting: Setting) -> PastedLine:
        """The line as a value, after saying what is odd about its time."""
        at = as_utc(self.moment, setting) if self.moment is not None else None
        if self.moment is not None:
            for code, odd in (
                ("time_no_date", self.moment.day is None),
                ("time_date_only", self.moment.clock is None),
                ("time_year_assumed", self.moment.year_assumed),
                ("time_in_future", at is not None and at > setting.now + _CLOCK_SKEW),
            ):
                if odd:
                    self.tell("time", code)
        return PastedLine(
            line_no=line_no,
            raw=raw,
            number=self.number,
            bank_text=self.bank_text,
            name=self.name,
            amount_minor=self.amount_minor,
            currency=self.currency,
            at=at,
            problems=tuple(self.problems),
            warnings=tuple(self.warnings),
        )
