"""Reconciliation in the API: an institution's system compares its own books with the platform's (R11)."""

from __future__ import annotations

from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.evidence import keep_original
from accounts.models import Order
from accounts.policy import Action
from accounts.rules.digests import ORDERS, SCOPES, Difference
from accounts.services.reconciliation import MOST_ITEMS, MOST_REPAIRED, sync_compare, sync_digest, sync_repair
from antifraud import db
from antifraud.api.idempotency import opens_own_unit
from antifraud.api.viewsets import PolicyViewSet
from antifraud.errors import BadRequest

PARAMETERS = frozenset({"day", "scope"})


class AskedSerializer(serializers.Serializer[Any]):
    """Which set: the orders that arrived on a UTC day, or the open holds."""

    scope = serializers.ChoiceField(choices=SCOPES, required=False, default=ORDERS)
    day = serializers.DateField(required=False, allow_null=True, default=None)


class DigestSerializer(AskedSerializer):
    """XOR of HMAC-SHA256(key, item) over `count` canonical items; key and digest as hexadecimal digits."""

    epoch = serializers.IntegerField()
    key = serializers.CharField()
    count = serializers.IntegerField()
    digest = serializers.CharField()


class CompareSerializer(AskedSerializer):
    """The institution's own canonical items."""

    items = serializers.ListField(child=serializers.CharField(max_length=200), max_length=MOST_ITEMS)


class DifferentSerializer(serializers.Serializer[Any]):
    """One id with the item of each side."""

    id = serializers.UUIDField()
    platform = serializers.CharField()
    bank = serializers.CharField()


class ProposalSerializer(serializers.Serializer[Any]):
    """redeliver: ask `repair` for it; send_answer: post the answer again; check_hold, check_order: people of both sides look."""

    id = serializers.UUIDField()
    proposal = serializers.CharField()


class ComparedSerializer(serializers.Serializer[Any]):
    """Every id on which the two sides differ."""

    missing_at_bank = serializers.ListField(child=serializers.UUIDField())
    unknown_to_platform = serializers.ListField(child=serializers.UUIDField())
    different = DifferentSerializer(many=True)
    proposals = ProposalSerializer(many=True)


class RepairSerializer(serializers.Serializer[Any]):
    """Orders that a comparison proposed to deliver again."""

    ids = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_REPAIRED, allow_empty=False)


class UnchangedSerializer(serializers.Serializer[Any]):
    """not_proposed, in_lane or dead_lettered."""

    id = serializers.UUIDField()
    reason = serializers.CharField()


class RepairedSerializer(serializers.Serializer[Any]):
    """What is in the lane again."""

    redelivered = serializers.ListField(child=serializers.UUIDField())
    unchanged = UnchangedSerializer(many=True)


class SyncViewSet(PolicyViewSet[Order]):
    """The caller's own institution only. No Idempotency-Key is needed: done twice, each of these changes nothing more."""

    queryset = Order.objects.all()
    serializer_class = ComparedSerializer
    policy_actions = {
        "digest": Action.SYNC_DIGEST,
        "compare": Action.SYNC_COMPARE,
        "repair": Action.SYNC_REPAIR,
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("day", str, description="UTC date; needed for orders"),
            OpenApiParameter("scope", str, enum=list(SCOPES)),
        ],
        responses=DigestSerializer,
    )
    @action(detail=False, methods=["get"])
    def digest(self, request: Any) -> Response:
        """The platform's digest, under a key that is used once."""
        if set(request.query_params) - PARAMETERS:
            self._unknown_parameter()
        form = AskedSerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        found = sync_digest(by=request.user, **form.validated_data)
        body = {"scope": found.scope, "day": found.day.isoformat(), "epoch": found.epoch, "count": found.count}
        return Response(body | {"key": found.key.hex(), "digest": found.value.hex()})

    @extend_schema(request=CompareSerializer, responses=ComparedSerializer)
    @action(detail=False, methods=["post"])
    @opens_own_unit
    def compare(self, request: Any) -> Response:
        """The exact ids after a mismatch, each with a proposal; the platform keeps them until they agree."""
        form = CompareSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with db.unit_of_work(request.user):
            found = sync_compare(by=request.user, **form.validated_data)
            keep_original(request, Action.SYNC_COMPARE, found.run.pk)
        return Response(_compared(found.differences))

    @extend_schema(request=RepairSerializer, responses=RepairedSerializer)
    @action(detail=False, methods=["post"])
    @opens_own_unit
    def repair(self, request: Any) -> Response:
        """Bring the named orders into the lane again: the same order id, the next attempt."""
        form = RepairSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with db.unit_of_work(request.user):
            done = sync_repair(by=request.user, ids=form.validated_data["ids"])
            keep_original(request, Action.SYNC_REPAIR, request.user.institution_id)
        unchanged = [{"id": str(key), "reason": why} for key, why in done.unchanged.items()]
        return Response({"redelivered": [str(key) for key in done.redelivered], "unchanged": unchanged})

    def _unknown_parameter(self) -> NoReturn:
        raise BadRequest(
            _("A parameter of this address is not known here."),
            code="unknown_parameter",
            extra={"known": sorted(PARAMETERS)},
        )


def _compared(found: list[Difference]) -> dict[str, Any]:
    by_kind = {
        kind: [str(one.id) for one in found if one.kind == kind] for kind in ("missing_at_bank", "unknown_to_platform")
    }
    different = [
        {"id": str(one.id), "platform": one.ours, "bank": one.theirs} for one in found if one.kind == "different"
    ]
    proposals = [{"id": str(one.id), "proposal": one.proposal} for one in found]
    return {**by_kind, "different": different, "proposals": proposals}
