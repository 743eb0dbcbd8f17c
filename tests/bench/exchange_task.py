"""The empty Celery task whose round trip the exchange is measured against; loaded only by the bench's own worker."""

from __future__ import annotations

import functools

from celery import shared_task
from django.conf import settings
from redis import Redis

QUEUE = TASK = "bench.empty"
REPLIES = "bench:replies"


@functools.cache
def redis() -> Redis:
    """The broker's own server carries the answer back."""
    return Redis.from_url(settings.REDIS_URL)


@shared_task(name=TASK)
def empty() -> None:
    """Nothing but the answer."""
    redis().rpush(REPLIES, "")
