"""What an alert costs does not depend on how many are told: approving it, and bringing notices into a lane."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AlertNotice, AlertNoticeGrant
from antifraud.audit.models import AuditEntry
from antifraud.crypto.models import DataKey
from antifraud.deliveries import lane_push
from banks.models import Delivery, Institution, Notification
from banks.selectors.institutions import system_user
from banks.services.institutions import institution_create
from tests.accounts import alerting
from tests.cast import World
from tests.crypto.cells import be_another_process


@pytest.fixture
def others(world: World, act: Any) -> list[Institution]:
    """Twenty-one connected banks."""
    with act(world.admin):
        return [
            institution_create(
                by=world.admin, kind="bank", code=f"cost_{number}", name=f"Bank {number}",
                legal_profile=world.bank_a.legal_profile, calendar=world.bank_a.calendar,
            )
            for number in range(21)
        ]  # fmt: skip


def _approved(world: World, to: list[Institution]) -> tuple[Any, int]:
    alert = alerting.draft(world.analyst_a, audience="chosen", addressees=tuple(to))
    alerting.submit(alert)
    alert.refresh_from_db()
    be_another_process()
    with CaptureQueriesContext(connection) as seen:
        alerting.approve(alert, world.approver_a)
    return alert, len(seen)


@pytest.mark.parametrize("known", [False, True])
def test_approving_costs_the_same_for_one_and_for_twenty(world: World, others: list[Institution], known: bool) -> None:
    """Also where not one of them has a data key yet."""
    _approved(world, [world.bank_b])  # what a process reads once is read
    if not known:
        DataKey.objects.filter(scope_id__in=[institution.pk for institution in others]).delete()
    one, cost_of_one = _approved(world, others[:1])
    many, cost_of_many = _approved(world, others[1:])
    assert cost_of_many == cost_of_one <= 30
    for alert, count in ((one, 1), (many, 20)):
        notices = list(AlertNotice.objects.filter(alert=alert))
        ids = [notice.pk for notice in notices]
        assert {notice.status for notice in notices} == {"issued"}
        assert len(ids) == count == Delivery.objects.filter(subject_id__in=ids, state="queued", seq=1).count()
        grants = AlertNoticeGrant.objects.filter(content_object__in=ids, revoked_at__isnull=True)
        assert {(g.content_object_id, g.group_id) for g in grants} == {(n.pk, n.institution.group_id) for n in notices}
        told = AuditEntry.objects.filter(object_id__in=ids, legal_basis=alert.legal_basis)
        assert told.filter(verb="notice.issue").count() == count == told.filter(verb="grant.give").count()
        assert all(alerting.CONTENT in notice.payload.open() for notice in notices)


def test_bringing_notices_costs_the_same_for_one_and_for_many(world: World) -> None:
    def cost(count: int) -> int:
        for _number in range(count):
            _approved(world, [world.bank_a])
        system_user()
        with CaptureQueriesContext(connection) as seen:
            assert lane_push(world.bank_a.id) == count
        return len(seen)

    assert cost(8) == cost(1)
    notices = AlertNotice.objects.all()
    assert all(notice.due_at > notice.available_at for notice in notices)
    assert AuditEntry.objects.filter(verb="notice.available").count() == len(notices) == 9
    assert Notification.objects.filter(user=world.risk_a, code="alert.arrived").count() == 9
