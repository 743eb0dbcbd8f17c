"""The Celery application: settings of R45, a request id in each task, and no arguments or results in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery.app import trace

from antifraud import db
from antifraud.celery import TracedTask, app

ACCOUNT = "6222 secret"


@pytest.fixture
def tasks() -> Iterator[dict[str, Any]]:
    @app.task(name="tests.tell")
    def tell(word: str) -> str:
        return db.current_request_id()

    @app.task(name="tests.echo")
    def echo(word: str) -> str:
        return word

    @app.task(name="tests.fail")
    def fail(word: str) -> None:
        raise ValueError(word)

    yield {"tell": tell, "echo": echo, "fail": fail}
    for name in ("tests.tell", "tests.echo", "tests.fail"):
        app.tasks.pop(name)


def traced(task: Any, task_id: str, word: str, **request: Any) -> Any:
    """Run a task as a worker does, with the tracer that writes the log."""
    return trace.trace_task(task, task_id, [word], {}, {"id": task_id, "headers": None, **request}, app=app)


def test_the_application_is_the_current_one_and_uses_json_only() -> None:
    from celery import current_app

    assert current_app.main == "antifraud"
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_ignore_result is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert issubclass(app.Task, TracedTask)


def test_a_task_knows_the_request_that_rang(tasks: dict[str, Any]) -> None:
    assert tasks["tell"].apply(["x"], task_id="task-1").result == "task-1"
    assert tasks["tell"].apply(["x"], task_id="task-2", headers={"request_id": "request-1"}).result == "request-1"


def test_success_and_failure_are_logged_without_data(tasks: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        traced(tasks["echo"], "task-3", ACCOUNT)
        traced(tasks["fail"], "task-4", ACCOUNT)
    said = [record.getMessage() for record in caplog.records]
    assert any("tests.echo[task-3] succeeded" in line for line in said)
    assert any("tests.fail[task-4] raised unexpected" in line for line in said)
    assert not any("secret" in line for line in said)


def test_the_line_of_a_received_task_names_no_arguments() -> None:
    line = trace.LOG_RECEIVED % {"name": "n", "id": "i", "args": ACCOUNT, "kwargs": ACCOUNT, "eta": None}
    assert line == "Task n[i] received"
