"""Hints to open pages that something changed: a topic and a kind, never data; pages fetch again and rights are asked."""

from __future__ import annotations

import functools
import json
import re
import time

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
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


@functools.lru_cache(maxsize=1)
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0))
