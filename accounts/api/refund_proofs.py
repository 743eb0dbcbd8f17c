"""The paper that shows a payout, from an institution's system: announced by a signed message, then its bytes under a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.content import TICKET, content_announced, content_ticket
from accounts.api.evidence import keep_original
from accounts.api.refunds import MOST_RESULTS
from accounts.api.statement_serializers import TicketSerializer
from accounts.models import Refund
from accounts.policy import RefundAction
from accounts.services.refunds.inputs import ShownShare
from accounts.services.refunds.proofs import payout_proof_announce, payout_proof_upload
from antifraud import db
from antifraud.api.idempotency import opens_own_unit, writes
from antifraud.api.viewsets import PolicyViewSet

PURPOSE = "refund.proof.2"  # the first kind of ticket did not name the shares
UPLOAD_PATH = "/api/v1/refunds/content/"


class ShownShareSerializer(serializers.Serializer[Any]):
    """A share that the paper shows, with exactly the amount that was paid (minor units)."""

    share = serializers.UUIDField()
    amount_minor = serializers.IntegerField(min_value=1)


class ProofSerializer(serializers.Serializer[Any]):
    """The paper that is going to be sent: SHA-256 of its bytes in hex, how many, the ending of its name.

    `shares` names the payments that it shows; left out, it is for all that are paid without a proof at this moment.
    """

    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    size = serializers.IntegerField(min_value=1)
    ending = serializers.ChoiceField(choices=["pdf", "png", "jpg", "jpeg"])
    shares = serializers.ListField(
        child=ShownShareSerializer(), required=False, allow_null=True, default=None, max_length=MOST_RESULTS
    )

    def shown(self) -> list[ShownShare] | None:
        """What the service takes; only after `is_valid`."""
        named = self.validated_data["shares"]
        return None if named is None else [ShownShare(each["share"], each["amount_minor"]) for each in named]


class ProofReceiptSerializer(serializers.Serializer[Any]):
    """What the institution gets back: the proof is kept with the return, whose version is told."""

    refund = serializers.UUIDField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    version = serializers.IntegerField()


class PayoutProofViewSet(PolicyViewSet[Refund]):
    """An institution announces the proof of what it has reported as paid."""

    queryset = Refund.objects.all()
    serializer_class = TicketSerializer
    policy_actions = {"proof": RefundAction.REFUND_REPORT}

    @extend_schema(request=ProofSerializer, responses={201: TicketSerializer})
    @action(detail=True, methods=["post"])
    @writes
    def proof(self, request: Any, pk: str) -> Response:
        """Announce a proof, once the shares it shows are reported; the answer says where its bytes go, within a day.

        It is for the payments that `shares` names: paid, of this return, without another proof. Without the list it is for
        those that are paid without a proof at this moment; what is paid later has a paper of its own.
        """
        form = ProofSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = {name: form.validated_data[name] for name in ("sha256", "size", "ending")}
        refund, shares = payout_proof_announce(
            by=request.user,
            refund_id=UUID(pk),
            sha256=bytes.fromhex(data["sha256"]),
            size=data["size"],
            shown=form.shown(),
        )
        keep_original(request, RefundAction.REFUND_REPORT, refund.id, case_id=refund.case_id)
        told = {
            "refund": str(refund.id), "round": refund.round_number, "shares": _packed(s.position for s in shares),
            "named": form.validated_data["shares"] is not None,
        }  # fmt: skip
        body = content_ticket(request, PURPOSE, UPLOAD_PATH, {**told, **data})
        return Response(TicketSerializer(body).data, status=201)


class ProofContentViewSet(PolicyViewSet[Refund]):
    """The door of the bytes."""

    queryset = Refund.objects.all()
    serializer_class = ProofReceiptSerializer
    policy_actions = {"content": RefundAction.REFUND_REPORT}

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY}, responses={201: ProofReceiptSerializer},
        parameters=[OpenApiParameter(TICKET, str, OpenApiParameter.HEADER, required=True)],
    )  # fmt: skip
    @action(detail=False, methods=["put"])
    @opens_own_unit
    def content(self, request: Any) -> Response:
        """The bytes of an announced proof, as they are; kept with the shares it was announced for. Sent again, they change nothing."""
        with content_announced(request, PURPOSE, "proof") as (told, file), db.unit_of_work(request.user):
            refund = payout_proof_upload(
                by=request.user, refund_id=UUID(told["refund"]), round_number=told["round"],
                positions=_unpacked(told["shares"]), file=file, sha256=bytes.fromhex(told["sha256"]),
                is_named=told.get("named", False),
            )  # fmt: skip
        body = {"refund": refund.id, "sha256": told["sha256"], "size": told["size"], "version": refund.version}
        return Response(ProofReceiptSerializer(body).data, status=201)


def _packed(positions: Iterable[int]) -> str:
    """Places of shares in their round as one number in hex, a bit for each: a ticket is short, a case may have many victims."""
    return f"{sum(1 << position for position in positions):x}"


def _unpacked(packed: str) -> set[int]:
    bits = int(packed, 16)
    return {position for position in range(bits.bit_length()) if bits >> position & 1}
