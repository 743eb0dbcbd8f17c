"""Logging in, the shell, both languages; five wrong passwords lock the door."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("username", "home"), [("analyst_a", "/cases/"), ("risk_a", "/queue/")])
def test_each_role_lands_where_its_work_is(person: Any, username: str, home: str) -> None:
    someone = person()
    page = someone.log_in(username)
    assert page.url.endswith(home)
    assert page.locator("html").get_attribute("lang") == "en"
    someone.assert_clean()


def test_the_language_switch_changes_every_word_of_the_menu(person: Any) -> None:
    someone = person()
    page = someone.log_in("analyst_a")
    before = page.locator("nav").first.inner_text()
    page.locator("form[action*=setlang] [value='zh-hans']").first.evaluate(
        """(node) => {
            if (node.tagName === "OPTION") node.selected = true;
            node.closest("form").requestSubmit(node.tagName === "BUTTON" ? node : undefined);
        }"""
    )
    page.wait_for_function("() => document.documentElement?.lang === 'zh-hans'")
    after = page.locator("nav").first.inner_text()
    assert not set(before.split()) & set(after.split())
    someone.assert_clean()
