"""The id that binds log lines, audit rows and the answer of one request together; free of models, so that anything may import it."""

from __future__ import annotations

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("antifraud_request_id", default="")


def current_request_id() -> str:
    """The present request's id, "" outside of one."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    """Called by the request middleware, the task prologue and commands."""
    _request_id.set(value)
