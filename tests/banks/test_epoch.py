"""Epoch and mode: noticed by the database's identity, raised by command, ended by an administrator with a reason."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, Superseded, WrongState
from banks.models import Notification, PlatformState
from banks.selectors.institutions import system_user
from banks.selectors.platform import epoch, forget, is_running, platform_now, platform_shown
from banks.services.platform import Reconciling, epoch_bump, platform_observe, platform_resume, require_running

REASON = "restored from last night's backup"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    forget()
    yield
    forget()


def observe() -> bool:
    by = system_user()
    with db.unit_of_work(by):
        return platform_observe(by=by)


def state() -> tuple[int, str]:
    row = PlatformState.objects.get()
    return row.epoch, row.mode


@pytest.mark.django_db
def test_the_first_look_notes_the_database_and_changes_nothing() -> None:
    assert (platform_now().known.system_id, platform_now().known.timeline) == ("", None)
    assert not observe()
    seen = platform_now()
    assert seen.known == seen.found
    assert len(seen.found.system_id) > 15
    assert seen.found.timeline == 1
    assert (state(), epoch(), is_running()) == ((1, "running"), 1, True)
    assert not AuditEntry.objects.filter(verb="platform.bump").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"timeline": 7}, {"system_id": "12345"}])
def test_another_database_stops_the_handing_over_at_once_and_is_noted_once(world: Any, change: dict[str, Any]) -> None:
    observe()
    PlatformState.objects.update(**change)
    assert not is_running(), "before anybody has noted it"
    with pytest.raises(Reconciling) as refused:
        require_running()
    assert (refused.value.status, refused.value.code, refused.value.extra["retry_after"]) == (503, "reconciling", 60)
    assert observe()
    assert not observe()
    assert state() == (2, "reconciling")
    assert not is_running()
    assert AuditEntry.objects.filter(verb="platform.bump").count() == 1
    told = Notification.objects.filter(code="platform.reconciling").values_list("user__username", flat=True)
    assert set(told) == {"admin", "centre_supervisor", "overseer"}


@pytest.mark.django_db
def test_resuming_needs_an_administrator_a_reason_and_the_epoch_that_was_seen(world: Any, act: Any) -> None:
    by = system_user()
    with act(by):
        epoch_bump(by=by, reason=REASON)
    for refusal, arguments in (
        (Forbidden, {"by": world.centre_supervisor, "reason": REASON, "epoch": 2}),
        (Forbidden, {"by": by, "reason": REASON, "epoch": 2}),
        (Invalid, {"by": world.admin, "reason": "  short   ", "epoch": 2}),
        (Superseded, {"by": world.admin, "reason": REASON, "epoch": 1}),
    ):
        with pytest.raises(refusal), act(arguments["by"]):
            platform_resume(**arguments)
    assert state() == (2, "reconciling")
    with act(world.admin):
        platform_resume(by=world.admin, reason=REASON, epoch=2)
    assert (state(), is_running()) == ((2, "running"), True)
    assert AuditEntry.objects.get(verb="platform.resume").actor_id == world.admin.id
    with pytest.raises(WrongState), act(world.admin):
        platform_resume(by=world.admin, reason=REASON, epoch=2)


@pytest.mark.django_db
def test_a_second_restore_while_reconciling_is_another_epoch(world: Any, act: Any) -> None:
    observe()
    for _ in range(2):
        PlatformState.objects.update(timeline=99)
        assert observe()
    assert state() == (3, "reconciling")
    PlatformState.objects.update(timeline=99)
    with pytest.raises(Superseded), act(world.admin):
        platform_resume(by=world.admin, reason=REASON, epoch=3)


@pytest.mark.django_db
@pytest.mark.parametrize("to", [0, 1, -5, 3_000_000_000])
def test_the_epoch_only_rises(world: Any, act: Any, to: int) -> None:
    with pytest.raises(Invalid), act(world.admin):
        epoch_bump(by=world.admin, reason=REASON, to=to)
    assert state() == (1, "running")


@pytest.mark.django_db
def test_others_cannot_raise_it(world: Any, act: Any) -> None:
    for who in (world.supervisor_a, world.machine_a, world.auditor):
        with pytest.raises(Forbidden), act(who):
            epoch_bump(by=who, reason=REASON)
    assert state() == (1, "running")


@pytest.mark.django_db
def test_the_commands(world: Any) -> None:
    out = StringIO()
    call_command("epoch_bump", reason=REASON, to=9, stdout=out)
    assert state() == (9, "reconciling")
    with pytest.raises(CommandError, match="--by"):
        call_command("epoch_resume", by="analyst_a", epoch=9, reason=REASON)
    with pytest.raises(CommandError, match="--reason"):
        call_command("epoch_resume", by="admin", epoch=9, reason="short")
    assert state() == (9, "reconciling")
    call_command("epoch_resume", by="admin", epoch=9, reason=REASON, stdout=out)
    assert state() == (9, "running")
    assert "Epoch 9" in out.getvalue()


@pytest.mark.django_db
def test_pages_and_readiness_say_so(world: Any, act: Any, log_in: Any) -> None:
    from antifraud import health

    client = log_in(world.risk_a)
    assert b"nothing is handed over" not in client.get("/queue/").content
    by = system_user()
    with act(by):
        epoch_bump(by=by, reason=REASON)
    forget()
    health.forget()
    assert b"nothing is handed over" in client.get("/queue/").content
    part = client.get("/readyz").json()["parts"]["platform"]
    assert part["ok"] is False
    assert "epoch 2" in part["detail"]
    health.forget()


@pytest.mark.django_db
def test_the_banner_costs_no_statement_on_the_next_page(world: Any, counted: Any) -> None:
    platform_shown()
    with counted(0):
        assert platform_shown().is_running


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_begin_one_epoch() -> None:
    observe()
    PlatformState.objects.update(timeline=42)
    results: list[bool] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        try:
            barrier.wait(10)
            results.append(observe())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [False, False, False, True]
    assert state() == (2, "reconciling")
