"""Finds the visible texts of templates, Python code and message dictionaries; the catalogue is not here."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from django.utils.translation.template import templatize

PACKAGES = ("antifraud", "banks", "cases", "accounts", "oversight")
TRANSLATION_MODULE = "django.utils.translation"

# name of the gettext function -> places of (context, message, plural) among its arguments
SIGNATURES: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
    "Text": (None, 0, None),
}
DICTIONARY_NAME = re.compile(r"^([A-Z][A-Z_]*_)?(MESSAGES|LABELS)$")

_LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_TEMPLATE_CALL = re.compile(
    rf"(?<![A-Za-z0-9_])(npgettext|ngettext|pgettext|gettext|_)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)"
)
_ONE_LITERAL = re.compile(_LITERAL)


class CatalogueError(Exception):
    """A text that cannot be translated as it is written; the message names the file and the reason."""


@dataclass(frozen=True, order=True)
class Message:
    """One text as gettext knows it; two messages with the same text and context are one entry."""

    text: str
    context: str = ""
    plural: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What gettext looks up."""
        return self.text, self.context


def template_messages(source: str) -> set[Message]:
    """Messages of a Django template: translate, blocktranslate and _("…") in tags and filters."""
    found = set()
    for name, arguments in _TEMPLATE_CALL.findall(templatize(source)):
        texts = [ast.literal_eval(text) for text in _ONE_LITERAL.findall(arguments)]
        found.add(_message("gettext" if name == "_" else name, texts))
    return found


def _message(function: str, texts: list[str]) -> Message:
    context, text, plural = SIGNATURES[function]
    return Message(
        texts[text],
        texts[context] if context is not None else "",
        texts[plural] if plural is not None else "",
    )


def python_messages(source: str, name: str = "<source>") -> set[Message]:
    """Messages of a Python file: literal arguments of gettext functions under whatever name imported.

    Calls with a variable are left alone (their texts come from a message dictionary); an f-string or another
    computed text raises CatalogueError because nobody could ever translate it.
    """
    tree = ast.parse(source)
    functions = _imported_functions(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := _called(node.func, functions)):
            texts = [_literal(argument, name) for argument in node.args[:3]]
            needed = [place for place in SIGNATURES[function] if place is not None]
            if len(texts) > max(needed) and all(texts[place] is not None for place in needed):
                found.add(_message(function, [text or "" for text in texts]))
    return found


def _imported_functions(tree: ast.Module) -> dict[str, str]:
    """Local name -> gettext function; `Text` counts wherever it comes from."""
    functions = {"Text": "Text"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == TRANSLATION_MODULE:
            functions |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in SIGNATURES}
    return functions


def _called(function: ast.expr, functions: Mapping[str, str]) -> str:
    if isinstance(function, ast.Name):
        return functions.get(function.id, "")
    if (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "translation"
    ):
        return function.attr if function.attr in SIGNATURES else ""
    return ""


def _literal(node: ast.expr, name: str) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    computed = isinstance(node, (ast.JoinedStr, ast.BinOp)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    )
    if computed:
        raise CatalogueError(f"{name}:{node.lineno}: a computed text cannot be translated; format after gettext")
    return None


def defines_dictionary(source: str) -> bool:
    """Whether the file has a module-level MESSAGES or …_LABELS dictionary."""
    return any(
        isinstance(target, ast.Name) and DICTIONARY_NAME.match(target.id)
        for node in ast.parse(source).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )


def dictionary_messages(module: ModuleType) -> set[Message]:
    """Plain-string texts of a module's message dictionaries (the rules rooms know no gettext)."""
    return {
        Message(text)
        for name, value in vars(module).items()
        if DICTIONARY_NAME.match(name) and isinstance(value, Mapping)
        for text in _texts(value)
    }


def _texts(value: object) -> Iterator[str]:
    """Strings among a dictionary's values, however deep; lazy translations are met in the source instead."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _texts(inner)


def collect(root: Path) -> dict[Message, list[str]]:
    """Every message of the tree under `root` -> the files that use it, without line numbers."""
    found: dict[Message, set[str]] = {}
    for path, messages in _sources(root):
        for message in messages:
            found.setdefault(message, set()).add(path.relative_to(root).as_posix())
    return {message: sorted(found[message]) for message in sorted(found)}


def _sources(root: Path) -> Iterator[tuple[Path, set[Message]]]:
    folders = [root / "templates", *(root / package / "templates" for package in PACKAGES)]
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in {".html", ".txt"}):
        try:
            yield path, template_messages(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            raise CatalogueError(f"{path.relative_to(root)}: {error.msg}") from error
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        messages = python_messages(source, path.relative_to(root).as_posix())
        if defines_dictionary(source):
            parts = path.relative_to(root).with_suffix("").parts
            messages |= dictionary_messages(importlib.import_module(".".join(parts).removesuffix(".__init__")))
        yield path, messages
