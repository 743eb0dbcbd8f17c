"""The main pages with real content, in both languages, on a desk and on a phone: nothing overflows, axe finds nothing
serious, nothing is left in English; pictures are kept where ANTIFRAUD_SCREENSHOTS names a folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e import main_job as job
from tests.e2e.conftest import picture

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SIZES = {"desk": (1366, 900), "phone": (390, 844)}
LANGUAGES = ("en", "zh-hans")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
GRAVE = {"serious", "critical"}
JUDGED = {("en", "desk"), ("zh-hans", "phone")}  # axe takes a second: each language and each size once
# Words of three letters and more that a Chinese page may show: units, formats, keys, and names of the cast.
FOREIGN = {
    "CNY", "SHA", "PDF", "XLSX", "CSV", "PNG", "JPEG", "Ctrl", "English",
    "Analyst", "Approver", "Second", "Risk", "Supervisor", "Duty", "risk", "analyst", "approver", "second",
}  # fmt: skip
ENGLISH_WORDS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const box = node.parentElement;
        if (box.closest("script, style, template, pre, select, .ui-mono, [lang]:not(html)") || !box.checkVisibility()) continue;
        for (const word of node.textContent.match(/[A-Za-z]{3,}/g) ?? []) found.add(word);
    }
    return [...found];
}"""
TOO_WIDE = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const scrolls = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
    const all = [...document.querySelectorAll("main *")]
        .filter((e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e.parentElement));
    return ["page", ...all.slice(0, 5).map((e) => e.tagName + "." + e.className)];
}"""


def test_main_pages_fit_read_well_and_are_translated(person: Any) -> None:
    """Eight pages x two languages x two sizes; every fault is listed, not only the first."""
    _lines, issued, orders = job.issue_stops(person)
    analyst = person()
    page = analyst.log_in("analyst_a")
    lines = job.three_lines()
    job.fill_filing_page(analyst.go("/cases/new/"), lines)
    fresh = job.file_case(page)
    faults = _look(analyst, _analyst_pages(issued, fresh))
    second = person()
    second.log_in("analyst_a")
    job.draft_stops(second.go(f"{fresh}accounts/"))
    approver = person()
    approver.log_in("approver_a")
    faults += _look(approver, {"approvals": ("/approvals/", None)})
    bank = person()
    queue = bank.log_in("risk_a")
    answer = str(queue.locator("#rows [data-row] th a").first.get_attribute("href"))
    faults += _look(bank, {"queue": ("/queue/", None), "answer": (answer, None)})
    chief = person()
    chief.log_in("supervisor_a")
    faults += _look(chief, {"assessment": ("/assessment/", None)})
    assert len(orders) == 3
    assert not faults, "\n".join(faults)


Pages = dict[str, tuple[str, Callable[[Page], None] | None]]


def _analyst_pages(issued: str, fresh: str) -> Pages:
    """Name -> path and what is typed there first."""
    return {
        "cases": ("/cases/", None),
        "filing": ("/cases/new/", lambda page: job.fill_filing_page(page, job.three_lines())),
        "accounts": (f"{issued}accounts/", None),
        "draft": (f"{fresh}orders/new/", None),
    }


def _look(someone: Any, pages: Pages) -> list[str]:
    """Every page in both languages and sizes; what is wrong, one line each."""
    faults: list[str] = []
    someone.page.on("dialog", lambda dialog: dialog.accept())
    for language in LANGUAGES:
        if language != "en":
            job.switch_language(someone.page, language)
        for name, (path, prepare) in pages.items():
            page = someone.go(path)
            if prepare is not None:
                prepare(page)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                picture(page, f"{name}-{language}-{size}")
                faults += [f"{name} {language} {size}: {fault}" for fault in _faults(page, language, size)]
            page.set_viewport_size({"width": 1366, "height": 900})
    someone.assert_clean()
    return faults


def _faults(page: Page, language: str, size: str) -> list[str]:
    found = [f"too wide: {what}" for what in page.evaluate(TOO_WIDE)]
    rules = Axe().run(page, options=AXE).response["violations"] if (language, size) in JUDGED else []
    found += [f"axe {rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in rules if rule["impact"] in GRAVE]
    if language != "en":
        found += [f"not translated: {word}" for word in page.evaluate(ENGLISH_WORDS) if word not in FOREIGN]
    return found
