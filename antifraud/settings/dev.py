"""`make run` on one machine over plain HTTP on the loopback."""

from __future__ import annotations

from antifraud.settings.base import *  # noqa: F403

DEMO = True
EGRESS_ALLOW_LOOPBACK = True
SESSION_COOKIE_AGE = 8 * 3600
