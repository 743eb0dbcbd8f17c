"""An institution's answer in JSON: read into AnswerInput, and shown back."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.fields import ExecutingField
from accounts.models import Answer
from accounts.rules.answers import SubResult
from accounts.services.answer_input import AnswerInput, HolderInput, NextHopInput, PriorFreezeInput
from antifraud.api.fields import MomentField

_BLANK: dict[str, Any] = {"required": False, "default": "", "allow_blank": True}
_NULL: dict[str, Any] = {"required": False, "default": None, "allow_null": True}


class PriorFreezeSerializer(serializers.Serializer[Any]):
    """A freeze that ranks before ours."""

    rank = serializers.IntegerField(min_value=1, max_value=99)
    body = serializers.CharField(max_length=160)
    amount_minor = serializers.IntegerField(**_NULL)
    expires_at = MomentField(**_NULL)


class NextHopSerializer(serializers.Serializer[Any]):
    """Where the money went on to."""

    number = serializers.CharField(max_length=60)
    institution = ExecutingField(**_NULL)
    institution_text = serializers.CharField(max_length=160, **_BLANK)
    name = serializers.CharField(max_length=160, **_BLANK)
    amount_minor = serializers.IntegerField(**_NULL)
    at = MomentField(**_NULL)


class HolderSerializer(serializers.Serializer[Any]):
    """The holder as the bank knows them."""

    name = serializers.CharField(max_length=160)
    id_kind = serializers.CharField(max_length=40, **_BLANK)
    id_number = serializers.CharField(max_length=40, **_BLANK)
    phone = serializers.CharField(max_length=40, **_BLANK)
    address = serializers.CharField(max_length=300, **_BLANK)
    opened_on = serializers.DateField(**_NULL)
    opening_branch = serializers.CharField(max_length=120, **_BLANK)


class SubResultSerializer(serializers.Serializer[Any]):
    """What was held on one sub-account."""

    number = serializers.CharField(max_length=60)
    executed_minor = serializers.IntegerField()
    currency = serializers.CharField(max_length=3, **_BLANK)


class AnswerInputSerializer(serializers.Serializer[Any]):
    """What `POST …/orders/{id}/answer/` takes; what goes with what is judged by accounts.rules.answers."""

    outcome = serializers.ChoiceField(choices=Answer.Outcome.choices)
    handled_by = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=30, **_BLANK)
    reason_text = serializers.CharField(max_length=500, **_BLANK)
    mismatch_field = serializers.CharField(max_length=20, **_BLANK)
    suggested_institution = ExecutingField(**_NULL)
    executed_minor = serializers.IntegerField(**_NULL)
    balance_minor = serializers.IntegerField(**_NULL)
    previously_frozen_minor = serializers.IntegerField(**_NULL)
    free_minor = serializers.IntegerField(**_NULL)
    currency = serializers.CharField(max_length=3, required=False, default="CNY")
    effective_from = MomentField(**_NULL)
    expires_at = MomentField(**_NULL)
    waiting_rank = serializers.IntegerField(**_NULL)
    handled_phone = serializers.CharField(max_length=40, **_BLANK)
    second_person = serializers.CharField(max_length=80, **_BLANK)
    branch = serializers.CharField(max_length=120, **_BLANK)
    remarks = serializers.CharField(max_length=2000, **_BLANK)
    prior_freezes = PriorFreezeSerializer(many=True, required=False, default=list)
    next_hops = NextHopSerializer(many=True, required=False, default=list)
    results = SubResultSerializer(many=True, required=False, default=list)
    holder = HolderSerializer(required=False, allow_null=True, default=None)

    def answer(self) -> AnswerInput:
        """The validated answer as the service takes it."""
        data = dict(self.validated_data)
        return AnswerInput(
            **{
                name: value
                for name, value in data.items()
                if name not in {"prior_freezes", "next_hops", "results", "holder"}
            },
            prior_freezes=tuple(PriorFreezeInput(**line) for line in data["prior_freezes"]),
            next_hops=tuple(NextHopInput(**line) for line in data["next_hops"]),
            results=tuple(SubResult(**line) for line in data["results"]),
            holder=HolderInput(**data["holder"]) if data["holder"] else None,
        )


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    """An answer as recorded, without personal data."""

    class Meta:
        model = Answer
        fields = [
            "id", "seq", "outcome", "reason_code", "mismatch_field", "suggested_institution", "asked_minor", "executed_minor",
            "balance_minor", "previously_frozen_minor", "free_minor", "currency", "effective_at", "waiting_rank", "source",
            "received_at",
        ]  # fmt: skip
        read_only_fields = fields
