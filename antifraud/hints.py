"""Hints to open pages that something changed: a topic and a kind, never data; pages fetch again and rights are asked."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.retry import Retry

from antifraud.logs import get_logger

CHANNEL = "live:"
TIMEOUT = 0.2
REST = 2.0
_TOPIC = re.compile(r"(?:user|inst):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_rest_until = 0.0
log = get_logger(__name__)


def publish(topic: str, kind: str) -> None:
    """Tell the pages that listen to `topic` ("user:<uuid>" or "inst:<uuid>") that `kind` ("queue", "order") changed.

    Call after commit. Never raises and never waits longer than a fifth of a second; after a failure nothing is
    tried for two seconds. A lost hint costs a page its next polling interval, nothing else.
    """
    global _rest_until
    if not (_TOPIC.fullmatch(topic) and _KIND.fullmatch(kind)):
        log.error("hint refused", reason="not a topic and a kind")
        return
    if time.monotonic() < _rest_until:
        return
    try:
        _client(settings.REDIS_URL).publish(CHANNEL + topic, json.dumps({"t": kind}))
    except (RedisError, OSError) as error:
        _rest_until = time.monotonic() + REST
        log.warning("hint lost", exc_info=error)


@contextlib.contextmanager
def listening(topic: str) -> Iterator[Callable[[float], None]]:
    """Gives `wait(seconds)`, which returns at the next hint for `topic`, at the latest after `seconds`.

    What is published from the start of the block on is not missed. Never raises: while Redis is away it only sleeps.
    """
    ear: PubSub | None = None
    with contextlib.ExitStack() as stack:
        try:
            ear = stack.enter_context(_client(settings.REDIS_URL).pubsub())  # type: ignore[no-untyped-call]
            ear.subscribe(CHANNEL + topic)
            ear.get_message(timeout=TIMEOUT)  # the confirmation
        except (RedisError, OSError) as error:
            log.warning("not listening", exc_info=error)
            ear = None

        def wait(seconds: float) -> None:
            nonlocal ear
            if ear is None:
                time.sleep(seconds)
                return
            try:
                ear.get_message(timeout=seconds)
            except (RedisError, OSError) as error:
                log.warning("not listening any more", exc_info=error)
                ear = None

        yield wait


@functools.lru_cache(maxsize=1)
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0))
