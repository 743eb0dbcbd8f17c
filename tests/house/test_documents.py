"""The documents name what exists: links, files, make targets, commands, settings and rule numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.house.tree import ROOT, python_files

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TOP = "antifraud|banks|cases|accounts|oversight|connector|templates|assets|locale|docs|tests|requirements"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
FILE = re.compile(rf"`((?:{TOP})/[\w./-]+)`")
TARGET = re.compile(r"`make ([a-z-]+)|^make ([a-z-]+)", re.MULTILINE)
COMMAND = re.compile(r"`manage\.py ([a-z_]+)")
SETTING = re.compile(r"`(ANTIFRAUD_[A-Z_]+)`")
RULE = re.compile(r"\b(R\d{1,2})\b")


def missing_files(text: str, folder: Path) -> list[str]:
    """Links and back-quoted paths of a document that lead nowhere."""
    links = [name for name in LINK.findall(text) if not (folder / name).exists()]
    return links + [name for name in FILE.findall(text) if not (ROOT / name).exists()]


def cited_rules(text: str) -> set[str]:
    """Rule numbers that a text cites ("R12")."""
    return set(RULE.findall(text))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_file_exists(path: Path) -> None:
    assert missing_files(path.read_text(), path.parent) == []


def test_a_dead_link_or_file_is_caught() -> None:
    text = (
        "[gone](docs/gone.md) and `banks/gone.py`, [here](README.md#top), `banks/apps.py`, [web](https://example.org)"
    )
    assert missing_files(text, ROOT) == ["docs/gone.md", "banks/gone.py"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_target_and_setting_exists(path: Path) -> None:
    text = path.read_text()
    makefile = (ROOT / "Makefile").read_text()
    source = "".join(file.read_text() for file in python_files(packages=("antifraud",)))
    targets = {first or second for first, second in TARGET.findall(text)}
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
    assert set(COMMAND.findall(text)) <= set(get_commands())
    assert [name for name in SETTING.findall(text) if f'"{name}"' not in source] == []


def test_every_cited_rule_is_listed() -> None:
    listed = set(re.findall(r"^\| (R\d+) \|", (ROOT / "docs" / "rules.md").read_text(), re.MULTILINE))
    texts = [
        path.read_text() for path in [*python_files(packages=("antifraud", "banks", "cases", "accounts", "oversight"))]
    ]
    assert set().union(*map(cited_rules, [*texts, *(path.read_text() for path in DOCUMENTS)])) - listed == set()
    assert cited_rules("see R99, not XR1 or R1000") - listed == {"R99"}


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        assert path.read_text().startswith(f"# {path.name[:4]} ")
