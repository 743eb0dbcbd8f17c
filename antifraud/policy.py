"""Who may do what to which rows: the engine only; each floor registers its own rows in its room `policy`.

A policy row says: this role may take this action within this reach. A missing row means no. `can()` is
`scope()` on one row, so list, detail, search, export, event stream and dashboard cannot disagree.
Superusers do not exist here (R30, I7); guardian's generic short cuts are not used (pitfalls.md 3.3).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db.models import Model, Q, QuerySet

from antifraud import db
from antifraud.audit import diary
from antifraud.errors import AppError, Forbidden, NotFound
from antifraud.grants import Grant

M = TypeVar("M", bound=Model)


class Actor(Protocol):
    """What the policy must know of a user."""

    id: UUID
    role: str
    institution_id: UUID
    is_active: bool

    @property
    def group_id(self) -> int: ...


Reach = Callable[[Any, QuerySet[Any]], QuerySet[Any]]


@dataclass(frozen=True)
class Entry:
    """One action: the model it acts on (None: no object), its reach for each role, the action that decides whether an
    object is known to a reader at all (403 instead of 404), and the kinds of institution whose people may (empty: all)."""

    action: str
    model: type[Model] | None
    rows: Mapping[str, Reach]
    known_by: str | None = None
    kinds: frozenset[str] = frozenset()


@dataclass
class _Table:
    entries: dict[str, Entry] = field(default_factory=dict)


_table = _Table()


def register(
    action: str,
    *,
    rows: Mapping[str, Reach],
    model: type[Model] | None = None,
    known_by: str | None = None,
    kinds: Iterable[str] = (),
) -> None:
    """Add one action's rows; a second registration of the same action is a defect and raises ValueError.

    `kinds` narrows a role that exists in several kinds of institution: oversight has supervisors too.
    """
    if str(action) in _table.entries:
        raise ValueError(f"{action} is registered twice")
    _table.entries[str(action)] = Entry(action, model, dict(rows), known_by, frozenset(map(str, kinds)))


def entries() -> Mapping[str, Entry]:
    """The whole table, for the documents and for the test that it is total."""
    return dict(_table.entries)


# -- reaches ---------------------------------------------------------------------------------------


def anywhere(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
    """Every row (the platform's own actor, oversight's figures)."""
    return queryset


def granted(path: str = "") -> Reach:
    """Rows for which the reader's institution holds a live grant; `path` leads to the granted object.

    The join cannot double rows: one live grant per group and object is a unique index.
    """
    prefix = f"{path}__grants__" if path else "grants__"

    def reach(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
        model: Any = queryset.model
        for step in path.split("__") if path else []:
            model = model._meta.get_field(step).related_model
        live = Q(
            **{
                f"{prefix}group": user.group_id,
                f"{prefix}permission": view_permission_id(model),
                f"{prefix}revoked_at__isnull": True,
            }
        )
        unexpired = Q(**{f"{prefix}expires_at__isnull": True}) | Q(**{f"{prefix}expires_at__gt": db.AppNow()})
        return queryset.filter(live & unexpired)

    return reach


def own(path: str) -> Reach:
    """Rows whose institution at `path` is the reader's own."""

    def reach(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
        return queryset.filter(**{path: user.institution_id})

    return reach


def himself(path: str) -> Reach:
    """Rows that belong to the reader in person (drafts, notifications)."""

    def reach(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
        return queryset.filter(**{path: user.id})

    return reach


def by_kind(**reaches: Reach) -> Reach:
    """A reach that depends on the reader's kind of institution; kinds that are not named see nothing."""

    def reach(user: Any, queryset: QuerySet[M]) -> QuerySet[M]:
        chosen = reaches.get(user.institution.kind)
        return queryset.none() if chosen is None else chosen(user, queryset)

    return reach


def where(reach: Reach, **conditions: Any) -> Reach:
    """A narrower reach: `reach` and the given column conditions."""

    def narrowed(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
        return reach(user, queryset).filter(**conditions)

    return narrowed


# -- questions -------------------------------------------------------------------------------------


def scope(user: Actor | None, action: str, queryset: QuerySet[M]) -> QuerySet[M]:
    """The rows of `queryset` on which `user` may take `action`; none where the table has no row."""
    entry = _table.entries.get(str(action))
    if user is None or entry is None or not user.is_active or not _is_of_kind(user, entry):
        return queryset.none()
    reach = entry.rows.get(user.role)
    return queryset.none() if reach is None else reach(user, queryset)


def can(user: Actor | None, action: str, obj: Model | None = None) -> bool:
    """`scope()` on one row; without an object: whether the role has the action at all."""
    entry = _table.entries.get(str(action))
    if user is None or entry is None or not user.is_active or user.role not in entry.rows:
        return False
    if not _is_of_kind(user, entry):
        return False
    if obj is None:
        return True
    manager = type(obj)._base_manager
    return scope(user, action, manager.all()).filter(pk=obj.pk).exists()


def require(user: Actor | None, action: str, obj: Model | None = None) -> None:
    """Raise NotFound where the object is out of reach, Forbidden where it is known but the action is not allowed."""
    if obj is not None and user is not None and (user.id, str(action)) in _passed(obj):
        return
    if can(user, action, obj):
        if obj is not None and user is not None:
            _passed(obj).add((user.id, str(action)))
        return
    entry = _table.entries.get(str(action))
    known = entry.known_by if entry else None
    if obj is None or (known is not None and known != action and can(user, known, obj)):
        raise Forbidden
    raise NotFound


def get(user: Actor | None, action: str, queryset: QuerySet[M], pk: UUID | str, *, lock: bool = False) -> M:
    """Fetch and authorise in one call; `lock` holds the row for change.

    The same answer, over the same SQL path, for a foreign row and for an absent one (R31).
    """
    rows = scope(user, action, queryset).filter(pk=pk)
    if lock:
        rows = db.lock(rows)
    # One key, one row: `first()` would order it, for which Django hashes every selected column of a wide join.
    found = next(iter(rows.order_by()[:1]), None)
    if found is None or user is None:
        raise _refusal(user, action, queryset, pk)
    _passed(found).add((user.id, str(action)))
    return found


def _refusal(user: Actor | None, action: str, queryset: QuerySet[Any], pk: UUID | str) -> AppError:
    entry = _table.entries.get(str(action))
    known = entry.known_by if entry else None
    if (
        known is not None
        and known != action
        and scope(user, known, queryset.model._base_manager.all()).filter(pk=pk).exists()
    ):
        return Forbidden()
    return NotFound()


def _is_of_kind(user: Any, entry: Entry) -> bool:
    return not entry.kinds or user.institution.kind in entry.kinds


def _passed(obj: Model) -> set[tuple[UUID, str]]:
    passed: set[tuple[UUID, str]] = obj.__dict__.setdefault("_policy_passed", set())
    return passed


# -- grants ----------------------------------------------------------------------------------------


@functools.cache
def view_permission_id(model: type[Model]) -> int:
    """The id of Django's own `view_<model>` permission, fixed once migrated."""
    meta = model._meta
    return Permission.objects.values_list("id", flat=True).get(
        content_type__app_label=meta.app_label, content_type__model=meta.model_name, codename=f"view_{meta.model_name}"
    )


def grants_of(model: type[Model]) -> type[Grant]:
    """The grant table of a model; raises LookupError where it has none."""
    relation = model._meta.get_field("grants")
    table = relation.related_model
    if not (isinstance(table, type) and issubclass(table, Grant)):
        raise LookupError(f"{model.__name__} has no grant table")
    return table


def grant(
    groups: Iterable[int], obj: Model, *, by: Actor, purpose: str, legal_basis: str, sort_at: datetime,
    expires_at: datetime | None = None, case_id: UUID | None = None,
) -> None:  # fmt: skip
    """Let the institutions' groups see `obj`; a group that has a live grant keeps it. One INSERT for all groups."""
    grant_each(
        [(obj, groups)], by=by, purpose=purpose, legal_basis=legal_basis, sort_at=sort_at, expires_at=expires_at,
        case_id=case_id,
    )  # fmt: skip


def grant_each(
    pairs: Iterable[tuple[Model, Iterable[int]]], *, by: Actor, purpose: str, legal_basis: str, sort_at: datetime,
    expires_at: datetime | None = None, case_id: UUID | None = None,
) -> None:  # fmt: skip
    """As `grant` for many objects of one model, each with groups of its own, in two statements."""
    now = db.require_unit_of_work().now
    wanted = [(obj, sorted(set(groups))) for obj, groups in pairs]
    if not wanted:
        return
    model = type(wanted[0][0])
    table: Any = grants_of(model)
    permission = view_permission_id(model)
    table._base_manager.bulk_create(
        [
            table(
                group_id=group, permission_id=permission, content_object=obj, purpose=purpose, legal_basis=legal_basis,
                sort_at=sort_at, granted_at=now, granted_by_id=by.id, expires_at=expires_at,
            )
            for obj, groups in wanted
            for group in groups
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    rows = ((obj, case_id, {"groups": groups}) for obj, groups in wanted)
    diary.record_many("grant.give", by=by, rows=rows, purpose=purpose, legal_basis=legal_basis)


def revoke(groups: Iterable[int], obj: Model, *, by: Actor, reason: str, case_id: UUID | None = None) -> int:
    """End the groups' live grants on `obj`; the rows stay as history. Returns how many ended."""
    now = db.require_unit_of_work().now
    wanted = sorted(set(groups))
    table: Any = grants_of(type(obj))
    live = table._base_manager.filter(content_object=obj, group__in=wanted, revoked_at__isnull=True)
    ended: int = live.update(revoked_at=now, revoked_by_id=by.id, revoked_reason=reason[:200])
    diary.record("grant.revoke", by=by, obj=obj, case_id=case_id, detail={"groups": wanted, "reason": reason})
    return ended
