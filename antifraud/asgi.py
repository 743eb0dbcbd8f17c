"""The event stream's process: it serves `antifraud.live` and nothing else; pages and API are `antifraud.wsgi`."""

from __future__ import annotations

import os

from django.conf import settings
from django.utils.log import configure_logging

from antifraud.live import Live

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.production")
# No `django.setup()`: a stream needs neither models nor pages, and the process stays at half the size.
configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)

application = Live.from_settings()
