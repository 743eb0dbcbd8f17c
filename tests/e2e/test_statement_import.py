"""A statement by hand: dropped, its columns named, checked, taken into the ledger; pages in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.accounts.flow.files import UNKNOWN, csv_bytes, row
from tests.e2e import main_job as job
from tests.e2e.conftest import picture
from tests.e2e.test_main_pages import AXE, GRAVE, SIZES, TOO_WIDE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
COLUMNS = ("account", "account_name", "at", "amount", "balance", "direction", "counter", "counter_name")


def write(folder: Path, name: str, rows: list[dict[str, Any]], headings: tuple[str, ...] | None = None) -> str:
    path = folder / name
    path.write_bytes(csv_bytes(rows, headings) if headings else csv_bytes(rows))
    return str(path)


def import_known(page: Page, path: str) -> None:
    """Upload, wait for the reading, compare, take."""
    page.set_input_files("#id_chosen", path)
    page.get_by_role("button", name="Upload and read").click()
    page.wait_for_url(re.compile(r"/statements/[0-9a-f-]{36}/$"))
    expect(page.locator("#commit")).to_be_visible(timeout=30_000)


def take(page: Page) -> None:
    page.locator("#id_checked").check()
    page.locator("#commit button.btn-primary").click()
    expect(page.locator(".ui-head .ui-pill")).to_contain_text("Taken into the ledger", timeout=30_000)


def test_from_the_file_to_the_ledger(person: Any, tmp_path: Path) -> None:
    analyst, lines = person(), job.three_lines()
    page = analyst.log_in("analyst_a")
    job.fill_filing_page(analyst.go("/cases/new/"), lines)
    case = job.file_case(page)
    a, b = lines[0].number, lines[1].number
    paid = [row(a, b, "in", 500_000, balance=500_000), row(a, b, "out", 120_000, second=60, balance=380_000)]
    bad = row(a, b, "in", 0, second=90, amount_text="fünf")

    analyst.go(f"{case}statements/")
    look(page, "statements-empty")
    import_known(page, write(tmp_path, "known.csv", [*paid, bad]))
    expect(page.locator("#totals tbody tr")).to_have_count(2)
    expect(page.locator("#remarks tbody tr")).to_have_count(1)
    look(page, "statement-preview")
    page.get_by_role("link", name="Row by row").click()
    expect(page.locator("#remarks tbody tr")).to_have_count(1)
    look(page, "statement-remarks")
    page.go_back()
    take(page)
    look(page, "statement-committed")
    page.get_by_role("link", name="Rows of the file").click()
    expect(page.locator("#lines tbody tr")).to_have_count(2)
    look(page, "statement-lines")

    analyst.go(f"{case}statements/")
    page.select_option("#id_institution", label="Industrial and Commercial Bank")
    headings = (*UNKNOWN, "己列", "庚列", "辛列")
    unknown = write(tmp_path, "unknown.csv", [row(b, a, "out", 500_000, second=2, serial="")], headings)
    page.set_input_files("#id_chosen", unknown)
    page.get_by_role("button", name="Upload and read").click()
    page.wait_for_url(re.compile(r"/columns/$"), timeout=30_000)
    look(page, "statement-columns")
    for place, name in enumerate(COLUMNS):
        page.select_option(f"#id_column-{place}", name)
    expect(page.locator("#map-rows tbody tr")).to_have_count(1, timeout=15_000)
    look(page, "statement-columns-named")
    page.get_by_role("button", name="Read the file with these columns").click()
    expect(page.locator("#commit")).to_be_visible(timeout=30_000)
    take(page)
    page.get_by_role("link", name="Recognised transfers").click()
    expect(page.locator("#matches tbody tr")).to_have_count(1)
    look(page, "matches")
    chinese(page, "matches")
    for path, name in ((f"{case}statements/", "statements"), (f"{case}matches/", "matches-en")):
        analyst.go(path)
        look(page, name)
    analyst.assert_clean()


def chinese(page: Page, name: str) -> None:
    """The same page in Chinese, and back."""
    job.switch_language(page, "zh-hans")
    look(page, f"{name}-zh")
    job.switch_language(page, "en")


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
