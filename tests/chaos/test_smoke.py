"""A minute of chaos in the suite: kills, a lost Valkey, parallel twins and a dying consumer on real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.servers import ROOT

SMOKE = [13, 16, 3, 1]


@pytest.fixture(scope="module")
def played() -> dict[int, dict[str, Any]]:
    """Test number → its line; a platform of its own, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--smoke", "--only", ",".join(str(number) for number in SMOKE)],
        cwd=ROOT, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["test"] for line in lines} == set(SMOKE), done.stderr
    assert (done.returncode == 0) == all(line["pass"] for line in lines)
    return {line["test"]: line for line in lines}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", SMOKE)
def test_nothing_is_lost_and_nothing_happens_twice(played: dict[int, dict[str, Any]], number: int) -> None:
    line = played[number]
    assert line["pass"], line.get("why")
    assert (line["lost"], line["doubled"]) == (0, 0)
    assert line["acked"] > 0
