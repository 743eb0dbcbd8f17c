"""House rules on Python source as functions from text to findings; the tests say which files they look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

FLOORS = ("antifraud", "banks", "cases", "accounts", "oversight")  # lower to upper; the ground is the lowest
FORBIDDEN_NAMES = frozenset({"utils", "helpers", "common", "misc", "signals"})
MAXIMUM_LINES = 300
RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField"})
READS = frozenset({"objects", "_base_manager", "_default_manager"})
AUTHORISING = frozenset({"policy.get", "policy.scope"})
LATE_LOOKUPS = frozenset({"get_model", "import_module", "import_string"})
ENQUEUES = frozenset({"delay", "apply_async", "send_task", "delay_on_commit"})


def too_long(text: str, limit: int = MAXIMUM_LINES) -> list[str]:
    """A file of more than `limit` lines."""
    count = len(text.splitlines())
    return [f"{count} lines, more than {limit}"] if count > limit else []


def forbidden_name(path: PurePosixPath | Path) -> list[str]:
    """A room without a name: what it holds belongs into a module by noun."""
    names = {path.stem, *path.parts[:-1]} & FORBIDDEN_NAMES
    return [f"{path}: {name} is no room of this house" for name in sorted(names)]


def unscoped_reads(text: str) -> list[str]:
    """A manager asked directly in a door room: rows come from a selector, or are narrowed by the policy."""
    tree = ast.parse(text)
    narrowed = {inner for node in _narrowed(tree) for inner in ast.walk(node)}
    return [
        f"line {node.lineno}: .{node.value.attr}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in READS
        and node.attr != "none"
        and node not in narrowed
    ]


def _narrowed(tree: ast.Module) -> Iterator[ast.expr]:
    """Querysets that the policy narrows: given to policy.get or policy.scope, also by way of a local name, or
    declared by a PolicyViewSet, whose base narrows what is declared."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _given_to_policy(node)
        elif isinstance(node, ast.ClassDef) and any("PolicyViewSet" in ast.unparse(base) for base in node.bases):
            yield from (
                line.value for line in node.body if isinstance(line, ast.Assign) and _names(line) == {"queryset"}
            )


def _given_to_policy(function: ast.FunctionDef) -> Iterator[ast.expr]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    waiting = [a for call in calls if ast.unparse(call.func) in AUTHORISING for a in call.args]
    while waiting:
        yield (given := waiting.pop())
        names = {node.id for node in ast.walk(given) if isinstance(node, ast.Name)}
        waiting += [line.value for line in assigned if _names(line) & names]
        assigned = [line for line in assigned if not _names(line) & names]


def _names(line: ast.Assign) -> set[str]:
    return {ast.unparse(target) for target in line.targets}


def status_writes(text: str) -> list[str]:
    """A `status` written past Workflow: assignment, setattr, update(status=…), bulk_update([… "status"])."""
    tree = ast.parse(text)
    allowed = set(_own_attributes(tree))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "status":
            if node not in allowed:
                found.append(f"line {node.lineno}: assignment to .status")
        elif isinstance(node, ast.Call) and _writes_status(node):
            found.append(f"line {node.lineno}: {ast.unparse(node.func)} writes status")
    return found


def _own_attributes(tree: ast.Module) -> Iterator[ast.Attribute]:
    """`self.status = …` in an __init__ is an attribute of a plain class (an HTTP status), not a column."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    yield node


def _writes_status(call: ast.Call) -> bool:
    name = _called_name(call)
    if name == "setattr":
        return len(call.args) > 1 and _text(call.args[1]) == "status"
    if name in {"update", "aupdate"} and isinstance(call.func, ast.Attribute):
        return any(keyword.arg == "status" for keyword in call.keywords)
    if name in {"bulk_update", "abulk_update"}:
        fields = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
        return any(_text(node) == "status" for argument in fields for node in ast.walk(argument))
    return False


def enqueues(text: str) -> list[str]:
    """A task put on the broker from a room below the doors: services leave a row in the outbox instead."""
    return [
        f"line {node.lineno}: .{node.func.attr}()"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENQUEUES
    ]


def upward_names(text: str, floor: str) -> list[str]:
    """A higher floor named where import-linter cannot see it: string relation, get_model, import_module."""
    higher = FLOORS[FLOORS.index(floor) + 1 :]
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or _called_name(node) not in RELATIONS | LATE_LOOKUPS:
            continue
        texts = [
            _text(argument)
            for argument in (
                *node.args[:2],
                *(k.value for k in node.keywords if k.arg in {"to", "app_label"}),
            )
        ]
        found += [f"line {node.lineno}: {name!r} is upstairs" for name in texts if name.split(".")[0] in higher]
    return found


def bare_skips(text: str) -> list[str]:
    """A skipped test that does not say why: the mark, the condition or the call without a reason."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            reasons = [k for k in node.keywords if k.arg == "reason"]
            positional = node.args if name in {"pytest.skip", "pytest.mark.skip"} else []
            if name in {
                "pytest.skip",
                "pytest.mark.skip",
                "pytest.mark.skipif",
                "pytest.importorskip",
            } and not (reasons or positional):
                found.append(f"line {node.lineno}: {name} without a reason")
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found += [
                f"line {d.lineno}: {ast.unparse(d)}"
                for d in node.decorator_list
                if ast.unparse(d) == "pytest.mark.skip"
            ]
    return found


def _called_name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
