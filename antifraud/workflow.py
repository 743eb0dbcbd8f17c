"""The one way to change a state: a table of transitions and `Workflow.apply()`, which alone writes `status` columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from django.db.models import F, Model

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.fields import seal_for, sealed_field_names
from antifraud.errors import Superseded, WrongState
from antifraud.outbox import post


class Stateful(Protocol):
    """A model with a state: `status` and `version` columns and the case that its history belongs to."""

    pk: Any
    status: str
    version: int

    @property
    def audit_case_id(self) -> UUID | None: ...


M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Transition:
    """One legal step: from any of `sources` to `target`; `topic` is posted to the outbox.

    The action that the policy is asked for is always `<entity>.<verb>`: one verb, the same word everywhere.
    """

    verb: str
    sources: tuple[str, ...]
    target: str
    topic: str = ""


class Workflow(Generic[M]):
    """All legal steps of one aggregate, as data: printed in the documents, tested for totality."""

    def __init__(
        self, model: type[M], entity: str, initials: tuple[str, ...], transitions: Iterable[Transition]
    ) -> None:
        self.model = model
        self.entity = entity
        self.initials = initials
        self.transitions: dict[str, list[Transition]] = {}
        for step in transitions:
            self.transitions.setdefault(step.verb, []).append(step)

    def begin(
        self,
        obj: M,
        *,
        by: Any,
        verb: str,
        status: str = "",
        detail: Mapping[str, Any] | None = None,
        topic: str = "",
        **extra: Any,
    ) -> M:
        """Insert `obj` in an initial state (the first, unless `status` names another) with its audit row.

        The caller has required the action. Raises WrongState for a state in which nothing may begin.
        """
        to = self._set_out(obj, status, verb)
        obj.save(force_insert=True)
        self._tell(obj, verb, by=by, detail={"to": to, **(detail or {})}, topic=topic, extra=extra)
        return obj

    def begin_many(self, rows: Sequence[tuple[M, Mapping[str, Any]]], *, by: Any, verb: str, **extra: Any) -> list[M]:
        """As `begin` for (object, detail) each, in two statements; nothing is posted."""
        told: list[tuple[Model, UUID | None, dict[str, Any]]] = []
        for obj, detail in rows:
            to = self._set_out(obj, "", verb)
            stateful: Any = obj
            told.append((obj, stateful.audit_case_id, {"to": to, **detail}))
        made = self.model._base_manager.bulk_create([obj for obj, _detail in rows])
        diary.record_many(f"{self.entity}.{verb}", by=by, rows=told, **extra)
        return made

    def _set_out(self, obj: M, status: str, verb: str) -> str:
        row: Any = obj
        row.status = status or self.initials[0]
        if row.status not in self.initials:
            raise WrongState(extra={"state": row.status, "verb": verb})
        return str(row.status)

    def step(self, verb: str, status: str) -> Transition:
        """The transition `verb` from `status`; raises WrongState where the table has none."""
        for candidate in self.transitions.get(verb, []):
            if status in candidate.sources:
                return candidate
        raise WrongState(extra={"state": status, "verb": verb})

    def apply(
        self,
        obj: M,
        verb: str,
        *,
        by: Any,
        changes: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
        expected_version: int | None = None,
        **extra: Any,
    ) -> M:
        """Require the action, take the step by compare-and-set, write the audit row and the outbox row.

        `changes` are further columns written by the same UPDATE. `extra` goes to the audit row (purpose,
        legal_basis, on_behalf_of). Raises NotFound/Forbidden, WrongState, or Superseded where the row has
        changed since it was read or since `expected_version` was shown.
        """
        db.require_unit_of_work()
        row: Any = obj
        policy.require(by, f"{self.entity}.{verb}", obj)
        step = self.step(verb, row.status)
        if expected_version is not None and expected_version != row.version:
            raise Superseded
        before = row.status
        self._write(obj, step.target, dict(changes or {}))
        self._tell(
            obj,
            verb,
            by=by,
            detail={"from": before, "to": step.target, **(detail or {})},
            topic=step.topic,
            extra=extra,
        )
        return obj

    def _write(self, obj: M, target: str, changes: dict[str, Any]) -> None:
        row: Any = obj
        sealed = sealed_field_names(type(obj))
        for name, value in changes.items():
            setattr(row, name, value)
        columns = {name: seal_for(obj, name, value) if name in sealed else value for name, value in changes.items()}
        hit = self.model._base_manager.filter(pk=obj.pk, status=row.status, version=row.version).update(
            status=target, version=F("version") + 1, **columns
        )
        if hit != 1:
            raise Superseded
        row.status = target
        row.version += 1

    def _tell(
        self, obj: M, verb: str, *, by: Any, detail: dict[str, Any], topic: str, extra: Mapping[str, Any]
    ) -> None:
        row: Any = obj
        diary.record(f"{self.entity}.{verb}", by=by, obj=obj, case_id=row.audit_case_id, detail=detail, **extra)
        if topic:
            post.enqueue(topic, obj.pk, institution_id=getattr(row, "institution_id", None))
