"""Every fact has a handler, every delivery a meaning, every notification an address that exists."""

from __future__ import annotations

import ast
import uuid

from django.urls import reverse

from accounts.rules.paths import answer_path, order_path, statement_path
from accounts.states import hold_flow, order_flow
from antifraud.deliveries import DELIVERIES, TOPICS
from antifraud.errands import ERRANDS
from cases.states import case_flow
from tests.house.tree import findings, python_files

CALLS = {"begin": "topic", "enqueue": "", "_tell": "topic"}


def _posted(text: str) -> set[str]:
    """Literal topics in a file: `begin(…, topic="…")` and `post.enqueue("…")`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            named = [k.value for k in node.keywords if k.arg == "topic"]
            first = node.args[:1] if node.func.attr == "enqueue" else []
            found |= {
                n.value
                for n in (*named, *first)
                if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value
            }
    return found


def test_every_topic_of_the_states_is_routed() -> None:
    steps = [
        step for flow in (order_flow, hold_flow, case_flow) for found in flow.transitions.values() for step in found
    ]
    assert {step.topic for step in steps if step.topic} <= set(TOPICS)


def test_every_topic_posted_in_the_source_is_routed() -> None:
    for path in python_files():
        unrouted = _posted(path.read_text()) - set(TOPICS) - set(ERRANDS)
        assert not unrouted, findings(path, sorted(unrouted))


def test_the_search_for_topics_finds_them() -> None:
    source = 'flow.begin(o, by=b, verb="open", topic="a.b")\npost.enqueue("c.d", o.pk)\nflow.begin(o, topic=name)'
    assert _posted(source) == {"a.b", "c.d"}


def test_a_fact_is_carried_in_one_way() -> None:
    assert not set(TOPICS) & set(ERRANDS)


def test_every_delivery_is_named_like_its_fact() -> None:
    assert set(DELIVERIES) <= set(TOPICS)


def test_notifications_lead_to_pages_that_exist() -> None:
    some = uuid.uuid4()
    assert order_path(some) == reverse("accounts:order", args=[some])
    assert answer_path(some) == reverse("accounts:order_answer", args=[some])
    assert statement_path(some) == reverse("accounts:statement", args=[some])
