"""Values of this floor in JSON: masked secrets, institutions by id."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from banks.models import Institution
from banks.selectors.institutions import executing_institutions


@extend_schema_field(str)
class MaskedField(serializers.Field[Any, Any, str | None, Any]):
    """A secret, masked: lists and details never carry personal data in clear (R20)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str | None:
        """The mask."""
        return value.masked() if value is not None else None


class ExecutingField(serializers.PrimaryKeyRelatedField[Institution]):
    """An institution that takes orders, by id; participants are no secret to each other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=executing_institutions(), pk_field=serializers.UUIDField(), **kwargs)
