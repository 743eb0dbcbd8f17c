"""Opening an account of the picture: the part alone is fetched, focus and place stay, the address says it, all of it goes back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import main_job as job
from tests.e2e.conftest import picture
from tests.e2e.test_fund_flow import scene

pytestmark = pytest.mark.e2e

FOCUS = "() => document.activeElement.id"
SAID = "#flow-said"


def trace(someone: Any, platform: Any) -> Page:
    """A new case's picture; `window.kept` is lost with every load of a page."""
    page: Page = someone.go(f"/cases/{scene(platform)}/flow/")
    page.get_by_role("button", name="Run the trace").click()
    page.wait_for_url(re.compile(r"/flow/[0-9a-f-]{36}/$"))
    page.evaluate("() => { window.kept = 1 }")
    return page


def is_the_same_page(page: Page) -> bool:
    return bool(page.evaluate("() => window.kept === 1"))


def test_opened_by_key_and_by_hand_and_taken_back(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    begin, drawn = page.url, page.locator(".fl-node").count()
    handle = page.locator("a.fl-more").first
    node = str(handle.get_attribute("id")).replace("open-", "n")
    hidden = int((handle.text_content() or "").strip("+"))
    page.locator(f"#{node}").focus()
    before = page.locator(f"#{node} > rect").bounding_box()
    page.keyboard.press("e")
    expect(page.locator(".fl-node")).to_have_count(drawn + hidden)
    expect(page.locator(SAID)).to_have_text(
        re.compile(rf"^{hidden} neighbours? came\. {drawn + hidden} accounts are shown")
    )
    assert page.evaluate(FOCUS) == node
    after = page.locator(f"#{node} > rect").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 3, "the account stays where it was on the screen"
    assert is_the_same_page(page)
    opened = page.url
    assert f"open={node[1:]}" in opened
    picture(page, "flow-opening")
    second = str(page.locator("a.fl-more").first.get_attribute("id"))
    page.locator(f"#{second}").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#flow-undo")).to_contain_text("2")
    assert page.evaluate(FOCUS) == second.replace("open-", "n")
    page.keyboard.press("u")
    expect(page.locator("#flow-undo")).to_contain_text("1")
    expect(page.locator(SAID)).to_have_text(re.compile(rf"^{drawn + hidden} accounts are shown"))
    page.locator("#flow-undo").click()
    expect(page.locator(".fl-node")).to_have_count(drawn)
    assert page.url.split("#")[0] == begin
    assert is_the_same_page(page)
    analyst.assert_clean()


def test_on_a_small_screen_half_of_it_is_the_picture(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.reload()
    picture(page, "flow-small")
    box = page.locator("#flow-canvas").bounding_box()
    assert box is not None
    assert 768 - box["y"] >= 768 / 2, f"{768 - box['y']} px of the picture are above the fold"


def test_an_accounts_payments_are_offered_by_the_direction(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    node = page.locator(".fl-node:not(.is-seed)").first.get_attribute("data-node")
    page.get_by_role("link", name="All traces").click()
    page.goto(f"{page.url.partition('?')[0]}?from={node}")
    forward, backward = (page.locator(f"tbody[data-direction={word}]") for word in ("forward", "backward"))
    expect(forward).to_be_visible()
    expect(backward).to_be_hidden()
    out, came = forward.locator("[data-pick]").count(), backward.locator("[data-pick]").count()
    assert min(out, came) > 0
    expect(page.locator("[name=seeds]:checked:enabled")).to_have_count(out)
    picture(page, "flow-account-seeds")
    page.locator("[name=direction][value=backward]").check()
    expect(backward).to_be_visible()
    expect(forward).to_be_hidden()
    expect(page.locator("[name=seeds]:checked:enabled")).to_have_count(came)
    page.get_by_role("button", name="Run the trace").click()
    page.wait_for_url(re.compile(r"/flow/[0-9a-f-]{36}/$"))
    expect(page.locator(".fl-head")).to_contain_text("Backward")
    analyst.assert_clean()


def test_the_browsers_back_and_a_shared_address(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    begin, drawn = page.url, page.locator(".fl-node").count()
    page.locator("a.fl-more").first.dblclick()
    expect(page.locator("#flow-undo")).to_contain_text("1")
    more, opened = page.locator(".fl-node").count(), page.url
    assert more > drawn
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.locator("#flow-accounts tbody tr")).to_have_count(more)
    assert page.evaluate("() => document.activeElement.textContent").strip() == "Table"
    page.go_back()
    expect(page.locator(".fl-node")).to_have_count(more)
    page.go_back()
    expect(page.locator(".fl-node")).to_have_count(drawn)
    assert page.url == begin
    page.go_forward()
    expect(page.locator(".fl-node")).to_have_count(more)
    assert is_the_same_page(page)
    second = page.context.new_page()
    second.goto(opened)
    expect(second.locator(".fl-node")).to_have_count(more)
    assert second.evaluate(FOCUS) == opened.partition("#")[2]
    second.get_by_role("link", name=re.compile("Undo opening")).click()
    expect(second.locator(".fl-node")).to_have_count(drawn)
    expect(page.locator(".fl-node")).to_have_count(more)
    second.close()
    analyst.assert_clean()


def test_filter_and_views_fetch_the_part_and_what_was_typed_outlives_an_opening(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    page.fill("#flow-min", "28,000")
    page.locator("a.fl-more").first.click()
    expect(page.locator("#flow-undo")).to_have_count(1)
    expect(page.locator("#flow-min")).to_have_value("28,000")
    page.locator("#flow-min").press("Enter")
    expect(page.get_by_text("hidden by the filter")).to_have_count(1)
    assert page.evaluate(FOCUS) == "flow-min"
    assert "min=28" in page.url
    for name, mark in (("Time axis", ".fl-svg--time"), ("Totals", ".fl-svg--sankey"), ("Layers", ".fl-svg--layers")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(mark)).to_have_count(1)
    assert is_the_same_page(page)
    page.route("**/flow/**", lambda route: route.abort())
    page.get_by_role("link", name="Totals", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("did not answer")
    expect(page.locator(".fl-svg--layers")).to_have_count(1)


def test_two_opened_at_once_both_come(person: Any, platform: Any) -> None:
    """An officer does not wait for the first answer: it is given up, and the second one holds both."""
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    page.evaluate(
        "() => [...document.querySelectorAll('a.fl-more')].slice(0, 2).forEach("
        "(each) => each.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })))"
    )
    expect(page.locator("#flow-undo")).to_contain_text("2")
    assert len(page.url.split("open=")[1].split("#")[0].split(".")) == 2
    page.go_back()
    expect(page.locator("#flow-undo")).to_have_count(0)


def test_in_the_table_both_come_rows_take_the_keys_and_a_filter_meanwhile_loses_nothing(
    person: Any, platform: Any
) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    begin = page.url
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.locator("#flow-accounts tbody tr").first).to_be_visible()
    page.keyboard.press("j")
    assert page.evaluate(FOCUS).startswith("row-")
    page.evaluate(
        "() => [...document.querySelectorAll('#flow-accounts a[data-opens]')].slice(0, 2).forEach((each) => each.click())"
    )
    expect(page.locator("#flow-undo")).to_contain_text("2")
    page.goto(begin)
    page.fill("#flow-min", "1")
    page.evaluate(
        "() => { document.querySelector('a.fl-more').dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));"
        " document.getElementById('flow-show').click() }"
    )
    expect(page.locator("#flow-undo")).to_contain_text("1")
    assert "min=1" in page.url
    assert "open=" in page.url
    analyst.assert_clean()


def test_without_javascript_the_same_links_load_the_page(person: Any, platform: Any, browser: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    try:
        bare = plain.new_page()
        bare.goto(page.url)
        drawn = bare.locator(".fl-node").count()
        bare.locator("a.fl-more").first.focus()
        bare.keyboard.press("Enter")
        bare.wait_for_url(re.compile(r"open=\d+#n\d+$"))
        assert bare.locator(".fl-node").count() > drawn
        bare.locator("#flow-undo").click()
        bare.wait_for_url(re.compile(r"/#n\d+$"))
        assert bare.locator(".fl-node").count() == drawn
    finally:
        plain.close()


def test_in_chinese_and_beside_a_later_trace(person: Any, platform: Any) -> None:
    analyst = person()
    analyst.log_in("analyst_a")
    page = trace(analyst, platform)
    address = page.url
    page.get_by_role("link", name="All traces").click()
    page.get_by_role("button", name="Run the trace").click()
    page.wait_for_url(re.compile(r"/flow/[0-9a-f-]{36}/$"))
    page.goto(address)
    expect(page.locator("#flow-part")).to_contain_text("There is a later trace")
    job.switch_language(page, "zh-hans")
    drawn = page.locator(".fl-node").count()
    page.locator("a.fl-more").first.click()
    expect(page.locator("#flow-undo")).to_have_count(1)
    assert page.locator(".fl-node").count() > drawn
    picture(page, "flow-opening-zh")
    analyst.assert_clean()
