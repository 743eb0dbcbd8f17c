"""The real processes: a rung worker posts, the relay posts alone while nobody can be rung, a hanging bank stops neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from antifraud.outbox import bell
from banks.models import Delivery
from banks.services.deliveries import LANE_TASK
from tests import servers
from tests.banks.lanes import make_ready
from tests.cast import World
from tests.doors.processes import running, until
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import choose_webhook

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker as `make run` starts it; what the tests before it rang for nobody is forgotten first."""
    current_app.control.purge()
    command = [sys.executable, "-m", "celery", "-A", "antifraud", "worker", "--pool=threads", "--concurrency=4"]
    command += ["--loglevel=INFO", "--without-gossip", "--without-mingle", "--logfile", str(log)]
    process = subprocess.Popen(command, cwd=servers.ROOT, env={**os.environ})
    try:
        yield process
    except AssertionError as error:
        error.add_note(f"the worker said:\n{log.read_text(errors='replace')[-6000:]}")
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture(autouse=True)
def _nobody_is_left() -> Iterator[None]:
    """The database can be thrown away only when the server has noticed that the processes are gone."""
    yield
    until(lambda: _others() == 0)


def _others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def _arrived(institution: Any) -> int:
    return Delivery.objects.filter(institution=institution, state="transported").count()


def test_the_relay_alone_posts_past_a_hanging_bank(world: World, street: Street) -> None:
    hanging, well = street.bank("hang"), street.bank()
    choose_webhook(world, world.bank_a, hanging)
    choose_webhook(world, world.bank_b, well)
    make_ready(world.bank_a, 6)
    make_ready(world.bank_b, 10)
    with running("relay") as process:
        until(lambda: len(hanging.requests) >= 4)
        until(lambda: _arrived(world.bank_b) == 10)
        make_ready(world.bank_b, 10)
        until(lambda: _arrived(world.bank_b) == 20, 2)
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        assert process.returncode == 0
    assert len(well.effects) == len(well.requests) == 20
    assert hanging.most_at_once <= 4


def test_a_rung_worker_posts_and_writes_down_what_is_aloft_before_it_ends(
    world: World, street: Street, tmp_path: Path
) -> None:
    slow, hanging = street.bank("slow"), street.bank("hang")
    choose_webhook(world, world.bank_a, slow)
    choose_webhook(world, world.bank_b, hanging)
    make_ready(world.bank_b, 5)
    made = make_ready(world.bank_a, 4)
    with worker(tmp_path / "worker.log") as process:
        assert bell.ring(LANE_TASK, str(world.bank_b.id))  # it waits in the broker until the worker is there
        until(lambda: len(hanging.requests) >= 4)
        assert bell.ring(LANE_TASK, str(world.bank_a.id))
        until(lambda: len(slow.requests) == len(made))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert _arrived(world.bank_a) == 4
    assert len(slow.requests) == 4
