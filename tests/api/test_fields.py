"""Moments from machines carry their offset; the zone of a machine's user guesses nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rest_framework import serializers

from antifraud.api.fields import MomentField


@pytest.mark.parametrize("text", ["2026-11-22T15:46:00+08:00", "2026-11-22T07:46:00Z"])
def test_a_moment_with_its_offset_is_taken(text: str) -> None:
    assert MomentField().run_validation(text) == datetime(2026, 11, 22, 7, 46, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-22T15:46:00", "2026-11-22 15:46"])
def test_a_moment_without_one_is_refused(text: str) -> None:
    with pytest.raises(serializers.ValidationError, match="offset"):
        MomentField().run_validation(text)


def test_every_moment_that_the_api_reads_is_of_this_kind() -> None:
    """A serializer of a request with DRF's own field would read local times again."""
    from accounts.api import accounts, answer_serializers, order_serializers
    from cases.api import cases

    read = [
        (name, field)
        for module in (accounts, answer_serializers, order_serializers, cases)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, serializers.Serializer)
        and not issubclass(kind, serializers.ModelSerializer)
        for name, field in kind().fields.items()
        if isinstance(field, serializers.DateTimeField) and not field.read_only
    ]
    assert len(read) >= 8
    assert [name for name, field in read if not isinstance(field, MomentField)] == []
