"""Pages and API for a threaded WSGI server; the event stream is `antifraud.asgi`."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.production")
application = get_wsgi_application()
# Every page is loaded here, before the server forks its processes, so that they share it; frozen, it stays shared, since
# the collector writes into whatever it looks at.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
# A page makes tens of thousands of objects and leaves few behind: the collector's usual 700 cost up to an eighth of each page.
gc.set_threshold(10_000, 20, 20)
