"""Verbs that the code puts together, passes on or imports have words for people too; those that stand as text are beside this."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Escalation
from accounts.services.escalation import CODES
from cases.views.words import VERB_LABELS
from tests.house.test_timeline_words import RECORDERS
from tests.house.tree import ROOT, python_files

VERB = re.compile(r"[a-z_]+\.[a-z_]+")
# `{entity}.{verb}` of every workflow and `{model}.reveal`: the test beside this knows them all.
ELSEWHERE = {"antifraud/workflow.py", "antifraud/audit/diary.py"}
NO_VERBS = {"delivery.redrive_asked", "refund.submitted", "refund.rejected"}  # codes of notices to people
ESCALATED = {f"{code}_{step}" for code in CODES.values() for step in Escalation.Step.values}


def computed(source: str) -> list[ast.Call]:
    """Calls that write down, with a case, a verb that does not stand there as text."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    return [call for call in calls if _records(call) and not isinstance(call.args[0], ast.Constant)]


def possible(path: Path) -> Iterator[str]:
    """What a verb of this module may be: a name's value, or any text of the module that looks like a verb."""
    source = path.read_text()
    for call in computed(source):
        first = call.args[0]
        if isinstance(first, ast.JoinedStr):
            assert path.name == "escalation.py", f"{path}: say here which verbs it makes"
            yield from ESCALATED
        elif isinstance(first, ast.Name) and first.id.isupper():
            module: Any = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            yield str(getattr(module, first.id))
        else:
            texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
            yield from (
                text for text in texts if isinstance(text, str) and VERB.fullmatch(text) and text not in NO_VERBS
            )


def test_every_computed_verb_has_words() -> None:
    files = [path for path in python_files() if str(path.relative_to(ROOT)) not in ELSEWHERE]
    found = {verb for path in files for verb in possible(path)}
    assert {"order.available", "trace.export_clear", "hold.announce", *ESCALATED} <= found
    assert sorted(found - VERB_LABELS.keys()) == []


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("diary.record(verb, by=by, case_id=1)", 1),
        ('diary.record(f"{code}_x", by=by, case_id=1)', 1),
        ("diary.record_many(VERB, rows=[])", 1),
        ("diary.record(verb, by=by)", 0),
        ('diary.record("a.b", by=by, case_id=1)', 0),
    ],
)
def test_a_computed_verb_is_found(source: str, number: int) -> None:
    assert len(computed(source)) == number


def _records(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in RECORDERS and (name == "record_many" or any(word.arg == "case_id" for word in call.keywords))
