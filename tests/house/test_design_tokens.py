"""The colours of tokens.css are readable in both themes: computed by the WCAG formula, not by eye."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "assets" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
TONES = ("neutral", "info", "ok", "warn", "bad", "hold", "wait")
GROUNDS = ("page", "surface", "raised", "hover", "selected")

TEXT = [(text, ground) for text in ("text", "text-2", "muted", "link") for ground in GROUNDS]
TEXT += [(tone, f"{tone}-soft") for tone in TONES]
TEXT += [(tone, ground) for tone in TONES for ground in ("surface", "page", "hover", "selected")]
TEXT += [("text", f"{tone}-soft") for tone in TONES] + [("text-2", "sunken"), ("text", "sunken")]
TEXT += [("on-accent", ground) for ground in ("accent", "accent-strong", "bad-solid", "bad-strong")]
TEXT += [("side-text", "side"), ("side-text", "side-hover"), ("side-strong", "side-active"), ("side-muted", "side")]
TEXT += [("side-strong", "side-line")]
EDGES = [("control", "surface"), ("control", "page"), ("focus", "surface"), ("focus", "page"), ("side-mark", "side")]


def colours(theme: str) -> dict[str, str]:
    """Name -> #rrggbb; the dark theme is what it overrides on top of the light one."""
    light = CSS[CSS.index(":root {") : CSS.index(':root[data-bs-theme="dark"] {')]
    dark = CSS[CSS.index(':root[data-bs-theme="dark"] {') : CSS.index("/* Tabler's variables")]
    found = dict(re.findall(r"--c-([\w-]+): (#[0-9a-f]{6});", light))
    return found | (dict(re.findall(r"--c-([\w-]+): (#[0-9a-f]{6});", dark)) if theme == "dark" else {})


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_theme_is_read_in_full(theme: str) -> None:
    found = colours(theme)
    assert {name for pair in TEXT + EDGES for name in pair} <= set(found)
    assert (found["surface"] == "#ffffff") is (theme == "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable(theme: str) -> None:
    found = colours(theme)
    ratios = {(a, b): round(contrast(found[a], found[b]), 2) for a, b in TEXT}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_and_focus_are_visible(theme: str) -> None:
    found = colours(theme)
    ratios = {(a, b): round(contrast(found[a], found[b]), 2) for a, b in EDGES}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 3} == {}


def test_no_other_stylesheet_brings_a_colour() -> None:
    folder = Path(__file__).parents[2] / "assets" / "static" / "css"
    found = {
        f"{path.name}: {hit}"
        for path in folder.glob("*.css")
        if path.name not in ("tokens.css", "print.css")
        for hit in re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text(encoding="utf-8"))
    }
    assert found - {"controls.css: #fff", "plain.css: #fff"} == set()  # the knob of a switch, the ground of a QR code
