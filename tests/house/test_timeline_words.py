"""Whatever the audit log keeps of a case has words for people: a timeline never shows a verb of the programme."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from django.utils import translation

from accounts import states as account_states
from antifraud.workflow import Workflow
from banks.models import User
from banks.templatetags.ui import timeline
from cases import states as case_states
from cases.views.words import VERB_LABELS
from tests.house.tree import python_files

RECORDERS = {"record", "record_many"}
REVEALED = (
    "alert", "alertline", "alertnotice", "involvedaccount", "lead", "ledgeraccount", "objection", "order", "refund",
    "refundround", "refundshare", "statementline", "victim",
)  # fmt: skip


def recorded(source: str) -> Iterator[str]:
    """Verbs that are written down with a case, where they stand as text."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        has_case = name == "record_many" or any(word.arg == "case_id" for word in node.keywords)
        first = node.args[0]
        if name in RECORDERS and has_case and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def steps() -> Iterator[str]:
    for module in (account_states, case_states):
        for flow in vars(module).values():
            if isinstance(flow, Workflow):
                yield from (f"{flow.entity}.{verb}" for verb in flow.transitions)


def test_every_verb_of_a_case_has_words() -> None:
    found = {verb for path in python_files() for verb in recorded(path.read_text())}
    found |= {*steps(), *(f"{model}.reveal" for model in REVEALED)}
    unknown = {verb for verb in found - VERB_LABELS.keys() if not verb.startswith("grant.")}
    assert sorted(unknown) == []


def test_a_verb_is_found_where_it_is_written_down() -> None:
    source = 'diary.record("a.b", by=by, case_id=1)\nrecord("c.d", by=by)\ndiary.record_many("e.f", rows=[])\n'
    assert list(recorded(source)) == ["a.b", "e.f"]


@pytest.mark.parametrize(("language", "name"), [("en", "Platform"), ("zh-hans", "平台")])
def test_the_platform_itself_is_named_in_the_readers_language(language: str, name: str) -> None:
    user = User(username="system", full_name="Platform", role=User.Role.SYSTEM)
    officer = User(username="p.latform", full_name="Platform", role=User.Role.ANALYST)
    with translation.override(language):
        assert str(user) == name
        assert str(officer) == "Platform", "an officer of that name keeps it"
        (shown,) = timeline([{"title": "x", "actor": user.audit_name}])["items"]
        assert shown["actor"] == name
    assert user.audit_name == "Platform (system)", "what is kept never depends on who reads"
