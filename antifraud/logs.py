"""Structured log lines with the request's id and nothing personal; which logger speaks how loud is in `settings.logs`."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError
from django.utils.functional import Promise
from redis.exceptions import RedisError
from structlog.typing import EventDict, WrappedLogger

from antifraud.errors import AppError
from antifraud.plain_text import NUMBER

QUERY = "?«query»"
WITHHELD = "«withheld»"
DEEPEST = 6
LONGEST = 2000
HIGHEST_NUMBER = 10**10

# A UUID is kept whole: its hexadecimal groups may look like an account number but name nobody. Groups of digits
# joined by single blanks or hyphens count as one run ("6222 0212 3456 7890"); X ends a Chinese identity number.
_MASKED = re.compile(
    r"(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)"
    r"|(?P<query>(?<=[\w/])\?[^\s\"'<>]*=[^\s\"'<>]*)"
    r"|\d(?:[ -]?\d){10,}[Xx]?"
)

# Only these say what went wrong without quoting the data they met; the text of any other error stays out (R21).
_SPEAKING = (
    AppError,
    AttributeError,
    ImproperlyConfigured,
    ImportError,
    InterfaceError,
    NameError,
    NotImplementedError,
    OperationalError,
    OSError,
    RedisError,
    RuntimeError,
    TypeError,
)


def masked(text: str) -> str:
    """The text without runs of eleven digits or more (accounts, telephones, identity numbers) and query strings."""
    return _MASKED.sub(_mask, text)


def _mask(hit: re.Match[str]) -> str:
    if hit["uuid"]:
        return hit["uuid"]
    return QUERY if hit["query"] else NUMBER


def clean(value: Any, depth: int = 0) -> Any:
    """A value as it may stand in a log line; of an object that is not plain data only the type's name is told."""
    if value is None or isinstance(value, bool | UUID | date | datetime):
        return value if value is None or isinstance(value, bool) else str(value)
    if isinstance(value, Enum):
        return clean(value.value, depth)
    if isinstance(value, int | float):
        return value if abs(value) < HIGHEST_NUMBER else NUMBER
    if isinstance(value, str | Promise):
        return masked(str(value)[:LONGEST])
    if depth < DEEPEST and isinstance(value, Mapping):
        return {masked(str(key)): clean(item, depth + 1) for key, item in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [clean(item, depth + 1) for item in value]
    return f"«{type(value).__name__}»"


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as class, cause, places and, where it cannot quote data, its first line; never local variables."""
    told: dict[str, Any] = {"type": type(error).__name__, "text": WITHHELD}
    if isinstance(error, _SPEAKING):
        told["text"] = masked(next(iter(str(error).splitlines()), "")[:LONGEST])
    # PostgreSQL's own names tell a developer what failed; its message would quote the row.
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        told |= {"sqlstate": getattr(error.__cause__, "pgcode", None), "constraint": diagnosis.constraint_name}
    told["at"] = _places(error.__traceback__)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        told["because"] = type(before).__name__
    return told


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-30:]]


class PersonalDataFilter(logging.Filter):
    """Rewrites every record before it is formatted, so that no formatter can meet what must not be written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: records are cleaned (once), never dropped."""
        if record.__dict__.setdefault("_cleaned", False):
            return True
        record.__dict__["_cleaned"] = True
        if isinstance(record.msg, dict):
            kept = {key: record.msg[key] for key in ("exc_info",) if key in record.msg}
            record.msg = clean({k: v for k, v in record.msg.items() if k not in kept}) | kept
            return True
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = f"{WITHHELD} ({record.filename}:{record.lineno})"
        record.msg, record.args = masked(text[:LONGEST]), None
        record.stack_info = None
        return True


def _add_request_id(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    # Looked up late: the settings load this module before models may be defined, and antifraud.db defines one.
    if apps.apps_ready:
        from antifraud import db

        event["request_id"] = masked(db.current_request_id())
    return event


def _add_origin(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    event["level"] = record.levelname.lower()
    event["logger"] = record.name
    return event


def _tell_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """One JSON object a line: event, level, logger, at, request_id, and what the caller added."""

    def __init__(self) -> None:
        super().__init__(
            processors=[
                _add_request_id,
                _add_origin,
                _tell_exception,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True),
            ]
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line; a record that reached a handler without the filter is cleaned here as well."""
        PersonalDataFilter().filter(record)
        return super().format(record)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and key-value pairs: `log.info("order sent", order=order.id)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _catch_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    # `log.exception()` passes True: the exception itself must be taken here, where it is still being handled.
    if event.get("exc_info") is True:
        event["exc_info"] = sys.exc_info()
    return event


structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        _catch_exception,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
