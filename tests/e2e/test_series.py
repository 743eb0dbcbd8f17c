"""Series and risk features in a browser, in both languages: nothing breaks the security policy, the map is drawn, bars have lengths."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import main_job as job
from tests.e2e.conftest import picture
from tests.journey.processes import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def scene(platform: Any) -> list[str]:
    """Case, series and ledger account."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.e2e.series_scene"], cwd=ROOT, env=platform.environment, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-3:]


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_pages_in_both_languages(person: Any, scene: list[str], locale: str) -> None:
    case, series, ledger = scene
    officer = person(locale)
    page = officer.log_in("analyst_a")
    if locale == "zh-CN":
        job.switch_language(officer.go("/cases/"), "zh-hans")
    pages = {
        "series": f"/series/{series}/", "series-case": f"/cases/{case}/series/", "series-list": "/series/",
        "series-split": f"/series/{series}/split/", "series-stops": "/series/stops/",
        "features": f"/cases/{case}/features/", "features-account": f"/ledger/{ledger}/features/",
    }  # fmt: skip
    for name, path in pages.items():
        officer.go(path)
        expect(page.locator("main h1")).to_have_count(1)
        picture(page, f"{name}-{locale}")
    officer.go(pages["series"])
    expect(page.locator(".ui-map__box--case")).to_have_count(4)
    expect(page.locator(".ui-map__box--other")).to_have_count(1)
    officer.go(pages["features"])
    bars = page.locator("tbody tr").first.locator(".ui-bar__value")
    assert max(float(bar.get_attribute("width") or 0) for bar in bars.all()) > 0
    officer.assert_clean()
