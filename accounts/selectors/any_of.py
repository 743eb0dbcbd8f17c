"""`column = ANY(array)`: one parameter for hundreds of values, where Django's IN prepares each of them by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup  # the stubs' Lookup is generic, Django's is not


class AnyOf(_Lookup):
    """`rows.filter(AnyOf(F("node"), [1, 2]))` is `rows.filter(node__in=[1, 2])`; an empty list finds nothing."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """As the ORM asks for it."""
        left, values = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.db_type(connection)
        return f"{left} = ANY(%s::{kind}[])", (*values, list(self.rhs))
