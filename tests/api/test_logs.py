"""Log lines: JSON with the request's id, and nothing personal whichever way it is handed in."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from antifraud import db
from antifraud.crypto import Secret
from antifraud.errors import Conflict
from antifraud.logs import WITHHELD, JsonFormatter, PersonalDataFilter, clean, describe, get_logger, masked
from antifraud.plain_text import NUMBER

ACCOUNT = "6222021234567890123"
PHONE = "13800138000"
IDENTITY = "11010119900307771X"
NAME = "张三丰"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(PersonalDataFilter())
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "secret",
    [
        ACCOUNT,
        PHONE,
        IDENTITY,
        "6222 0212 3456 7890 123",
        "138-0013-8000",
        "+86 138 0013 8000",
        "６２２２０２１２３４５６７８９０",
    ],
)
def test_long_numbers_are_masked(secret: str) -> None:
    told = masked(f"account {secret}, please")
    assert NUMBER in told
    assert "8000" not in told
    assert not any(part in told for part in ("6222", "7890", "771", "６２２２"))


def test_what_helps_to_find_a_fault_stays() -> None:
    kept = f"order {uuid.UUID(int=12345678901234567890123456789012345678)} at 2025-11-22T07:47:11Z took 1234567890 ns, ip 192.168.100.200"
    assert masked(kept) == kept


def test_query_strings_are_masked() -> None:
    assert masked("GET https://a.example/find?name=Li&x=1 HTTP/1.1") == "GET https://a.example/find?«query» HTTP/1.1"
    assert masked("really? yes=no") == "really? yes=no"


@given(st.text(alphabet="0123456789", min_size=11, max_size=30), st.sampled_from(["", " ", "-"]))
def test_no_grouping_saves_a_number(digits: str, separator: str) -> None:
    shown = separator.join(digits[i : i + 4] for i in range(0, len(digits), 4))
    assert masked(shown) == NUMBER


def test_a_line_has_the_agreed_keys(lines: Callable[[], list[dict[str, Any]]]) -> None:
    db.set_request_id("0f8fad5b-d9cb-469f-a165-70867728950e")
    get_logger("tests.logs").info("order sent", order=uuid.UUID(int=7), attempt=2)
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "order sent",
        "level": "info",
        "logger": "tests.logs",
        "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "order": "00000000-0000-0000-0000-000000000007",
        "attempt": 2,
    }


@dataclass
class Person:
    name: str = NAME
    account: str = ACCOUNT


def test_values_of_any_kind_are_cleaned(lines: Callable[[], list[dict[str, Any]]]) -> None:
    get_logger("tests.logs").warning(
        "met",
        number=int(ACCOUNT),
        person=Person(),
        nested={"a": [ACCOUNT, {ACCOUNT: 1}]},
        raw=ACCOUNT.encode(),
        hidden=Secret(ACCOUNT),
    )
    (line,) = lines()
    assert "6222" not in json.dumps(line)
    assert NAME not in json.dumps(line, ensure_ascii=False)
    assert (line["person"], line["hidden"], line["raw"], line["number"]) == ("«Person»", "«Secret»", "«bytes»", NUMBER)


def test_plain_logging_is_cleaned_too(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("tests.logs").info("caller %s asked for %s", PHONE, "x")
    logging.getLogger("tests.logs").info("broken %s %s", ACCOUNT)
    first, second = lines()
    assert first["event"] == f"caller {NUMBER} asked for x"
    assert second["event"].startswith(WITHHELD)


def test_a_traceback_tells_places_and_no_values(lines: Callable[[], list[dict[str, Any]]]) -> None:
    def fails(account: str) -> int:
        return int(account + NAME)

    try:
        fails(ACCOUNT)
    except ValueError:
        get_logger("tests.logs").exception("could not read")
        logging.getLogger("tests.logs").exception("could not read either")
    for line in lines():
        told = json.dumps(line, ensure_ascii=False)
        assert "6222" not in told
        assert NAME not in told
        assert line["exception"]["type"] == "ValueError"
        assert line["exception"]["text"] == WITHHELD
        assert line["exception"]["at"][-1].endswith(" fails")


def test_only_errors_without_data_speak() -> None:
    assert describe(ImproperlyConfigured("set REDIS_URL"))["text"] == "set REDIS_URL"
    assert describe(OperationalError(f"server away {ACCOUNT}\nDETAIL: row"))["text"] == f"server away {NUMBER}"
    assert describe(IntegrityError(f"Key (name)=({NAME}) exists"))["text"] == WITHHELD
    assert describe(KeyError(NAME))["text"] == WITHHELD
    assert describe(Conflict())["text"].startswith("This collides")


def test_the_cause_of_an_error_is_named() -> None:
    error = ImproperlyConfigured("no such key")
    error.__cause__ = KeyError(NAME)
    assert describe(error)["because"] == "KeyError"


def test_deep_and_endless_values_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "«list»" in json.dumps(clean(loop), ensure_ascii=False)
