"""The Chinese catalogue is complete and consistent, and merging keeps what was translated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polib
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from banks.management import catalogue
from banks.management.catalogue import defects, has_bare_percent, load_glossary, merge, placeholders
from banks.management.source_texts import CatalogueError, Message, collect
from tests.house.tree import ROOT

PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def entries() -> list[polib.POEntry]:
    return [entry for entry in catalogue.read(PO) if not entry.obsolete]


def translations(entry: polib.POEntry) -> list[str]:
    """The Chinese texts of an entry (one: Chinese has no plural)."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


# -- the gate: the product's own catalogue ---------------------------------------------------------


def test_the_catalogue_is_complete() -> None:
    call_command("extract_messages", check=True)


def test_no_text_has_a_bare_percent_sign(entries: list[polib.POEntry]) -> None:
    assert [e.msgid for e in entries if has_bare_percent(e.msgid) or has_bare_percent(e.msgid_plural)] == []


def test_translations_ask_for_the_same_names(entries: list[polib.POEntry]) -> None:
    wrong = [
        (entry.msgid, text)
        for entry in entries
        for text in translations(entry)
        if text and placeholders(text) != placeholders(entry.msgid + entry.msgid_plural)
    ]
    assert wrong == []


def test_terms_have_the_glossarys_chinese(entries: list[polib.POEntry]) -> None:
    terms = {english.casefold(): chinese for english, chinese in load_glossary(ROOT / catalogue.GLOSSARY).items()}
    wrong = [
        (entry.msgid, translations(entry), terms[entry.msgid.casefold()])
        for entry in entries
        if not entry.msgctxt and entry.msgid.casefold() in terms
        if translations(entry) != [terms[entry.msgid.casefold()]]
    ]
    assert wrong == []


def test_the_file_is_as_the_command_writes_it() -> None:
    text = PO.read_text(encoding="utf-8")
    assert f"{catalogue.read(PO)}\n" == text
    assert "POT-Creation-Date" not in text
    assert "Last-Translator" not in text


def test_obsolete_texts_are_not_kept() -> None:
    found = {message.key for message in collect(ROOT)}
    unused = [e.msgid for e in catalogue.read(PO) if not e.obsolete and (e.msgid, e.msgctxt or "") not in found]
    assert unused == []


# -- merging and checking --------------------------------------------------------------------------

OLD = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

# kept by hand
#: gone.py:17
msgid "Kept"
msgstr "保留"

#, fuzzy
msgid "Guessed"
msgstr "猜测"

msgid "Dropped"
msgstr "删除"

msgid "Never translated"
msgstr ""

#~ msgid "Back again"
#~ msgstr "回来"
"""
FOUND: dict[Message, list[str]] = {
    Message("Back again"): ["a.py"],
    Message("Freeze"): ["a.py"],
    Message("Guessed"): ["a.py"],
    Message("Kept"): ["a.py", "b.html"],
    Message("New %(x)s {y}"): ["b.html"],
    Message("row", "", "rows"): ["b.html"],
}


def merged(found: Mapping[Message, list[str]] = FOUND) -> polib.POFile:
    return merge(polib.pofile(OLD, wrapwidth=0), found, {"freeze": "冻结"})


def test_merging_keeps_translations_and_fills_in_terms() -> None:
    live = {entry.msgid: translations(entry)[0] for entry in merged() if not entry.obsolete}
    assert live == {
        "Back again": "回来",
        "Freeze": "冻结",
        "Guessed": "猜测",
        "Kept": "保留",
        "New %(x)s {y}": "",
        "row": "",
    }


def test_merging_marks_what_is_unused_and_drops_what_never_was_translated() -> None:
    assert [entry.msgid for entry in merged() if entry.obsolete] == ["Dropped"]


def test_merging_writes_no_line_numbers_dates_or_names() -> None:
    text = str(merged())
    assert "#: a.py b.html\n" in text
    assert "gone.py" not in text
    assert "# kept by hand\n" in text
    assert "#, python-format, python-brace-format\n" in text
    assert "Date" not in text
    assert "Translator" not in text


def test_merging_twice_changes_nothing() -> None:
    once = merged()
    again = merge(polib.pofile(str(once), wrapwidth=0), dict(reversed(FOUND.items())), {})
    assert str(again) == str(once)


def test_defects_name_what_is_missing_untranslated_or_fuzzy() -> None:
    found = {**FOUND, Message("Unknown"): ["c.py"], Message("Kept", "", "Many"): ["c.py"]}
    kinds = {line.split(" (")[0] for line in defects(merged(), found)}
    assert kinds == {
        "fuzzy: 'Guessed'",
        "untranslated: 'New %(x)s {y}'",
        "untranslated: 'row'",
        "missing: 'Unknown'",
        "missing: 'Kept'",
    }


def test_a_complete_catalogue_has_no_defects() -> None:
    assert defects(merged(), {Message("Kept"): ["a.py"], Message("Freeze"): ["a.py"]}) == []


def test_the_check_fails_on_an_empty_catalogue(tmp_path: Path, settings: Settings) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    with pytest.raises(CommandError, match="texts to translate"):
        call_command("extract_messages", check=True)
    assert list(tmp_path.iterdir()) == []


def test_compiled_catalogues_are_what_django_reads(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(OLD, encoding="utf-8")
    settings.LOCALE_PATHS = [tmp_path]
    call_command("compile_catalogues", verbosity=0)
    compiled = {entry.msgid: entry.msgstr for entry in polib.mofile(str(folder / "django.mo"))}
    assert compiled == {"Kept": "保留", "Dropped": "删除"}
    assert sorted(path.name for path in folder.iterdir()) == ["django.mo", "django.po"]


# -- glossary, placeholders ------------------------------------------------------------------------


def test_the_glossary_is_read(tmp_path: Path) -> None:
    path = tmp_path / "glossary.md"
    path.write_text(
        "| English | 简体中文 | Meaning | In code |\n| --- | --- | --- | --- |\n| freeze | 冻结 | x | y |\n"
    )
    assert load_glossary(path) == {"freeze": "冻结"}


@pytest.mark.parametrize("row", ["| freeze | 止付 | x | y |", "| hold | | x | y |"])
def test_a_glossary_with_two_names_or_none_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "glossary.md"
    path.write_text(f"| freeze | 冻结 | x | y |\n{row}\n")
    with pytest.raises(CatalogueError):
        load_glossary(path)


def test_a_chinese_term_has_one_english_name() -> None:
    terms = load_glossary(ROOT / catalogue.GLOSSARY)
    assert len(set(terms.values())) == len(terms) == len({term.casefold() for term in terms})


@pytest.mark.parametrize(
    ("text", "names", "bare"),
    [
        ("%(a)s of {b} and {c:>3}", {"a", "b", "c"}, False),
        ("100 % sure", set(), True),
        ("saved %%", set(), True),
        ("%s rows", set(), True),
        ("plain", set(), False),
    ],
)
def test_placeholders_and_percent_signs(text: str, names: set[str], bare: bool) -> None:
    assert (set(placeholders(text)), has_bare_percent(text)) == (names, bare)
