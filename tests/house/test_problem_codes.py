"""Every error code that a caller can meet is explained in docs/problems.md, and nothing else is."""

from __future__ import annotations

import ast

from tests.house.python_rules import documented_codes, error_codes
from tests.house.tree import ROOT, python_files


def error_family(sources: list[str]) -> frozenset[str]:
    """Names of AppError and of every class that inherits from it, in whatever file."""
    parents = {
        node.name: {ast.unparse(base).split(".")[-1] for base in node.bases}
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    family = {"AppError"}
    while heirs := {name for name, bases in parents.items() if bases & family} - family:
        family |= heirs
    return frozenset(family)


def test_every_code_is_documented_and_no_other() -> None:
    sources = [path.read_text() for path in python_files()]
    family = error_family(sources)
    codes = set().union(*(error_codes(source, family) for source in sources)) - {"error"}
    documented = documented_codes((ROOT / "docs" / "problems.md").read_text())
    assert (sorted(codes - documented), sorted(documented - codes)) == ([], [])


def test_the_family_is_found_over_several_files() -> None:
    assert error_family(["class Late(Refused): ...", "class Refused(errors.AppError): ...", "class Other: ..."]) == {
        "AppError",
        "Refused",
        "Late",
    }


def test_a_code_is_found_in_a_class_and_where_it_is_raised() -> None:
    source = "class Late(AppError):\n    code = 'late'\ng(code='no')\nraise errors.Late(code='too_late')\n"
    assert error_codes(source, frozenset({"AppError", "Late"})) == {"late", "too_late"}


def test_only_the_first_column_documents_a_code() -> None:
    assert documented_codes("| Code | When |\n| --- | --- |\n| `late` | see `early` |\n") == {"late"}
