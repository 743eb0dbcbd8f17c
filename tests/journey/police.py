"""Officers as HTTP clients: they log in on the page as people do, then use the API with their session."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.cast import PASSWORD


class Officer:
    """One logged-in person."""

    def __init__(self, url: str, username: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=15, trust_env=False, follow_redirects=False)
        page = self.http.get("/me/login/")
        page.raise_for_status()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if found is None:
            raise RuntimeError("the log-in page has no CSRF token")
        form = {"csrfmiddlewaretoken": found[1], "login": username, "password": PASSWORD}
        answer = self.http.post("/me/login/", data=form, headers={"Referer": url})
        if answer.status_code != 302:
            raise RuntimeError(f"{username} could not log in: {answer.status_code}")

    def get(self, path: str) -> Any:
        """GET of the API."""
        answer = self.http.get(f"/api/v1/{path}")
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST to the API with the session's CSRF token."""
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Referer": str(self.http.base_url)}
        answer = self.http.post(f"/api/v1/{path}", json=body, headers=headers)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:800]}")
        return answer.json()
