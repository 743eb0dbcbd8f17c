"""Pages and API for a threaded WSGI server; the event stream is `antifraud.asgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.production")
application = get_wsgi_application()
