"""The theme: a cookie, known words only, and no way to another host."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory

from antifraud.preferences import theme_set


def post(**fields: str) -> HttpRequest:
    return RequestFactory().post("/theme/", fields)


def test_choice_is_kept_and_leads_back() -> None:
    response = theme_set(post(theme="dark", next="/cases/?page=2"))
    assert (response.status_code, response["Location"]) == (302, "/cases/?page=2")
    cookie = response.cookies["theme"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("dark", True, "Lax")
    assert int(cookie["max-age"]) > 300 * 24 * 3600


@pytest.mark.parametrize("theme", ["", "blue", '"><script>', "DARK"])
def test_unknown_theme_sets_nothing(theme: str) -> None:
    response = theme_set(post(theme=theme, next="/cases/"))
    assert response.status_code == 400
    assert "theme" not in response.cookies


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_foreign_target_leads_home(target: str) -> None:
    assert theme_set(post(theme="light", next=target))["Location"] == "/"


def test_reading_changes_nothing() -> None:
    response = theme_set(RequestFactory().get("/theme/", {"theme": "dark"}))
    assert response.status_code == 405
    assert "theme" not in response.cookies


@pytest.mark.parametrize(
    ("cookie", "shown"), [("dark", "dark"), ("light", "light"), ("x onload=1", "auto"), (None, "auto")]
)
def test_page_trusts_known_words_only(cookie: str | None, shown: str) -> None:
    request = RequestFactory().get("/")
    if cookie:
        request.COOKIES["theme"] = cookie
    template = Template("{% load ui %}{% theme %}")
    assert template.render(Context({"request": request})) == shown
    assert template.render(Context({})) == "auto"
