"""Mails of a climbing delay: after the commit, with nothing personal in them, again after a failure, never for nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.models import Order
from accounts.services.answers import order_acknowledge
from accounts.services.escalation import escalations_climb
from antifraud import db
from antifraud.deliveries import outbox_handle
from antifraud.errands import errands_run
from antifraud.outbox import post
from antifraud.outbox.models import OutboxMessage
from banks.models import User
from banks.selectors.institutions import system_user
from tests.accounts.answering import bank_order

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


@pytest.fixture
def order(world: Any, move_clock: Move) -> Order:
    """Not acknowledged for more than half of its term; everybody has an address."""
    for user in User.objects.exclude(role__in=["machine", "system"]):
        User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.test")
    found = bank_order(world)
    outbox_handle()
    move_clock(timedelta(minutes=16))
    return found


def climb() -> None:
    by = system_user()
    with db.unit_of_work(by):
        escalations_climb(by=by)


def waiting() -> Any:
    return OutboxMessage.objects.filter(topic="escalation.climbed", done_at__isnull=True)


def due_now() -> None:
    OutboxMessage.objects.filter(done_at__isnull=True).update(next_at=db.app_now() - timedelta(days=1))


def test_a_mail_says_number_term_and_path_and_nothing_else(world: Any, order: Order) -> None:
    climb()
    assert mail.outbox == [], "nothing is sent inside the unit of work"
    errands_run()
    assert len(mail.outbox) == 1
    message = mail.outbox[0]
    assert sorted(message.recipients()) == ["risk_a@example.test", "risk_supervisor_a@example.test"]
    assert message.to == [] == message.cc, "addressees do not see each other"
    assert message.subject == f"Order {order.number} is not acknowledged"
    text = f"{message.subject}\n{message.body}"
    assert f"/queue/{order.id}/" in text
    secret = (order.account.number.open(), "张三", order.case.number, str(order.amount_minor), "5,000")
    assert [word for word in secret if word in text] == []
    assert not waiting().exists()
    errands_run()
    assert len(mail.outbox) == 1


def test_everybody_reads_his_own_language(world: Any, order: Order) -> None:
    User.objects.filter(username="risk_a").update(language="zh-hans")
    climb()
    errands_run()
    assert sorted(tuple(message.recipients()) for message in mail.outbox) == [
        ("risk_a@example.test",),
        ("risk_supervisor_a@example.test",),
    ]


def test_a_server_that_is_away_is_tried_again(world: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    climb()

    def away(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", away)
        errands_run()
    left = waiting().get()
    assert (left.error, left.attempt, mail.outbox) == ("ConnectionRefusedError", 1, [])
    due_now()
    errands_run()
    assert len(mail.outbox) == 1
    assert not waiting().exists()


def test_no_unit_of_work_is_open_while_it_is_sent(world: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    climb()
    seen: list[bool] = []

    def look(self: Any, messages: Any) -> int:
        try:
            db.require_unit_of_work()
        except db.NoUnitOfWork:
            seen.append(True)
        return len(messages)

    monkeypatch.setattr(EmailBackend, "send_messages", look)
    errands_run()
    assert seen == [True]


def test_who_was_seen_to_meanwhile_is_not_written_to(world: Any, order: Order) -> None:
    climb()
    with db.unit_of_work(world.risk_a):
        order_acknowledge(by=world.risk_a, order_id=order.id)
    errands_run()
    assert mail.outbox == []
    assert not waiting().exists()


def test_nobody_with_an_address_is_no_error(world: Any, order: Order) -> None:
    User.objects.update(email="")
    climb()
    errands_run()
    assert mail.outbox == []
    assert not waiting().exists()


def test_the_relays_round_leaves_mails_alone(world: Any, order: Order) -> None:
    climb()
    outbox_handle()
    assert mail.outbox == []
    assert waiting().count() == 1


def test_a_lease_that_ended_meanwhile_sends_nothing(world: Any, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process has taken the message over: it sends, this one does not."""
    climb()
    real = post.claim

    def late(*words: Any, **more: Any) -> Any:
        claimed = real(*words, **more)
        OutboxMessage.objects.filter(pk__in=[one.id for one in claimed]).update(lease_token=uuid.uuid4())
        return claimed

    with monkeypatch.context() as patched:
        patched.setattr(post, "claim", late)
        assert errands_run() == 0
    assert mail.outbox == []


def test_after_a_fault_of_the_network_the_rest_is_put_off(
    world: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    climb()
    copy = waiting().get()
    OutboxMessage.objects.create(topic=copy.topic, subject_id=copy.subject_id)
    tried: list[int] = []

    def away(self: Any, messages: Any) -> int:
        tried.append(1)
        raise TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", away)
        assert errands_run() == 0
    assert len(tried) == 1
    assert sorted(waiting().values_list("error", flat=True)) == ["TimeoutError", "away"]
