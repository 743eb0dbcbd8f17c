"""The Celery application: a doorbell for workers (R1); what a task does is in the floors' rooms `tasks`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task
from celery.app import trace

from antifraud.tracing import set_request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.production")
# Celery would run Django's checks in each worker, throw their result away, and keep all pages and the API in memory for it.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Celery's own sentences quote arguments, results and exceptions; ours name the task and its id (R21). The exception
# itself still reaches the log as exc_info, which `antifraud.logs` tells without its data.
trace.LOG_RECEIVED = "Task %(name)s[%(id)s] received"
trace.LOG_SUCCESS = "Task %(name)s[%(id)s] succeeded in %(runtime)ss"
trace.LOG_RETRY = "Task %(name)s[%(id)s] retried"
trace.LOG_IGNORED = "Task %(name)s[%(id)s] ignored"
_QUIET = "Task %(name)s[%(id)s] %(description)s"
for _name in ("reject", "ignore", "internal", "expected", "unexpected"):
    _policy = getattr(trace, f"log_policy_{_name}")
    setattr(trace, f"log_policy_{_name}", _policy._replace(format=_QUIET))


class TracedTask(Task):  # type: ignore[misc]
    """A task whose log lines and audit rows carry one request id: the ringing request's where it was sent along."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """The prologue of every task."""
        headers = self.request.headers or {}
        set_request_id(str(headers.get("request_id") or task_id))


app = Celery("antifraud", task_cls=TracedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
