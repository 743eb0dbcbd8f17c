"""Keeps the Chinese translation catalogue in step with the source; finding the texts is in `source_texts`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polib

from banks.management.source_texts import CatalogueError, Message

LANGUAGE = "zh_Hans"
GLOSSARY = Path("docs") / "glossary.md"

_PERCENT_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
_BRACE_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")


def placeholders(text: str) -> frozenset[str]:
    """The names that a text asks for: %(name)s and {name}."""
    return frozenset(_PERCENT_PLACEHOLDER.findall(text)) | frozenset(_BRACE_PLACEHOLDER.findall(text))


def has_bare_percent(text: str) -> bool:
    """A % that is no placeholder: Django looks such a text up under another spelling in templates."""
    return "%" in _PERCENT_PLACEHOLDER.sub("", text)


def load_glossary(path: Path) -> dict[str, str]:
    """English term -> Chinese term of the tables in docs/glossary.md; CatalogueError on a repeated term."""
    terms: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4 or cells[0] == "English" or set(cells[0]) <= {"-", ":"}:
            continue
        english, chinese = cells[:2]
        if not english or not chinese:
            raise CatalogueError(f"{path.name}: an empty cell in: {line}")
        if english in terms:
            raise CatalogueError(f"{path.name}: {english!r} is there twice")
        terms[english] = chinese
    return terms


def merge(old: polib.POFile, found: Mapping[Message, list[str]], glossary: Mapping[str, str]) -> polib.POFile:
    """A new catalogue in stable order: translations kept, glossary terms filled in, unused texts obsolete."""
    known = {(entry.msgid, entry.msgctxt or ""): entry for entry in old}
    terms = {english.casefold(): chinese for english, chinese in glossary.items()}
    catalogue = empty_catalogue()
    wanted: dict[tuple[str, str], polib.POEntry] = {}
    for message, files in found.items():
        entry = wanted.setdefault(message.key, polib.POEntry(msgid=message.text, msgctxt=message.context or None))
        entry.msgid_plural = entry.msgid_plural or message.plural
        entry.occurrences = sorted({*entry.occurrences, *((name, "") for name in files)})
    for key in sorted(wanted):
        entry = wanted[key]
        _translate(entry, known.pop(key, None), terms.get(entry.msgid.casefold(), ""))
        catalogue.append(entry)
    for key in sorted(known):
        if known[key].translated() or known[key].obsolete:
            known[key].obsolete = True
            catalogue.append(known[key])
    return catalogue


def _translate(entry: polib.POEntry, before: polib.POEntry | None, term: str) -> None:
    kept = ""
    if before is not None:
        kept = before.msgstr_plural.get(0, "") or before.msgstr
        entry.tcomment = before.tcomment
        entry.flags = [flag for flag in before.flags if flag == "fuzzy"]
    if entry.msgid_plural:
        entry.msgstr_plural = {0: kept or term}
    else:
        entry.msgstr = kept or term
    texts = entry.msgid + entry.msgid_plural
    if _PERCENT_PLACEHOLDER.search(texts):
        entry.flags.append("python-format")
    if _BRACE_PLACEHOLDER.search(texts):
        entry.flags.append("python-brace-format")


def empty_catalogue() -> polib.POFile:
    """A catalogue with the header only: no dates, no persons, no machines."""
    catalogue = polib.POFile(wrapwidth=0)
    catalogue.metadata = {
        "Project-Id-Version": "antifraud",
        "Language": LANGUAGE,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return catalogue


def read(path: Path) -> polib.POFile:
    """The catalogue of a file; an empty one where there is no file yet."""
    return polib.pofile(str(path), wrapwidth=0) if path.exists() else empty_catalogue()


def defects(catalogue: polib.POFile, found: Mapping[Message, list[str]]) -> list[str]:
    """One line for each message that is missing, untranslated or fuzzy; none means complete."""
    known = {(entry.msgid, entry.msgctxt or ""): entry for entry in catalogue if not entry.obsolete}
    lines = []
    for message, files in found.items():
        entry = known.get(message.key)
        if entry is None or (message.plural and not entry.msgid_plural):
            lines.append(f"missing: {message.text!r} ({', '.join(files)})")
        elif "fuzzy" in entry.flags:
            lines.append(f"fuzzy: {message.text!r} ({', '.join(files)})")
        elif not entry.translated():
            lines.append(f"untranslated: {message.text!r} ({', '.join(files)})")
    return lines


def write_atomically(path: Path, content: bytes) -> bool:
    """Put the content in place in one step; False where the file already has it."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
    return True
