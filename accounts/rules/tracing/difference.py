"""What changed between two results of one trace: payments and accounts that appeared, vanished or carry another sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SAME_EDGE = ("hop", "amount", "is_return")
_SAME_NODE = ("level", "in", "out", "end", "ends")


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Two `Result.as_dict`; `edges` and `nodes` each with appeared, vanished and changed, `totals` by end where they differ.

    A changed one is {"before": …, "after": …} with the fields that differ. `edges.renumbered`: payments whose entry was made
    anew (another statement named them too), known by parties and time where these are unique; they count as the same.
    """
    totals = {
        word: {"before": before["totals"].get(word, 0), "after": after["totals"].get(word, 0)}
        for word in sorted({*before["totals"], *after["totals"]})
        if before["totals"].get(word, 0) != after["totals"].get(word, 0)
    }
    old, new = {edge["entry"]: edge for edge in before["edges"]}, {edge["entry"]: edge for edge in after["edges"]}
    anew = _made_anew(
        [old[entry] for entry in old.keys() - new.keys()], [new[entry] for entry in new.keys() - old.keys()]
    )
    renamed = {anew.get(entry, entry): edge for entry, edge in old.items()}
    edges = _compared(renamed, new, "entry", _SAME_EDGE)
    edges["renumbered"] = [{"before": was, "after": now} for was, now in sorted(anew.items())]
    were, are = ({node["node"]: node for node in result["nodes"]} for result in (before, after))
    return {"edges": edges, "nodes": _compared(were, are, "node", _SAME_NODE), "totals": totals}


def params_difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The limits of two runs that differ, by name, {"before": …, "after": …}; `rule` says which rules were applied."""
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _made_anew(gone: Sequence[Mapping[str, Any]], come: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Entry before -> entry after, of payments that have their parties and time for themselves."""
    by_meaning: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
    for side, edges in enumerate((gone, come)):
        for edge in edges:
            by_meaning.setdefault((edge["src"], edge["dst"], edge["at"]), ([], []))[side].append(edge["entry"])
    return {was[0]: now[0] for was, now in by_meaning.values() if len(was) == len(now) == 1}


def _compared(
    old: Mapping[int, Mapping[str, Any]], new: Mapping[int, Mapping[str, Any]], key: str, fields: tuple[str, ...]
) -> dict[str, list[Any]]:
    changed = []
    for name in sorted(old.keys() & new.keys()):
        differ = [field for field in fields if old[name][field] != new[name][field]]
        if differ:
            was, now = ({field: item[name][field] for field in differ} for item in (old, new))
            changed.append({key: name, "before": was, "after": now})
    return {
        "appeared": [new[name] for name in sorted(new.keys() - old.keys())],
        "vanished": [old[name] for name in sorted(old.keys() - new.keys())],
        "changed": changed,
    }
