"""What the processes load at their start, each tried in an interpreter of its own: memory at rest is what is loaded for nothing.

The figures themselves are measured by `make bench-memory`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from antifraud.lazily import lazily

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "openpyxl", "python_calamine", "reportlab", "PIL", "lxml", "faker", "polib")
TELL = "import gc, json, sys; print(json.dumps([gc.get_freeze_count(), sorted(sys.modules)]))"
SETUP = "import django; django.setup(); "


def loaded(code: str) -> tuple[int, set[str]]:
    """Frozen objects and modules after `code`."""
    words = [sys.executable, "-c", f"{code}; {TELL}"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True)
    frozen, modules = json.loads(done.stdout.splitlines()[-1])
    return frozen, set(modules)


@pytest.mark.parametrize(
    "code",
    [
        SETUP + "import antifraud.doors.relay, antifraud.doors.posting",
        SETUP + "import antifraud.doors.scheduler",
        "from antifraud.celery import app; app.loader.import_default_modules()",
    ],
    ids=["relay", "scheduler", "worker"],
)
def test_a_process_without_pages_loads_no_page_and_nothing_heavy(code: str) -> None:
    _frozen, modules = loaded(code)
    assert "accounts.models" in modules
    pages = {name for name in modules if name.split(".")[1:2] in (["views"], ["urls"], ["forms"], ["api"])}
    floors = ("accounts.", "cases.", "banks.", "oversight.")
    assert {name for name in pages if name.startswith(floors)} == set()
    assert "antifraud.urls" not in modules
    assert modules.isdisjoint(HEAVY)


def test_the_stream_loads_no_model() -> None:
    _frozen, modules = loaded("import antifraud.asgi")
    assert "antifraud.live" in modules
    assert modules.isdisjoint({"django.contrib.auth.models", "banks.models", "accounts.models", "celery", *HEAVY})


def test_web_has_every_page_before_it_forks_and_nothing_heavy() -> None:
    frozen, modules = loaded("import antifraud.wsgi")
    assert {"antifraud.urls", "accounts.views.flow", "oversight.views.assessment", "accounts.api.orders"} <= modules
    assert modules.isdisjoint(HEAVY)
    assert frozen > 100_000


def test_the_stream_refuses_without_what_pages_need() -> None:
    """The process has no apps, so not even a translation: who has no ticket is told so all the same."""
    ask = """
import asyncio, os
os.environ["ANTIFRAUD_WEB_ORIGIN"] = "http://testserver"
from antifraud.asgi import application
sent = []
async def story():
    async def receive(): return {"type": "http.disconnect"}
    async def send(message): sent.append(message)
    scope = {"type": "http", "method": "GET", "path": "/live/", "query_string": b"", "headers": [(b"cookie", b"live=x")]}
    await application(scope, receive, send)
asyncio.run(story())
print("status", sent[0]["status"])
"""
    done = subprocess.run([sys.executable, "-c", ask], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "status 401" in done.stdout, done.stderr


def test_a_module_is_loaded_when_one_of_its_names_is_read() -> None:
    code = "from antifraud.lazily import lazily; np = lazily('numpy'); import sys; "
    assert "numpy" not in loaded(code + "before = 'numpy' in sys.modules")[1]
    assert "numpy" in loaded(code + "np.dtype('u1')")[1]
    found = lazily("json")
    assert found.dumps is json.dumps
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = found.no_such_name
