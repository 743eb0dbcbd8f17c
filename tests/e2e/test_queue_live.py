"""The queue page while it renews itself: no hint and no click is lost, and no tick."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route

from tests.e2e import main_job as job

pytestmark = pytest.mark.e2e


def test_a_hint_and_a_click_during_a_refresh_wait_for_it(person: Any) -> None:
    """Two orders that arrive within one refresh both show; a press on Acknowledge meanwhile is sent."""
    job.issue_stops(person)
    page = person().log_in("risk_a")
    held: list[Route] = []
    sent: list[str] = []
    of_the_rows = ("/queue/rows/", "/queue/acknowledge/")
    page.on("request", lambda request: sent.append(request.method) if request.url.endswith(of_the_rows) else None)
    page.route("**/queue/rows/", lambda route: held.append(route) if not held else route.continue_())
    hint = "() => document.body.dispatchEvent(new CustomEvent('sse-queue'))"
    with page.expect_request("**/queue/rows/"):
        page.evaluate(hint)
    before = len(sent)  # the held one, and such as the orders' own arrival may have caused before it
    row = page.locator("#rows [data-row]", has_text="New").first
    row.locator("[data-pick]").check()
    page.evaluate(hint)
    page.get_by_role("button", name="Acknowledge", exact=True).last.click()
    assert len(sent) == before
    with page.expect_response("**/queue/acknowledge/"):
        held[0].continue_()
    page.wait_for_function("() => document.querySelector('#toasts')?.innerText?.includes('1 order acknowledged')")
    assert sent[before:][:2] == ["GET", "POST"]
