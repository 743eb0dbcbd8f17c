"""Signing keys by keyboard alone: register, approve as a second person, revoke; readable and accessible on desk and phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page

from banks.rules.signing_keys import fingerprint
from tests.e2e.conftest import picture
from tests.e2e.test_main_pages import AXE, GRAVE, TOO_WIDE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def to(page: Page, selector: str) -> None:
    """Walk with Tab until the control has the focus; fails where the keyboard does not lead there."""
    for _step in range(80):
        if page.locator(selector).first.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {selector}")


def look(page: Page, name: str) -> None:
    picture(page, name)
    assert page.evaluate(TOO_WIDE) == []
    found = [each["id"] for each in Axe().run(page, options=AXE).response["violations"] if each["impact"] in GRAVE]
    assert found == []


def test_a_key_from_registration_to_revocation_by_keyboard(person: Any) -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    bank = person()
    page = bank.log_in("risk_supervisor_a")
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.wait_for_url("**/keys/")
    look(page, "keys_empty")
    page.keyboard.press("n")
    page.wait_for_url("**/keys/new/")
    look(page, "key_form")
    to(page, "#id_key_id")
    page.keyboard.type("core-1")
    to(page, "#id_public_key")
    page.keyboard.type(raw.hex())
    to(page, "form[data-guard] .btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/keys/" in url and "/new/" not in url)
    address = page.url.removeprefix(bank.platform.url)
    assert fingerprint(raw) in page.inner_text("main")
    look(page, "key_own")

    admin = person(width=390, height=844)
    second = admin.log_in("admin")
    second = admin.go(address)
    look(second, "key_approval_phone")
    to(second, "#id_compared")
    second.keyboard.press("Space")
    to(second, "main form .btn-primary")
    second.keyboard.press("Enter")
    second.wait_for_selector("form[action$='/approve/']", state="detached")

    page = bank.go(address)
    to(page, "[data-dialog=dlg-revoke]")
    page.keyboard.press("Enter")
    picture(page, "key_revoke_dialog")
    to(page, "#dlg-revoke #id_reason")
    page.keyboard.type("laptop stolen")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=laptop stolen")
    look(page, "key_revoked")
    look(bank.go("/keys/"), "keys")
    bank.assert_clean()
    admin.assert_clean()
