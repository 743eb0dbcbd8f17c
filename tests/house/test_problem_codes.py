"""Every error code that a caller can meet is explained in docs/problems.md with its status, and nothing else is."""

from __future__ import annotations

from tests.house.problem_rules import documented_codes, error_codes, error_family
from tests.house.tree import ROOT, python_files

BASE = "class AppError(Exception):\n    code = 'error'\n    status = 400\n"
REFUSED = "class Refused(errors.AppError):\n    status = 403\n"
LATE = "class Late(Refused):\n    code = 'late'\n"


def test_every_code_is_documented_and_no_other() -> None:
    sources = [path.read_text() for path in python_files()]
    family = error_family(sources)
    codes = set().union(*(error_codes(source, family) for source in sources)) - {("error", "400")}
    documented = documented_codes((ROOT / "docs" / "problems.md").read_text())
    assert (sorted(codes - documented), sorted(documented - codes)) == ([], [])


def test_the_family_is_found_over_several_files() -> None:
    family = error_family([LATE, REFUSED, BASE, "class Other: ..."])
    assert family == {"AppError": "400", "Refused": "403", "Late": "403"}


def test_a_code_is_found_in_a_class_and_where_it_is_raised() -> None:
    family = error_family([BASE, REFUSED, LATE])
    source = "g(code='no')\nraise errors.Late(code='too_late')\nraise AppError(text, code='gone', status=410)\n"
    assert error_codes(LATE + source, family) == {("late", "403"), ("too_late", "403"), ("gone", "410")}


def test_only_the_first_columns_document_a_code() -> None:
    table = "| Code | Status | When |\n| --- | --- | --- |\n| `late` | 403 | see `early` |\n"
    assert documented_codes(table) == {("late", "403")}
