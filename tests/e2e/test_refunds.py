"""Returns of money in a browser, in both languages: nothing breaks the security policy; a bank pays, an officer ticks releases."""

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
LOCALES = ["en-GB", "zh-CN"]


@pytest.fixture(scope="module")
def scene(platform: Any) -> list[str]:
    """The ids that the scene prints."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.e2e.refund_scene"], cwd=ROOT, env=platform.environment, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-7:]


def look(person: Any, locale: str, username: str, pages: dict[str, str]) -> Any:
    """Each page has one heading and nothing that the policy forbids."""
    officer = person(locale)
    page = officer.log_in(username)
    if locale == "zh-CN":
        job.switch_language(officer.go(next(iter(pages.values()))), "zh-hans")
    for name, path in pages.items():
        officer.go(path)
        expect(page.locator("main h1")).to_have_count(1)
        picture(page, f"{name}-{locale}")
    officer.assert_clean()
    return officer


@pytest.mark.parametrize("locale", LOCALES)
def test_the_police_pages(person: Any, scene: list[str], locale: str) -> None:
    case, announced, objection, submitted, decided, wrong, other = scene
    pages = {
        "refund-list": "/refunds/", "refund-case": f"/cases/{other}/refunds/", "refund-new": f"/cases/{other}/refunds/new/",
        "refund-announced": f"/refunds/{announced}/", "refund-renew": f"/refunds/{announced}/renew/",
        "refund-notice": f"/refunds/{announced}/rounds/1/notice/", "refund-decided": f"/refunds/{decided}/",
        "refund-cascade": f"/holds/{wrong}/cascade/",
    }  # fmt: skip
    officer = look(person, locale, "analyst_a", pages)
    officer.go(f"/refunds/{announced}/")
    bars = officer.page.locator("#shares progress")
    expect(bars).to_have_count(3)
    officer.page.locator("[data-dialog=dlg-object]").click()
    expect(officer.page.locator("#dlg-object")).to_be_visible()
    picture(officer.page, f"refund-object-{locale}")
    decide = {"refund-decide": f"/refunds/{submitted}/decide/"}
    look(person, locale, "approver_a", decide)
    look(person, locale, "supervisor_a", {"refund-objection": f"/refunds/objections/{objection}/decide/"})
    assert case


@pytest.mark.parametrize("locale", LOCALES)
def test_the_pages_of_the_bank(person: Any, scene: list[str], locale: str) -> None:
    decided = scene[4]
    bank = look(
        person, locale, "risk_a", {"payout-list": "/refunds/payouts/", "payout": f"/refunds/payouts/{decided}/"}
    )
    if locale == LOCALES[0]:
        return
    page = bank.page
    page.locator("select[name$=-outcome]").select_option("paid")
    page.locator("input[name$=-transfer_id]").fill("ICBC-20261122-0001")
    page.locator("main form[enctype] button.btn-primary").click()
    expect(page.locator(".ui-errors").first).to_be_visible()
    expect(page.locator("input[name$=-transfer_id]")).to_have_value("ICBC-20261122-0001")
    picture(page, f"payout-refused-{locale}")
    now = page.evaluate("() => new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 19)")
    page.locator("input[name$=-paid_at]").fill(now)
    page.locator("main form[enctype] button.btn-primary").click()
    expect(page.locator("input[name$=-transfer_id]")).to_have_count(0)
    picture(page, f"payout-paid-{locale}")


def test_an_officer_ticks_a_release(person: Any, scene: list[str]) -> None:
    officer = person("en-GB")
    page = officer.log_in("analyst_a")
    officer.go(f"/holds/{scene[5]}/cascade/")
    page.locator("input[name=hold]").check()
    page.locator("textarea[name=reason]").fill("rests on a wrong hold only")
    page.locator("main form button.btn-primary").click()
    expect(page.locator("body")).to_contain_text("release was drafted")
    officer.assert_clean()
