"""What a child that was taken over might send: pickles, wrong columns, wrong frames, and messages that grow when laid out."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from typing import Any

from accounts.rules.statements.batch import ROW_COLUMNS
from accounts.rules.statements.crossing import MOST_FINDINGS, MOST_ROWS
from antifraud.border import MAX_MESSAGE, MAX_PIECE, MAX_TOLD
from tests.rules.statements.generators import Item

MODULE = "accounts.rules.statements.batch"


def message(told: Any, *pieces: bytes) -> bytes:
    parts = [told if isinstance(told, bytes) else json.dumps(told).encode(), *pieces]
    return struct.pack(">H", len(parts)) + b"".join(struct.pack(">Q", len(part)) for part in parts) + b"".join(parts)


def one_row(**other: Any) -> list[Any]:
    """What is told of a batch with one row, nothing beside it; `other` replaces columns."""
    kinds: dict[str, Any] = {name: ["same", ""] for name in ROW_COLUMNS}
    kinds |= {name: ["digits", False] for name in ("row", "at_us", "amount")}
    kinds |= {
        "balance": ["same", None],
        "day_only": ["same", False],
        "cash": ["same", False],
        "direction": ["same", "in"],
    }
    kinds["details"] = ["dictionaries", ["summary", None, ["same", "x"]]]
    kinds |= other
    return [1, [kinds[name] for name in ROW_COLUMNS], [0] + [["none"]] * 4, [0] + [["none"]] * 6, 1, 1]


NUMBERS = (b"1", b"2", b"3")


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


PICKLES = {
    "dotted names to eval": b"\x80\x04" + name(MODULE, "StatementError.__init__.__globals__.__class__.get")
    + name(MODULE, "StatementError.__init__.__globals__") + text("__builtins__") + b"\x86R" + text("eval") + b"\x86R"
    + text("exec('import builtins; builtins.taken_over = 1')") + b"\x85R.",
    "BUILD on a class": b"\x80\x04" + name(MODULE, "Batch") + b"N}" + text("poisoned") + b"K\x01s\x86b.",
    "REDUCE of eval": b"\x80\x04" + name("builtins", "eval") + text("setattr(__import__('builtins'), 'taken_over', 1)") + b"\x85R.",
    "REDUCE of system": b"\x80\x04" + name("os", "system") + text("true") + b"\x85R.",
    "47 bytes that lay out a gigabyte": b"\x80\x04" + name("builtins", "list") + name("builtins", "bytes")
    + b"J\x00\x00\x00\x40\x85R\x85R.",
    "a memo of gigabytes": b"\x80\x04Nr\xff\xff\xff\x0f.",
    "what was sent before": pickle.dumps(Item(1)),
}  # fmt: skip


def _wrong_columns() -> dict[str, bytes]:
    tells: dict[str, tuple[dict[str, Any], tuple[bytes, ...]]] = {
        "times as texts": ({"at_us": ["same", "2026"]}, (b"1", b"3")),
        "times as lines": ({"at_us": ["lines"]}, NUMBERS),
        "no amount": ({"amount": ["same", None]}, (b"1", b"2")),
        "an amount below nothing": ({}, (b"1", b"2", b"-3")),
        "a number of many digits": ({}, (b"1", b"2", b"9" * 4_000)),
        "numbers of uneven bytes": ({"row": ["integers", False]}, (b"1234567", b"2", b"3")),
        "texts as numbers": ({"account": ["same", 7]}, NUMBERS),
        "texts as lists": ({"account": ["same", ["x"]]}, NUMBERS),
        "texts as truths": ({"account": ["flags"]}, (b"1", b"\0", b"2", b"3")),
        "half a character": ({"account": ["same", "\ud83d"]}, NUMBERS),
        "no UTF-8": ({"account": ["lines"]}, (b"1", b"\xff", b"2", b"3")),
        "one line too many": ({"account": ["lines"]}, (b"1", b"a\nb", b"2", b"3")),
        "a code beyond the few": ({"account": ["few", 1, ["same", "x"]]}, (b"1", b"\5", b"2", b"3")),
        "few that are too many": ({"account": ["few", 257, ["same", "x"]]}, (b"1", b"\5", b"2", b"3")),
        "lengths below nothing": ({"account": ["sized"]}, (b"1", b"a", struct.pack("=q", -1), b"2", b"3")),
        "lengths beyond the text": ({"account": ["sized"]}, (b"1", b"a", struct.pack("=q", 9), b"2", b"3")),
        "a flag that is none": ({"cash": ["flags"]}, (*NUMBERS, b"\7")),
        "a flag as text": ({"cash": ["same", "yes"]}, NUMBERS),
        "a direction that is none": ({"direction": ["same", "sideways"]}, NUMBERS),
        "details as lists": ({"details": ["same", []]}, NUMBERS),
        "details of numbers": ({"details": ["dictionaries", ["summary", None, ["same", 7]]]}, NUMBERS),
        "details by number": ({"details": ["dictionaries", [7, None, ["same", "x"]]]}, NUMBERS),
        "details of more rows": ({"details": ["dictionaries", ["summary", 2, ["same", "x"]]]}, (*NUMBERS, b"\1")),
        "details shared by a code beyond": ({"details": ["shared", 1, ["dictionaries"]]}, (*NUMBERS, b"\7\7")),
        "no such form": ({"account": ["eval", "1"]}, NUMBERS),
        "no form at all": ({"account": 7}, NUMBERS),
        "forms in forms": ({"account": _nested(200)}, NUMBERS),
        "a piece too many": ({}, (*NUMBERS, b"")),
        "a piece too few": ({}, NUMBERS[:2]),
    }
    return {case: message(["Batch", one_row(**other)], *pieces) for case, (other, pieces) in tells.items()}


def _nested(depth: int) -> Any:
    told: Any = ["same", "x"]
    for _ in range(depth):
        told = ["few", 1, told]
    return told


def _counted(count: Any, *, at: int = 0) -> bytes:
    told = one_row()
    if at:
        told[at] = [count, *([["same", ""]] * (len(told[at]) - 1))]
    else:
        told[0] = count
        told[1] = [["same", ""]] * len(told[1])
    return message(["Batch", told])


ISSUE = [1, ["digits", False], ["same", ""], ["same", "time_missing"], ["same", "bad"]]


def _issue(at: int, told: Any) -> bytes:
    batch = one_row()
    batch[2] = [told if at == place else part for place, part in enumerate(ISSUE)]
    return message(["Batch", batch], *NUMBERS, b"1")


OTHERS = {
    "nothing": b"",
    "one byte": b"\0",
    "no parts": message([])[:2].replace(b"\1", b"\0"),
    "parts cut off": message(["Batch", one_row()], *NUMBERS)[:-1],
    "parts with a rest": message(["Batch", one_row()], *NUMBERS) + b"x",
    "a part of exabytes": struct.pack(">HQ", 1, 2**63) + b"x",
    "many parts": struct.pack(">H", 65_535) + b"\0" * 200,
    "no JSON": message(b"{"),
    "JSON of another character set": message(b"\xff\xfe"),
    "no name": message(7),
    "another name": message(["os.system", "true"]),
    "a list as name": message([["Batch"], []]),
    "a dotted name": message(["Batch.from_border.__globals__", []]),
    "the name of a module's function": message(["understood", []]),
    "no batch": message(["Batch", None]),
    "half a batch": message(["Batch", one_row()[:3]]),
    "rows beyond number": _counted(MOST_ROWS + 1),
    "rows below nothing": _counted(-1),
    "rows as text": _counted("1"),
    "rows as truth": _counted(bool(1)),
    "rows of 2**62": _counted(2**62),
    "issues beyond number": _counted(MOST_FINDINGS + 1, at=2),
    "balances beyond number": _counted(MOST_FINDINGS + 1, at=3),
    "a code that is none": _issue(3, ["same", "no_such_code"]),
    "a severity that is none": _issue(4, ["same", "deadly"]),
    "a field that is a number": _issue(2, ["same", 7]),
    "a header without all": message(["Header", {"layout": "table"}]),
    "a header of lists": message(["Header", []]),
    "headings as one text": message(["NeedsMapping", ["abc", [], {}, [], "", 1]]),
    "a code of an error that is none": message(["StatementError", ["__class__", {}]]),
    "placeholders of lists": message(["StatementError", ["xml_damaged", {"row": [1]}]]),
    "placeholders called self": message(["StatementError", ["xml_damaged", {"self": 1}]]),
    "an issue by itself": message(["Issue", [1, "", "time_missing", "bad"]]),
}
CORPUS = {
    **PICKLES,
    **{f"pickle in a part: {case}": message(body) for case, body in PICKLES.items()},
    **OTHERS,
    **_wrong_columns(),
}


def deep(brackets: int) -> bytes:
    return message(b'["Batch",' + b"[" * brackets + b"]" * brackets + b"]")


LARGE: dict[str, Callable[[], bytes]] = {
    "lists in lists": lambda: deep(90_000),
    "more lists than may be": lambda: deep(MAX_TOLD // 2 - 10),
    "empty dictionaries": lambda: message(b'["Batch",[' + b"{}," * (MAX_TOLD // 3 - 10) + b"1]]"),
    "short texts": lambda: message(b'["Batch",[' + b'"ab",' * (MAX_TOLD // 5 - 10) + b"1]]"),
    "numbers": lambda: message(b'["Batch",[' + b"300," * (MAX_TOLD // 4 - 10) + b"1]]"),
    "more JSON than may be": lambda: message(b'["Batch",[' + b"300," * MAX_TOLD + b"1]]"),
    "64 MB of line breaks": lambda: _lines(MAX_MESSAGE - 2_000),
    "32 MB of line breaks": lambda: _lines(MAX_PIECE),
    "32 MB of wide characters": lambda: _lines(MAX_PIECE, ("𠀀" + "a" * (MAX_PIECE - 10)).encode()),
    "32 MB of flags": lambda: message(["Batch", one_row(day_only=["flags"])], b"1", b"2", b"\0" * MAX_PIECE, b"3"),
    "32 MB of codes": lambda: message(
        ["Batch", one_row(account=["few", 1, ["same", "x"]])], b"1", b"\0" * MAX_PIECE, b"2", b"3"
    ),
    "32 MB of numbers": lambda: message(["Batch", one_row(row=["integers", False])], b"\0" * MAX_PIECE, b"2", b"3"),
    "dictionaries without end": lambda: _details(40),
}


def _lines(size: int, text: bytes = b"") -> bytes:
    return message(["Batch", one_row(account=["lines"])], b"1", text or b"\n" * size, b"2", b"3")


def _details(fields: int) -> bytes:
    told = one_row(details=["dictionaries", *([str(at), None, ["same", "x"]] for at in range(fields))])
    told[0] = MOST_ROWS
    return message(["Batch", told], *[b"\n".join([b"1"] * MOST_ROWS)] * 3)
