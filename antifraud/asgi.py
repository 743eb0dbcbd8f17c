"""The event stream's process: it serves `antifraud.live` and nothing else; pages and API are `antifraud.wsgi`."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.production")
django.setup()

from antifraud.live import Live  # noqa: E402  (the settings must be in place first)

application = Live.from_settings()
