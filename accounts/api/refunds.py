"""Decided returns in the API: an institution lists what it has to pay, reads one, and reports share by share.

Losses, objections and the worksheet are police's own and are not in the API.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.evidence import keep_original
from accounts.api.fields import MaskedField
from accounts.models import Refund, RefundShare
from accounts.policy import RefundAction
from accounts.services.refunds.inputs import ShareResult
from accounts.services.refunds.payout import payable_shares, refund_report
from accounts.services.refunds.reveals import payout_open
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin

_BLANK: dict[str, Any] = {"required": False, "default": "", "allow_blank": True}
_NULL: dict[str, Any] = {"required": False, "default": None, "allow_null": True}
MOST_RESULTS = 5_000


class PayoutShareSerializer(serializers.ModelSerializer[RefundShare]):
    """One payment, its payee masked: the queue's message has it in clear."""

    payee_name = MaskedField()
    payee_account = MaskedField()
    amount_minor = serializers.IntegerField(source="share_minor", read_only=True)

    class Meta:
        model = RefundShare
        fields = [
            "id", "payee_name", "payee_account", "payee_bank", "amount_minor", "outcome", "transfer_id", "paid_at", "failure",
            "tries",
        ]  # fmt: skip
        read_only_fields = fields


class PayoutSerializer(serializers.ModelSerializer[Refund]):
    """A decided return in the list of its institution."""

    case_number = serializers.CharField(source="case.number", read_only=True)
    fraud_type = serializers.CharField(source="case.fraud_type", read_only=True)
    order_number = serializers.CharField(source="hold.order.number", read_only=True)
    decision_sha256 = serializers.SerializerMethodField()

    class Meta:
        model = Refund
        fields = [
            "id", "number", "status", "version", "case_number", "fraud_type", "order_number", "unit", "currency", "decided_at",
            "available_at", "payout_due_at", "paid_at", "closed_at", "decision_sha256",
        ]  # fmt: skip
        read_only_fields = fields

    def get_decision_sha256(self, refund: Refund) -> str:
        """Hexadecimal, of the worksheet that was approved."""
        return bytes(refund.decided_sha256 or b"").hex()


class PayoutDetailSerializer(PayoutSerializer):
    """One decided return with what is to be paid."""

    shares = serializers.SerializerMethodField()

    class Meta(PayoutSerializer.Meta):
        fields = [*PayoutSerializer.Meta.fields, "shares"]
        read_only_fields = fields

    @extend_schema_field(PayoutShareSerializer(many=True))
    def get_shares(self, refund: Refund) -> Any:
        """The payments in order."""
        return PayoutShareSerializer(payable_shares(refund), many=True).data


class ShareResultSerializer(serializers.Serializer[Any]):
    """What became of one payment: `paid` with transfer id, moment and exact amount, or `failed` with a reason."""

    share = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=["paid", "failed"])
    transfer_id = serializers.CharField(max_length=80, **_BLANK)
    paid_at = serializers.DateTimeField(**_NULL)
    amount_minor = serializers.IntegerField(**_NULL)
    reason = serializers.CharField(max_length=300, **_BLANK)


class PayoutReportSerializer(serializers.Serializer[Any]):
    """Any number of payments; those left out stay open. Proof follows by `proof`, or on the page of the return."""

    results = serializers.ListField(child=ShareResultSerializer(), min_length=1, max_length=MOST_RESULTS)

    def share_results(self) -> list[ShareResult]:
        """What the service takes; only after `is_valid`."""
        return [
            ShareResult(**{name: value for name, value in line.items() if name != "share"}, share_id=line["share"])
            for line in self.validated_data["results"]
        ]


class PayoutViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Refund]):
    """The caller's own decided returns."""

    queryset = Refund.objects.select_related("case", "hold__order").defer(
        "payload", "case__narrative", "hold__order__payload", "hold__order__reason"
    )
    serializer_class = PayoutSerializer
    policy_actions = {
        "list": RefundAction.REFUND_OPEN,
        "retrieve": RefundAction.REFUND_OPEN,
        "report": RefundAction.REFUND_REPORT,
    }
    keyset = ("-listed_at", "-id")
    filterset_fields = ["status", "number"]

    def get_queryset(self) -> QuerySet[Refund]:
        """In the list the grant's time is the order, so that the grants' index is read first."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(responses=PayoutDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One decided return with its payments; reading it is audited."""
        return self._shown(UUID(self.kwargs["pk"]))

    @extend_schema(request=PayoutReportSerializer, responses=PayoutDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def report(self, request: Any, pk: str) -> Response:
        """What was paid and what failed. The same words again change nothing; another transfer for a paid share is 409."""
        form = PayoutReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        refund = refund_report(
            by=request.user,
            refund_id=UUID(pk),
            results=form.share_results(),
            expected_version=expected_version(request),
        )
        keep_original(request, RefundAction.REFUND_REPORT, refund.id, case_id=refund.case_id)
        return self._shown(UUID(pk))

    def _shown(self, refund_id: UUID) -> Response:
        user: Any = self.request.user
        refund, _content, _shares = payout_open(by=user, refund_id=refund_id)
        return Response(PayoutDetailSerializer(refund).data, headers={"ETag": etag(refund.version)})
