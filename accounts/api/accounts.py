"""Involved accounts and holds in the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.evidence import keep_original
from accounts.api.fields import ExecutingField, MaskedField
from accounts.models import Hold, InvolvedAccount
from accounts.policy import Action
from accounts.services.accounts import involved_account_add
from accounts.services.holds import hold_activate, hold_lift
from accounts.services.transfers import transfer_record
from antifraud import policy
from antifraud.api.fields import MomentField
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from cases.models import Case

_NULL: dict[str, Any] = {"required": False, "default": None, "allow_null": True}


class AccountSerializer(serializers.ModelSerializer[InvolvedAccount]):
    """An involved account, masked."""

    number = MaskedField()
    holder_name = MaskedField()

    class Meta:
        model = InvolvedAccount
        fields = ["id", "institution", "kind", "number", "holder_name", "risk", "created_at"]
        read_only_fields = fields


class AccountInputSerializer(serializers.Serializer[Any]):
    """Enter an account into a case, with the transfer into it where amount is known."""

    case = serializers.UUIDField()
    number = serializers.CharField(max_length=60)
    institution = ExecutingField(**_NULL)
    kind = serializers.ChoiceField(choices=InvolvedAccount.Kind.choices, required=False, default="", allow_blank=True)
    holder_name = serializers.CharField(max_length=160, required=False, default="", allow_blank=True)
    level = serializers.IntegerField(min_value=1, max_value=30, required=False, default=1)
    amount_minor = serializers.IntegerField(min_value=1, **_NULL)
    currency = serializers.CharField(max_length=3, required=False, default="CNY")
    at = MomentField(**_NULL)


class InvolvementSerializer(serializers.Serializer[Any]):
    """The account's part in the case; `id` is what order lines name."""

    id = serializers.UUIDField()
    case = serializers.UUIDField(source="case_id")
    account = serializers.UUIDField(source="account_id")
    level = serializers.IntegerField()
    state = serializers.CharField()


class AccountViewSet(ListMixin, RetrieveMixin, PolicyViewSet[InvolvedAccount]):
    """Accounts of the caller's cases, or the caller's own involved accounts."""

    queryset = InvolvedAccount.objects.filter(merged_into__isnull=True)
    serializer_class = AccountSerializer
    policy_actions = {"list": Action.ACCOUNT_VIEW, "retrieve": Action.ACCOUNT_VIEW, "create": Action.ACCOUNT_ADD}
    keyset = ("-listed_at", "-id")
    filterset_fields = ["institution", "kind", "risk"]

    def get_queryset(self) -> QuerySet[InvolvedAccount]:
        """In the list the grant's time is the order."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(request=AccountInputSerializer, responses={201: InvolvementSerializer})
    @writes
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Enter an account into a case."""
        form = AccountInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        case = policy.get(request.user, Action.ACCOUNT_ADD, Case.objects.all(), data["case"])
        involvement = involved_account_add(
            by=request.user, case=case, number=data["number"], institution=data["institution"], kind=data["kind"],
            holder_name=data["holder_name"], level=data["level"],
        )  # fmt: skip
        if data["amount_minor"]:
            transfer_record(
                by=request.user, case=case, to_account=involvement.account, amount_minor=data["amount_minor"],
                currency=data["currency"], at=data["at"],
            )  # fmt: skip
        return Response(InvolvementSerializer(involvement).data, status=201)


class HoldSerializer(serializers.ModelSerializer[Hold]):
    """A hold: what the bank did, until when."""

    account_number = MaskedField(source="account.number")

    class Meta:
        model = Hold
        fields = [
            "id", "order", "account", "account_number", "institution", "unit", "kind", "mode", "amount_minor", "asked_minor",
            "returned_minor", "currency", "status", "version", "rank", "effective_from", "legal_expires_at", "extensions",
            "ended_at", "end_cause", "lift_due_at", "lifted_at",
        ]  # fmt: skip
        read_only_fields = fields


class LiftSerializer(serializers.Serializer[Any]):
    """When the hold came off the bank's books."""

    lifted_at = MomentField()


class ActivateSerializer(serializers.Serializer[Any]):
    """When the waiting hold took effect, and on how much."""

    effective_from = MomentField()
    amount_minor = serializers.IntegerField(min_value=0, **_NULL)


class HoldViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Hold]):
    """Holds of the caller's orders."""

    queryset = Hold.objects.select_related("account")
    serializer_class = HoldSerializer
    policy_actions = {
        "list": Action.HOLD_VIEW,
        "retrieve": Action.HOLD_VIEW,
        "lift": Action.HOLD_LIFT,
        "activate": Action.HOLD_ACTIVATE,
    }
    keyset = ("-created_at", "-id")
    filterset_fields = ["status", "kind", "institution", "account", "order"]

    @extend_schema(request=LiftSerializer, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def lift(self, request: Any, pk: str) -> Response:
        """Confirm that an ended hold is off the books."""
        form = LiftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        hold = hold_lift(
            by=request.user, hold_id=UUID(pk), lifted_at=form.validated_data["lifted_at"],
            expected_version=expected_version(request),
        )  # fmt: skip
        keep_original(request, Action.HOLD_LIFT, hold.id, case_id=hold.case_id)
        return Response(HoldSerializer(hold).data, headers={"ETag": etag(hold.version)})

    @extend_schema(request=ActivateSerializer, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def activate(self, request: Any, pk: str) -> Response:
        """A waiting hold has become the first in line."""
        form = ActivateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        hold = hold_activate(
            by=request.user, hold_id=UUID(pk), effective_at=data["effective_from"], amount_minor=data["amount_minor"],
            expected_version=expected_version(request),
        )  # fmt: skip
        keep_original(request, Action.HOLD_ACTIVATE, hold.id, case_id=hold.case_id)
        return Response(HoldSerializer(hold).data, headers={"ETag": etag(hold.version)})
