"""Every static file and icon that a template names exists, and of node_modules only the white list can be fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from antifraud.staticfiles import VendorFinder, VendorStorage
from banks.templatetags.ui_words import WORDS
from tests.house.tree import templates

ROOT = Path(__file__).parents[2]
SPRITE = (ROOT / "assets" / "static" / "img" / "icons.svg").read_text(encoding="utf-8")
ICONS = set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE))


def test_every_static_name_in_a_template_is_found() -> None:
    names = {
        (path.name, name)
        for path in templates()
        for name in re.findall(r"\{% static '([^']+)' %\}", path.read_text(encoding="utf-8"))
        if not name.startswith("vendor/")
    }
    assert ("base.html", "js/live.js") in names
    assert {entry for entry in names if finders.find(entry[1]) is None} == set()


def test_every_vendor_name_in_a_template_is_on_the_white_list() -> None:
    names = {
        name
        for path in templates()
        for name in re.findall(r"\{% static '(vendor/[^']+)' %\}", path.read_text(encoding="utf-8"))
    }
    assert "vendor/htmx.min.js" in names
    assert names <= set(settings.VENDOR_ASSETS)


def test_every_icon_that_is_named_is_drawn() -> None:
    used = {word.icon for words in WORDS.values() for word in words.values()}
    for path in templates():
        found = re.findall(r'\{% icon "([a-z-]+)" %\}|\bicon="([a-z-]+)"', path.read_text(encoding="utf-8"))
        used |= {name for pair in found for name in pair if name}
    assert {"send", "search", "menu"} <= used
    assert used - ICONS == set()


def test_drawings_hold_no_code_and_no_foreign_address() -> None:
    for path in (ROOT / "assets" / "static" / "img").glob("*.svg"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.search(r"<script|\bon[a-z]+=|https?:|style=", text) is None, path.name


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package folder with one wanted and one unwanted file."""
    (tmp_path / "wanted.js").write_text("1")
    (tmp_path / "unwanted.js").write_text("2")
    return tmp_path


def test_finder_gives_the_listed_file_only(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"vendor/wanted.js": package / "wanted.js", "vendor/lost.js": package / "lost.js"}
    monkeypatch.setattr(settings, "VENDOR_ASSETS", listed)
    finder = VendorFinder()
    assert finder.find("vendor/wanted.js") == str(package / "wanted.js")
    assert finder.find("vendor/wanted.js", find_all=True) == [str(package / "wanted.js")]
    assert finder.find("vendor/lost.js") is None
    for name in ("vendor/unwanted.js", "unwanted.js", "vendor/../unwanted.js", "../wanted.js"):
        assert finder.find(name) is None
    assert [error.id for error in finder.check()] == ["assets.E001"]


def test_storage_knows_no_other_name(package: Path) -> None:
    storage = VendorStorage({"vendor/wanted.js": package / "wanted.js"})
    assert storage.exists("vendor/wanted.js")
    assert not storage.exists("vendor/unwanted.js")
    with storage.open("vendor/wanted.js") as file:
        assert file.read() == b"1"
    with pytest.raises(KeyError):
        storage.open("vendor/unwanted.js")
