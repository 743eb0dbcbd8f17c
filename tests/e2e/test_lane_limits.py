"""A supervisor of the centre sets a lane's limits by the keyboard alone; the page in both languages, on a desk and a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import main_job as job
from tests.e2e.test_alerts import look

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_limits_are_set_by_keyboard_in_both_languages(person: Any) -> None:
    supervisor = person()
    page = supervisor.log_in("centre_supervisor")
    supervisor.go("/lanes/")
    page.locator("main table a[href^='/lanes/']").first.click()
    page.locator("#limits_in_flight_cap").focus()
    for typed in ("33", "50", "their core system is slow tonight"):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.locator("#limits form").evaluate("form => form.noValidate = true")
    page.keyboard.press("Enter")  # the button has the focus
    expect(page.locator("[data-error-summary]")).to_contain_text("from 1 to 32.")
    look(page, "lane-limits-refused")
    page.locator("[data-error-summary] a").click()
    expect(page.locator("#limits_in_flight_cap")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    expect(page.locator("#limits_in_flight_cap")).to_have_value("8")
    expect(page.locator("#limits_rate_per_second")).to_have_value("50")
    expect(page.locator("[data-error-summary]")).to_have_count(0)
    expect(page.locator(".ui-facts")).to_contain_text("50")
    look(page, "lane-limits")
    job.switch_language(page, "zh-hans")
    look(page, "lane-limits-zh")
