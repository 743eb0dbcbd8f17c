"""The house rules on Python hold in the whole tree, and each rule catches what it is there for."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from tests.house import python_rules as rules
from tests.house.tree import BELOW_DOORS, DOORS, ROOT, findings, floor, python_files, room

UPPER_FLOORS = ("banks", "cases", "accounts", "oversight")
WORKFLOW = ROOT / "antifraud" / "workflow.py"


def test_there_are_files_to_look_at() -> None:
    assert {floor(path) for path in python_files()} == set(rules.FLOORS)


def test_no_file_is_longer_than_the_limit() -> None:
    assert [line for path in python_files() for line in findings(path, rules.too_long(path.read_text()))] == []


def test_a_long_file_is_caught() -> None:
    assert rules.too_long("x = 1\n" * 300) == []
    assert rules.too_long("x = 1\n" * 301) == ["301 lines, more than 300"]


def test_no_room_without_a_name() -> None:
    files = python_files(packages=(*rules.FLOORS, "tests", "connector"))
    assert [line for path in files for line in rules.forbidden_name(path.relative_to(ROOT))] == []


@pytest.mark.parametrize(
    "name", ["banks/utils.py", "cases/helpers/x.py", "antifraud/common.py", "tests/misc.py", "a/signals.py"]
)
def test_a_room_without_a_name_is_caught(name: str) -> None:
    assert len(rules.forbidden_name(PurePosixPath(name))) == 1


def test_doors_ask_selectors_and_never_managers() -> None:
    files = [path for path in python_files(packages=UPPER_FLOORS) if room(path) in DOORS]
    assert [line for path in files for line in findings(path, rules.unscoped_reads(path.read_text()))] == []


@pytest.mark.parametrize(
    "expression", ["Case.objects.all()", "Case.objects.filter(pk=1)", "models.Case._base_manager.get()"]
)
def test_a_manager_asked_in_a_door_is_caught(expression: str) -> None:
    assert len(rules.unscoped_reads(f"def view(request):\n    return {expression}\n")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def view(user):\n    return policy.get(user, VIEW, Case.objects.select_related('unit'), pk)",
        "def view(user):\n    rows = Case.objects.all()\n    return policy.scope(user, VIEW, rows.order_by('pk'))",
        "class CaseViewSet(ListMixin, PolicyViewSet[Case]):\n    queryset = Case.objects.all()",
    ],
)
def test_rows_that_the_policy_narrows_are_allowed(source: str) -> None:
    assert rules.unscoped_reads(source) == []
    spoiled = source.replace("policy.get", "fetch").replace("policy.scope", "fetch").replace("PolicyViewSet", "ViewSet")
    assert len(rules.unscoped_reads(spoiled)) == 1


def test_an_empty_queryset_is_no_read() -> None:
    assert rules.unscoped_reads("queryset = Case.objects.none()") == []


def test_only_the_workflow_writes_a_status() -> None:
    files = [path for path in python_files() if path != WORKFLOW]
    assert [line for path in files for line in findings(path, rules.status_writes(path.read_text()))] == []


@pytest.mark.parametrize(
    "statement",
    [
        "order.status = 'issued'",
        "self.order.status = 'issued'",
        "order.status, order.note = 'issued', ''",
        "setattr(order, 'status', 'issued')",
        "Order.objects.filter(pk=1).update(status='issued')",
        "Order.objects.bulk_update(orders, ['note', 'status'])",
        "Order.objects.bulk_update(orders, fields=['status'])",
    ],
)
def test_a_status_written_past_the_workflow_is_caught(statement: str) -> None:
    assert len(rules.status_writes(f"def service(order):\n    {statement}\n")) == 1


def test_reading_a_status_is_allowed() -> None:
    source = "if order.status == 'issued':\n    rows = Order.objects.filter(status='issued').update(note='')\n"
    assert rules.status_writes(source) == []


def test_an_errors_own_http_status_is_no_state() -> None:
    assert (
        rules.status_writes("class E(Exception):\n    def __init__(self, status):\n        self.status = status\n")
        == []
    )


def test_rooms_below_the_doors_put_nothing_on_the_broker() -> None:
    files = [path for path in python_files(packages=UPPER_FLOORS) if room(path) in BELOW_DOORS]
    assert [line for path in files for line in findings(path, rules.enqueues(path.read_text()))] == []


@pytest.mark.parametrize("call", ["lane_push_task.delay(pk)", "task.apply_async(args=[1])", "app.send_task('x')"])
def test_a_task_put_on_the_broker_is_caught(call: str) -> None:
    assert len(rules.enqueues(f"def service():\n    {call}\n")) == 1


def test_nothing_names_a_floor_above_itself() -> None:
    assert [
        line for path in python_files() for line in findings(path, rules.upward_names(path.read_text(), floor(path)))
    ] == []


@pytest.mark.parametrize(
    ("where", "statement"),
    [
        ("banks", "case = models.ForeignKey('cases.Case', on_delete=models.PROTECT)"),
        ("cases", "rows = models.ManyToManyField(to='accounts.InvolvedAccount')"),
        ("antifraud", "user = models.OneToOneField('banks.User', on_delete=models.PROTECT)"),
        ("cases", "Order = apps.get_model('accounts', 'Order')"),
        ("cases", "Order = apps.get_model('accounts.Order')"),
        ("banks", "importlib.import_module('oversight.selectors')"),
        ("antifraud", "import_string('accounts.services.order_issue')"),
    ],
)
def test_a_floor_named_from_below_is_caught(where: str, statement: str) -> None:
    assert len(rules.upward_names(statement, where)) == 1


def test_a_floor_may_name_what_is_below() -> None:
    assert rules.upward_names("case = models.ForeignKey('cases.Case', on_delete=models.PROTECT)", "accounts") == []


def test_every_skipped_test_says_why() -> None:
    files = python_files(packages=("tests", "connector"))
    assert [line for path in files for line in findings(path, rules.bare_skips(path.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test_x(): ...",
        "@pytest.mark.skip()\ndef test_x(): ...",
        "@pytest.mark.skipif(True)\ndef test_x(): ...",
        "def test_x():\n    pytest.skip()",
    ],
)
def test_a_skip_without_a_reason_is_caught(source: str) -> None:
    assert len(rules.bare_skips(source)) == 1


def test_a_skip_with_a_reason_is_allowed() -> None:
    source = "@pytest.mark.skipif(True, reason='no data')\ndef test_x():\n    pytest.skip('no file')"
    assert rules.bare_skips(source) == []
