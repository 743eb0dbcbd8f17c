"""Hints: a topic and a kind reach the listeners; nothing else is sent, and trouble is never the caller's."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from antifraud import hints

TOPIC = f"inst:{uuid.UUID(int=5)}"


@pytest.fixture(autouse=True)
def rested() -> Iterator[None]:
    hints._rest_until = 0.0
    hints._client.cache_clear()
    yield
    hints._rest_until = 0.0
    hints._client.cache_clear()


@pytest.fixture
def heard() -> Iterator[Any]:
    with Redis.from_url(settings.REDIS_URL) as redis, redis.pubsub() as subscription:
        subscription.psubscribe("live:*")
        assert subscription.get_message(timeout=5) is not None
        yield lambda: subscription.get_message(timeout=2)


def test_a_hint_is_its_kind_and_nothing_else(heard: Any) -> None:
    hints.publish(TOPIC, "queue")
    message = heard()
    assert message["channel"].decode() == f"live:{TOPIC}"
    assert json.loads(message["data"]) == {"t": "queue"}


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("inst:6222021234567890123", "queue"),
        ("all", "queue"),
        (TOPIC, "order of Mr Li"),
        (TOPIC, "x" * 40),
        (TOPIC + "\n", "queue"),
        (TOPIC, ""),
    ],
)
def test_anything_else_is_not_sent(topic: str, kind: str, heard: Any) -> None:
    hints.publish(topic, kind)
    hints.publish(TOPIC, "sentinel")
    assert json.loads(heard()["data"]) == {"t": "sentinel"}


def test_a_dead_broker_costs_little_and_raises_nothing(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()
    for _ in range(1000):
        hints.publish(TOPIC, "queue")
    assert time.monotonic() - started < hints.TIMEOUT + 1


def test_after_a_rest_hints_go_out_again(settings: Any, heard: Any) -> None:
    alive = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    hints.publish(TOPIC, "lost")
    settings.REDIS_URL = alive
    hints.publish(TOPIC, "resting")
    hints._rest_until = time.monotonic() - 0.001
    hints.publish(TOPIC, "queue")
    assert json.loads(heard()["data"]) == {"t": "queue"}


def test_a_listener_is_woken_by_its_own_topic_alone() -> None:
    with hints.listening(TOPIC) as wait:
        hints.publish(f"inst:{uuid.UUID(int=6)}", "queue")
        assert _seconds(wait, 0.2) >= 0.15
        hints.publish(TOPIC, "queue")
        assert _seconds(wait, 5) < 1


def test_a_listener_without_a_broker_sleeps(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with hints.listening(TOPIC) as wait:
        assert 0.25 <= _seconds(wait, 0.25) < 1


def _seconds(wait: Any, longest: float) -> float:
    started = time.monotonic()
    wait(longest)
    return time.monotonic() - started
