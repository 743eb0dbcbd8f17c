"""A dead broker costs the one who rings nothing: what test 3 found by its delivery times, as a case of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers import ROOT

NOBODY = "redis://127.0.0.1:1/0"
RING = """
import time, django
django.setup()
from antifraud.outbox import bell
began = time.monotonic()
rung = bell.ring("antifraud.outbox_handle")
print(rung, time.monotonic() - began)
"""


def test_a_ring_without_a_broker_gives_up_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RING], cwd=ROOT, env={**os.environ, "REDIS_URL": NOBODY}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    rung, seconds = done.stdout.split()
    assert rung == "False"
    assert float(seconds) < 2, "every request that rings waits as long"
