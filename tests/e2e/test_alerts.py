"""An alert by hand: drafted with pasted lines, approved, read, acknowledged and reported back; its pages in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e import main_job as job
from tests.e2e.conftest import picture
from tests.e2e.test_main_pages import AXE, GRAVE, SIZES, TOO_WIDE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def draft(page: Page, one: str, two: str) -> None:
    """Fill the page; returns when the preview shows both lines."""
    page.select_option("#id_kind", "involved_accounts")
    page.fill("#id_title", "Cards emptied at night")
    page.fill(
        "#id_content", "Cards opened in bundles and emptied at night.\nLook for further cards of the same customers."
    )
    page.fill("#id_purpose", "find further accounts")
    page.locator("#id_accounts").fill(f"{one}\t张三\n{two}, 李四")
    expect(page.locator("#alert-lines tbody tr")).to_have_count(2)


def test_an_alert_from_draft_to_report(person: Any) -> None:
    analyst, approver, bank = person(), person(), person()
    one, two = job.card("bank_a"), job.card("bank_b")
    page = analyst.log_in("analyst_a")
    draft(analyst.go("/alerts/new/"), one, two)
    page.check("#all-2")
    look(page, "alert-draft")
    page.get_by_role("button", name="Save and look over").click()
    page.wait_for_url(re.compile(r"/alerts/[0-9a-f-]{36}/$"))
    look(page, "alert-saved")
    address = page.url
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("button", name="Take back to draft")).to_be_visible()

    desk = approver.log_in("approver_a")
    desk.goto(address)
    desk.get_by_role("link", name="Read and decide").click()
    expect(desk.locator("#lines")).to_contain_text(one)
    look(desk, "alert-decide")
    desk.get_by_role("button", name="Approve and issue").click()
    desk.wait_for_url(address)

    officer = bank.log_in("risk_a")
    bank.go("/alerts/notices/")
    expect(officer.locator("#notice-rows tbody tr")).to_have_count(1)
    look(officer, "notice-list")
    officer.locator("#notice-rows tbody a").first.click()
    expect(officer.locator("#lines tbody tr")).to_have_count(2)
    look(officer, "notice-new")
    expect(page.locator("#alert-state")).to_contain_text("Risk A", timeout=10_000)
    officer.get_by_role("button", name="Acknowledge", exact=True).click()
    officer.get_by_label("Found, measures taken").check()
    officer.fill("#id_report", "Two more cards of the customer are blocked.")
    look(officer, "notice-acknowledged")
    officer.get_by_role("button", name="Send the report").click()
    expect(officer.get_by_role("heading", name="Your report")).to_be_visible()

    expect(page.locator("#notices")).to_contain_text("Found, measures taken", timeout=10_000)
    expect(page.get_by_role("button", name="Close the alert")).to_be_visible()
    look(page, "alert-issued")
    look(analyst.go("/alerts/"), "alert-list")
    for name, who, path in (("alert-issued", page, address), ("alert-draft", page, "/alerts/new/")):
        who.goto(path if path.startswith("http") else f"{analyst.platform.url}{path}")
        job.switch_language(who, "zh-hans")
        look(who, f"{name}-zh")
        job.switch_language(who, "en")
    job.switch_language(officer, "zh-hans")
    look(officer, "notice-reported-zh")
    for each in (analyst, approver, bank):
        each.assert_clean()


def look(page: Page, name: str) -> None:
    """At both sizes: a picture, nothing that overflows, nothing grave for axe."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        picture(page, f"{name}-{size}")
        assert page.evaluate(TOO_WIDE) == [], (name, size)
    page.set_viewport_size({"width": 1366, "height": 900})
    rules = Axe().run(page, options=AXE).response["violations"]
    grave = [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in rules if rule["impact"] in GRAVE]
    assert grave == [], name
