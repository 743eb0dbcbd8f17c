"""The main job by hand, act by act: what an analyst, an approver and a risk officer click; what must be true of it is in the tests."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

BASIS = "Anti-Telecom-Fraud Law art. 20"
PREFIXES = {"bank_a": "622202", "bank_b": "621700"}
BANKS = {"bank_a": "Industrial and Commercial Bank", "bank_b": "China Construction Bank"}
# The moment at which each row of the queue was first there, by the browser's clock, and each hint of the stream.
WATCH = """() => {
    window.arrived = {};
    window.hints = [];
    const look = () => {
        for (const row of document.querySelectorAll("#rows [data-row]")) window.arrived[row.id] ??= Date.now();
    };
    look();
    new MutationObserver(look).observe(document.getElementById("rows"), { childList: true, subtree: true });
    document.body.addEventListener("sse-queue", () => window.hints.push(Date.now()));
}"""


def card(bank: str) -> str:
    """A card number of 19 digits that nobody has used, with a right check digit."""
    body = PREFIXES[bank] + "".join(secrets.choice("0123456789") for _ in range(12))
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    return body + str(-sum(n // 10 + n % 10 for n in doubled) % 10)


@dataclass(frozen=True)
class Line:
    """One line of the paste box; `typed` is how the officer's source writes it."""

    bank: str
    number: str
    amount: str
    typed: str


def three_lines() -> list[Line]:
    """Two accounts at bank_a and one at bank_b, each written differently."""
    one, two, three = card("bank_a"), card("bank_b"), card("bank_a")
    grouped = " ".join(two[at : at + 4] for at in range(0, 19, 4))
    return [
        Line("bank_a", one, "50,000.00", f"{one}\t张三\t50000.00"),
        Line("bank_b", two, "12,000.50", f"{grouped}, 李四, 12,000.50"),
        Line("bank_a", three, "8,000.00", f"{three}，王五，8000元"),
    ]


def fill_filing_page(page: Page, lines: list[Line]) -> None:
    """Type the case; returns when the preview shows every line."""
    page.fill("#id_victim_name", "赵小红")
    page.fill("#id_victim_phone", "13800138000")
    page.select_option("#id_fraud_type", index=1)
    page.fill("#id_incident_number", "110-20261122-0007")
    page.fill("#id_loss", "70,000.50")
    page.fill("#id_narrative", "冒充客服，分三次转账到指定账户。")
    page.locator("#id_accounts").fill("\n".join(line.typed for line in lines))
    expect(page.locator("#paste-result tbody tr")).to_have_count(len(lines))


def file_case(page: Page) -> str:
    """Send the filing page; the path of the case, from its accounts tab."""
    page.click("button[name=verb][value=file]")
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/accounts/$"))
    return urlsplit(page.url).path.removesuffix("accounts/")


def draft_stops(page: Page) -> dict[str, str]:
    """From the accounts tab: stop orders for every account, checked and submitted; order number -> path."""
    page.get_by_role("link", name="New order").click()
    page.check("#kind-stop")
    picks = page.locator("#lines [data-pick]")
    expect(picks).to_have_count(3)
    if page.locator("#lines [data-pick]:checked").count() < 3:
        page.check("#lines [data-pick-all]")
    expect(page.locator("#lines [data-pick]:checked")).to_have_count(3)
    page.select_option("#id_legal_basis", BASIS)
    page.select_option("#id_second_officer", label="Second A")
    page.fill("#id_reason", "十分钟前报案，资金正在转移。")
    page.click("button[name=verb][value=check]")
    expect(page.locator("#orders-to-write tbody tr")).to_have_count(3)
    page.click("button[name=verb][value=submit]")
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/orders/$"))
    links = page.locator("tbody tr[data-row] th a")
    return {link.inner_text().strip(): urlsplit(link.get_attribute("href") or "").path for link in links.all()}


def read_all(page: Page, numbers: list[str]) -> None:
    """Tick these orders among the waiting ones and open them to be read."""
    for number in numbers:
        page.locator("#to-approve tr[data-row]", has_text=number).locator("[data-pick]").check()
    page.locator("[data-bulk] button.btn-primary").click()
    page.wait_for_url(re.compile(r"/approvals/review/"))


def approve_all(page: Page) -> tuple[float, float]:
    """Double click on Approve, sent once; when it was sent and answered, in milliseconds of the browser's clock."""
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.get_by_role("button", name="Approve the ticked orders").dblclick()
    page.wait_for_url(re.compile(r"/approvals/$"))
    page.wait_for_load_state()
    posts = [request for request in sent if "/approvals/" in request.url]
    assert len(posts) == 1, [request.url for request in posts]
    timing = posts[0].timing
    return float(timing["startTime"]), float(timing["startTime"]) + float(timing["responseStart"])


def answer_executed(page: Page, amount: str) -> None:
    """Answer the open order page "executed" with this amount, taking effect now."""
    page.get_by_label("Executed", exact=True).first.check()
    page.get_by_role("button", name="Now").click()
    page.fill("#id_executed_minor", amount)
    page.fill("#id_handled_by", "Night Desk")
    page.click("#answer-form button[name=verb][value=answer]")


def switch_language(page: Page, code: str) -> None:
    """By the buttons of the user menu; the page comes back in that language."""
    page.locator("details.ui-menu > summary.ui-user").click()
    page.locator(f"form[action*=setlang] button[value='{code}']").first.click()
    page.wait_for_function(f"() => document.documentElement?.lang === '{code}'")


def issue_stops(person: Any) -> tuple[list[Line], str, dict[str, str]]:
    """A case with three accounts whose stop orders are approved: lines, path of the case, order number -> path."""
    analyst, approver, lines = person(), person(), three_lines()
    page = analyst.log_in("analyst_a")
    fill_filing_page(analyst.go("/cases/new/"), lines)
    case = file_case(page)
    orders = draft_stops(page)
    desk = approver.log_in("approver_a")
    approver.go("/approvals/")
    read_all(desk, list(orders))
    approve_all(desk)
    analyst.assert_clean()
    approver.assert_clean()
    return lines, case, orders
