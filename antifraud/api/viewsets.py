"""The base of every viewset: rows pass the policy before a handler sees them; the handlers are in the floors' rooms `api`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import UUIDFilter
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework import viewsets
from rest_framework.response import Response

from antifraud import db, policy
from antifraud.api.idempotency import Handler
from antifraud.api.pagination import KeysetPagination
from antifraud.api.permissions import ByPolicy
from antifraud.errors import BadRequest

M = TypeVar("M", bound=models.Model)
READING = frozenset({"GET", "HEAD"})
PAGE_PARAMETERS = frozenset({"limit", "cursor"})
UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WRITING = frozenset({"post", "put", "patch", "delete"})
_STANDARD = frozenset({"create", "update", "partial_update", "destroy"})


class PolicyFilterSet(FilterSet):  # type: ignore[misc]
    """Filters that tell nothing: a relation is compared by id, never looked up (an unknown id would answer otherwise)."""

    class Meta:
        filter_overrides = {
            models.ForeignKey: {"filter_class": UUIDFilter},
            models.OneToOneField: {"filter_class": UUIDFilter},
        }


class PolicyFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """`filterset_fields` is the whole list of what may be asked; any other parameter is an error, not ignored."""

    filterset_base = PolicyFilterSet

    def filter_queryset(self, request: Any, queryset: QuerySet[M], view: Any) -> QuerySet[M]:
        """The narrowed rows; raises BadRequest (unknown_parameter) and DRF's ValidationError for wrong values."""
        filterset = self.get_filterset(request, queryset, view)
        known = PAGE_PARAMETERS | set(filterset.filters if filterset else ())
        if set(request.query_params) - known:
            raise BadRequest(
                _("A parameter of this address is not known here."),
                code="unknown_parameter",
                extra={"known": sorted(known)},
            )
        narrowed: QuerySet[M] = super().filter_queryset(request, queryset, view)
        return narrowed


class PolicyViewSet(viewsets.GenericViewSet[M]):
    """A viewset that can only be used as the policy allows.

    `queryset` is the whole table: before any handler runs, `initial()` replaces it on the instance by the rows
    on which the user may take the action. `policy_actions` maps each DRF action to a policy action; what is not
    in it is refused. Handlers that read run in a unit of work; those that write carry `@writes`.
    """

    permission_classes = [ByPolicy]
    pagination_class = KeysetPagination
    filter_backends = [PolicyFilterBackend]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    lookup_value_regex = UUID_PATTERN
    policy_actions: ClassVar[Mapping[str, StrEnum]] = {}
    keyset: ClassVar[Sequence[str]] = ("-id",)
    filterset_fields: ClassVar[Sequence[str] | Mapping[str, Sequence[str]]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handlers = dict(inspect.getmembers_static(cls, inspect.isfunction))
        mapped = [getattr(handler, "mapping", {}) for handler in handlers.values()]
        writing = {name for names in mapped for method, name in names.items() if method in _WRITING}
        for name in sorted(writing | (_STANDARD & set(handlers))):
            if not getattr(handlers[name], "opens_unit", False):
                raise ImproperlyConfigured(f"{cls.__name__}.{name} writes: decorate it with @writes")
        if isinstance(cls.filterset_fields, str):
            raise ImproperlyConfigured(f"{cls.__name__}.filterset_fields must list the fields one by one")

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Authenticate, ask the policy, narrow the rows, and put reading handlers into a unit of work."""
        super().initial(request, *args, **kwargs)
        # The stubs take the class attribute for a manager's descriptor.
        self.queryset = policy.scope(request.user, self.policy_action, self._all_rows())  # type: ignore[arg-type]
        if request.method in READING:
            name = request.method.lower()
            setattr(self, name, _reads(getattr(self, name)))

    @property
    def policy_action(self) -> StrEnum:
        """What the user wants to do, in the policy's words; ByPolicy has refused what is not in the table."""
        return self.policy_actions[str(self.action)]

    def get_queryset(self) -> QuerySet[M]:
        """The rows within reach; none outside of a request (the schema only needs the model)."""
        narrowed: QuerySet[M] = self.__dict__.get("queryset", self._all_rows().none())
        return narrowed.all()

    def get_object(self, *, lock: bool = False) -> M:
        """The row named by the address, fetched and authorised in one step; absent and foreign are the same 404 (R31)."""
        pk = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        user: Any = self.request.user
        return policy.get(user, self.policy_action, self._all_rows(), pk, lock=lock)

    def _all_rows(self) -> QuerySet[M]:
        declared: Any = type(self).queryset
        if declared is None:
            raise ImproperlyConfigured(f"{type(self).__name__} names no queryset")
        rows: QuerySet[M] = declared.all()
        return rows


class ListMixin:
    """GET on the collection: one page of what the user may see."""

    def list(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        """A page, newest first unless the view orders otherwise."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        answer: Response = self.get_paginated_response(self.get_serializer(rows, many=True).data)
        return answer


class RetrieveMixin:
    """GET on one object."""

    def retrieve(self: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The object."""
        return Response(self.get_serializer(self.get_object()).data)


def _reads(handler: Handler) -> Handler:
    """Run a reading handler in a unit of work, so that the database knows who asks (row-level security)."""
    if getattr(handler, "opens_unit", False):
        return handler

    @functools.wraps(handler)
    def run(request: Any, *args: Any, **kwargs: Any) -> Any:
        with db.unit_of_work(request.user):
            return handler(request, *args, **kwargs)

    return run
