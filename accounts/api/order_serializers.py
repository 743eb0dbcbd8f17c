"""Orders in JSON: what each side reads, and what police send to draft them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.answer_serializers import AnswerSerializer
from accounts.api.fields import MaskedField
from accounts.models import Order
from antifraud.api.fields import MomentField

_BLANK: dict[str, Any] = {"required": False, "default": "", "allow_blank": True}
_NULL: dict[str, Any] = {"required": False, "default": None, "allow_null": True}


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order in a list: ids, clocks and amounts; the account is masked."""

    account_number = MaskedField(source="account.number")
    case_number = serializers.CharField(source="case.number", read_only=True)

    class Meta:
        model = Order
        fields = [
            "id", "number", "kind", "status", "version", "case_number", "account", "account_number", "institution", "routed_to", "unit",
            "urgency", "emergency", "mode", "amount_minor", "currency", "issued_at", "available_at", "answer_due_at",
            "acknowledged_at", "answered_at", "outcome", "cancelled_at", "asked_expires_at", "original",
        ]  # fmt: skip
        read_only_fields = fields


class OrderStepSerializer(OrderSerializer):
    """An order after a step of its unit, with the hash that a decision must name."""

    payload_sha256 = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "payload_sha256"]
        read_only_fields = fields

    def get_payload_sha256(self, order: Order) -> str | None:
        """Hexadecimal; null for a draft."""
        return bytes(order.payload_sha256).hex() if order.payload_sha256 else None


class OrderDetailSerializer(OrderStepSerializer):
    """One order with its answers."""

    answers = AnswerSerializer(many=True, read_only=True)

    class Meta(OrderStepSerializer.Meta):
        fields = [*OrderStepSerializer.Meta.fields, "answers"]
        read_only_fields = fields


class OrderLineSerializer(serializers.Serializer[Any]):
    """One order of a draft: an account of the case, or a hold to extend or release."""

    involvement_id = serializers.UUIDField(**_NULL)
    hold_id = serializers.UUIDField(**_NULL)
    amount_minor = serializers.IntegerField(**_NULL)
    transfer_id = serializers.UUIDField(**_NULL)


class OrderTermsSerializer(serializers.Serializer[Any]):
    """What the orders of one draft share."""

    legal_basis = serializers.CharField(max_length=200)
    second_officer = serializers.UUIDField()
    urgency = serializers.ChoiceField(choices=Order.Urgency.choices, required=False, default="01")
    emergency = serializers.BooleanField(required=False, default=False)
    instrument_type = serializers.CharField(max_length=80, **_BLANK)
    instrument_number = serializers.CharField(max_length=80, **_BLANK)
    instrument_issued_on = serializers.DateField(**_NULL)
    instrument = serializers.UUIDField(**_NULL)
    mode = serializers.CharField(max_length=12, **_BLANK)
    currency = serializers.CharField(max_length=3, required=False, default="CNY")
    with_sub_accounts = serializers.BooleanField(required=False, default=True)
    with_interest = serializers.BooleanField(required=False, default=False)
    starts_at = MomentField(**_NULL)
    asked_expires_at = MomentField(**_NULL)
    major_case = serializers.BooleanField(required=False, default=False)
    period_from = serializers.DateField(**_NULL)
    period_to = serializers.DateField(**_NULL)
    reason = serializers.CharField(max_length=2000, **_BLANK)
    join_waiting_list = serializers.BooleanField(required=False, default=False)


class OrdersDraftSerializer(serializers.Serializer[Any]):
    """Draft orders of one kind for one or many accounts of a case."""

    case = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Order.Kind.choices)
    lines = OrderLineSerializer(many=True)
    terms = OrderTermsSerializer()


class SubmitSerializer(serializers.Serializer[Any]):
    """Submit for approval; `emergency` asks the second officer to confirm instead."""

    emergency = serializers.BooleanField(required=False, default=False)


class DecisionSerializer(serializers.Serializer[Any]):
    """Approve or confirm exactly the payload that was read."""

    payload_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=300)


class RouteSerializer(serializers.Serializer[Any]):
    """To which branch."""

    branch = serializers.UUIDField()
