"""A database that is away is no defect: what test 2 found, as a case of its own. Clients are told to come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.servers import ROOT

NOBODY = "postgresql://nobody@127.0.0.1:1/none"
ASK = """
import json, sys, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
client.cookies["sessionid"] = "a" * 32
answer = client.get(sys.argv[1])
kind = answer["Content-Type"].partition(";")[0]
body = answer.content.decode()
print(json.dumps([answer.status_code, answer.headers.get("Retry-After"), json.loads(body)["code"] if "json" in kind else kind]))
"""


@pytest.mark.parametrize(("path", "what"), [("/api/v1/orders/", "unavailable"), ("/cases/", "text/html")])
def test_who_is_logged_in_is_told_to_come_back(path: str, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, path], cwd=ROOT, env={**os.environ, "DATABASE_URL": NOBODY}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    assert found == [503, "1", what]
