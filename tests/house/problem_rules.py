"""Which error codes the source can answer with, and which ones docs/problems.md explains."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

ROOT_ERROR = "AppError"
_ROW = re.compile(r"^\| `([a-z_0-9.]+)` \| (\d{3}) \|", re.MULTILINE)


def error_family(sources: list[str]) -> dict[str, str]:
    """AppError and every class that inherits from it, in whatever file -> its HTTP status as written."""
    classes = {node.name: node for source in sources for node in _classes(source)}
    family: dict[str, str] = {}
    waiting = dict(classes)
    while found := [name for name, node in waiting.items() if name == ROOT_ERROR or _parents(node) & family.keys()]:
        for name in found:
            node = waiting.pop(name)
            inherited = next((family[parent] for parent in _parents(node) if parent in family), "")
            family[name] = _assigned(node, "status") or inherited
    return family


def error_codes(source: str, family: dict[str, str]) -> set[tuple[str, str]]:
    """(code, status) of the errors in a file: `code = "…"` of a class, `code="…"` where one is raised."""
    codes = {(_assigned(node, "code"), family[node.name]) for node in _classes(source) if node.name in family}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func).split(".")[-1]) in family:
            given = {k.arg: str(k.value.value) for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)}
            codes.add((given.get("code", ""), given.get("status", family[name])))
    return {(code, status) for code, status in codes if code}


def documented_codes(text: str) -> set[tuple[str, str]]:
    """(code, status) of the table in docs/problems.md."""
    return set(_ROW.findall(text))


def _classes(source: str) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


def _parents(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).split(".")[-1] for base in node.bases}


def _assigned(node: ast.ClassDef, name: str) -> str:
    """The literal that a class body gives to a name, "" where it gives none."""
    literals = [line for line in node.body if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)]
    found = [line.value for line in literals if [ast.unparse(target) for target in line.targets] == [name]]
    return str(ast.literal_eval(found[-1])) if found else ""
