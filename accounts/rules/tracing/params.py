"""What limits a trace: direction, method, amounts, times, counts; reading them from a form's or program's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any

from antifraud.problems import Problem

RULE = 2  # the version of the stated rules (docs/fund-flow/tracing.md); another figure may give another result
FORWARD, BACKWARD = "forward", "backward"
FIFO, PRO_RATA, LIBR, REACH = "fifo", "pro_rata", "libr", "reach"
DIRECTIONS = (FORWARD, BACKWARD)
METHODS = (FIFO, PRO_RATA, LIBR, REACH)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000  # times are microseconds since EPOCH
BOUNDS = {
    "min_amount_minor": (0, 10**15),
    "window_seconds": (1, 10 * 366 * 86400),
    "max_hops": (1, 50),
    "max_edges": (1, 5000),
    "hub_entries": (1, 100_000),
}


class ParamsError(ValueError):
    """Limits or seeds that cannot be taken; each problem names its field, codes are keys of MESSAGES."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Params:
    """The limits of domain.md §5. Amounts in minor units, the window in seconds from an arrival to the payment onwards.

    `hub_entries`: an account with more payments than that in the stretch that a trace asks for is not followed.
    """

    direction: str = FORWARD
    method: str = FIFO
    min_amount_minor: int = 20_000
    window_seconds: int = 86_400
    max_hops: int = 10
    max_edges: int = 500
    hub_entries: int = 5_000
    until: datetime | None = None

    @property
    def window(self) -> int:
        """The hop window in microseconds."""
        return self.window_seconds * SECOND

    def as_dict(self) -> dict[str, Any]:
        """As JSON, `until` in UTC; `rule` says which version of the rules was applied."""
        values: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        values["until"] = self.until.astimezone(UTC).isoformat() if self.until else None
        return {**values, "rule": RULE}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Params:
        """Read limits; what is absent has its default. Raises ParamsError with every problem."""
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        for name, value in data.items():
            try:
                values[name] = _read(name, value)
            except ParamsError as error:
                problems += error.problems
        if problems:
            raise ParamsError(problems)
        values.pop("rule", None)
        return cls(**values)


def micros(at: datetime) -> int:
    """A time as the engines count it."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> str:
    """The same as ISO 8601 in UTC."""
    return (EPOCH + timedelta(microseconds=at)).isoformat()


def _read(name: str, value: Any) -> Any:
    if name in BOUNDS:
        return _number(name, value)
    if name in {"direction", "method"}:
        return _choice(name, value, DIRECTIONS if name == "direction" else METHODS)
    if name == "until":
        return _until(value)
    if name == "rule":
        return value
    raise ParamsError([Problem("trace_unknown_field", field=name)])


def _number(name: str, value: Any) -> int:
    least, most = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ParamsError([Problem("trace_number", {"least": least, "most": most}, field=name)])
    return value


def _choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ParamsError([Problem("trace_choice", {"choices": ", ".join(choices)}, field=name)])
    return str(value)


def _until(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if at.tzinfo is None:
            raise ValueError("no offset")
        if not 1 < at.year < MAXYEAR:  # at the ends of the calendar a time has no equal in some other zone
            raise ValueError("no such time everywhere")
    except ValueError as error:
        raise ParamsError([Problem("trace_until", field="until")]) from error
    return at
