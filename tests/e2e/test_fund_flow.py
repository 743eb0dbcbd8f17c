"""The fund flow by hand: a trace is run, its picture walked with the keyboard, two orders drafted from the frontier."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import main_job as job
from tests.e2e.conftest import picture
from tests.journey.processes import ROOT

pytestmark = pytest.mark.e2e


def scene(platform: Any, *words: str) -> str:
    """What the scene's programme prints: without words the id of a new case with its ledger."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.e2e.fund_flow_scene", *words], cwd=ROOT, env=platform.environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]
    return made.stdout.strip().rpartition("\n")[2]


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.getAttribute('aria-label') ?? ''"))


def test_from_the_trace_to_two_orders(person: Any, platform: Any) -> None:
    case = scene(platform)
    analyst = person()
    page = analyst.log_in("analyst_a")
    _run_trace(analyst.go(f"/cases/{case}/flow/"))
    _walk_by_keyboard(page)
    _other_views(page)
    page.get_by_role("link", name="Where the money is now").click()
    page.wait_for_url(re.compile(r"/flow/frontier/"))
    _draft_two(page)
    expect(page.locator("tbody tr[data-row]")).to_have_count(2)
    page.go_back()
    page.reload()
    expect(page.locator("#frontier tbody tr", has_text="drafted by")).to_have_count(2)
    analyst.assert_clean()
    for place, path in enumerate((f"/cases/{case}/flow/", page.url.replace(analyst.platform.url, ""))):
        _in_chinese(analyst, path, place)
    analyst.assert_clean()


def test_new_money_is_told_by_itself_and_a_bank_sees_its_own_only(person: Any, platform: Any) -> None:
    """A hold in part proposes a watch, a later payment extends the trace, the analyst is led to the difference."""
    case = scene(platform)
    analyst, bank = person(), person()
    page = analyst.log_in("analyst_a")
    _run_trace(analyst.go(f"/cases/{case}/flow/"))
    account, _order = scene(platform, "ask", case, "stop").split()
    page = analyst.go(f"/cases/{case}/flow/frontier/")
    expect(page.locator("main")).to_contain_text("covers only a part")
    page.get_by_role("link", name="Watch them").click()
    expect(page.locator("#kind-watch")).to_be_checked()
    expect(page.get_by_label("2 months")).to_have_count(1)
    picture(page, "flow-watch")
    _account, watch = scene(platform, "ask", case, "watch").split()
    expect(analyst.go(f"/cases/{case}/flow/frontier/").locator("#frontier")).to_contain_text("Held in part and watched")
    told = "new payments changed a trace"
    before = analyst.go("/notifications/").locator("tbody tr", has_text=told).count()
    scene(platform, "more", case)
    rows = page.locator("tbody tr", has_text=told)
    for _try in range(30):
        analyst.go("/notifications/")
        if rows.count() > before:
            break
        page.wait_for_timeout(1_000)
    rows.first.get_by_role("button", name="Open").click()
    page.wait_for_url(re.compile(r"/difference/"))
    expect(page.locator("#changes tr.is-new")).to_have_count(1)
    picture(page, "flow-difference")
    desk = bank.log_in("risk_a")
    bank.go(f"/accounts/{account}/flow/")
    expect(desk.locator("#neighbours tbody tr")).not_to_have_count(0)
    assert "2026-" in desk.inner_text("#neighbours")
    assert not re.search(r"\*{4}", desk.inner_text("#neighbours"))
    picture(desk, "flow-bank")
    bank.go(f"/queue/{watch}/credits/")
    expect(desk.get_by_role("button", name="Tell this credit")).to_be_visible()
    picture(desk, "flow-credits")
    for someone in (analyst, bank):
        someone.assert_clean()


def _run_trace(page: Page) -> None:
    """The victim's three payments are chosen beforehand; every method says what it means."""
    expect(page.locator("#seeds [data-pick]:checked")).to_have_count(3)
    expect(page.locator(".ui-choice small").first).to_contain_text("first")
    picture(page, "flow-tab")
    page.get_by_role("button", name="Run the trace").click()
    page.wait_for_url(re.compile(r"/flow/[0-9a-f-]{36}/$"))
    expect(page.locator(".fl-node")).not_to_have_count(0)
    picture(page, "flow-layers")


def _walk_by_keyboard(page: Page) -> None:
    """Right along a payment, Enter for the account's sums and the way to it, e for what is hidden, u to take it back."""
    page.locator(".fl-node[tabindex='0']").focus()
    first = focused(page)
    assert "Start" in first
    page.keyboard.press("ArrowRight")
    second = focused(page)
    assert "Level 1" in second
    page.keyboard.press("ArrowRight")
    assert "Level 2" in focused(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#flow-detail")).to_contain_text("The money's way to here")
    expect(page.locator("#flow-svg.has-way .fl-ribbon.is-way")).not_to_have_count(0)
    picture(page, "flow-way")
    drawn = page.locator(".fl-node").count()
    handle = str(page.locator("a.fl-more").first.get_attribute("id"))
    page.locator(f"#{handle.replace('open-', 'n')}").focus()
    page.keyboard.press("e")
    page.wait_for_url(re.compile(r"[?&]open=\d+"))
    expect(page.get_by_role("link", name=re.compile("Undo opening"))).to_be_visible()
    assert page.locator(".fl-node").count() > drawn
    picture(page, "flow-opened")
    page.get_by_role("link", name=re.compile("Undo opening")).click()
    expect(page.locator(".fl-node")).to_have_count(drawn)
    slider = page.locator("#flow-until")
    slider.focus()
    expect(page.locator("#flow-until-text")).to_have_text(re.compile(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"))
    page.keyboard.press("Home")
    expect(page.locator(".fl-ribbon:not(.is-later)")).to_have_count(1)
    page.keyboard.press("End")
    expect(page.locator(".fl-ribbon.is-later")).to_have_count(0)


def _other_views(page: Page) -> None:
    """Time axis, totals, table; a PNG that is one."""
    for name, mark in (("Time axis", ".fl-svg--time"), ("Totals", ".fl-svg--sankey"), ("Table", "#flow-accounts")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(mark)).to_have_count(1)
        picture(page, f"flow-{name.split()[0].lower()}")
    page.get_by_role("link", name="Layers", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG").click()
    file = waiting.value
    assert file.suggested_filename.endswith(".png")
    with open(file.path(), "rb") as content:
        assert content.read(8) == b"\x89PNG\r\n\x1a\n"


def _draft_two(page: Page) -> None:
    """The two most urgent places whose bank is known, one form, drafts to their banks."""
    known = page.locator("#frontier tbody tr", has_not=page.locator("select"))
    for at in range(2):
        known.nth(at).locator("[data-pick]").check()
    picture(page, "flow-frontier")
    page.select_option("#id_legal_basis", job.BASIS)
    page.select_option("#id_second_officer", label="Second A")
    page.click("button[name=verb][value=save]")
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/orders/$"))
    expect(page.locator("#toasts")).to_contain_text("2 orders were drafted")


def _in_chinese(analyst: Any, path: str, place: int) -> None:
    page = analyst.go(path)
    if place == 0:
        job.switch_language(page, "zh-hans")
    assert re.search("[一-鿿]", page.title())
    picture(page, f"flow-zh-{place}")
