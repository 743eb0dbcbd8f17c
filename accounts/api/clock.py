"""Stopped clocks in the API: the institution asks, a supervisor of the police decides, both see what has elapsed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import ClockPause, Order
from accounts.policy import Action
from accounts.selectors.escalation import order_clock
from accounts.services.clock_pauses import (
    clock_pause_consent,
    clock_pause_end,
    clock_pause_refuse,
    clock_pause_request,
)
from antifraud import policy
from antifraud.api.idempotency import writes
from antifraud.api.viewsets import PolicyViewSet


class PauseSerializer(serializers.ModelSerializer[ClockPause]):
    """One request with its decision; an empty decision waits."""

    class Meta:
        model = ClockPause
        fields = [
            "id", "reason", "asked_at", "asked_minutes", "decision", "decided_at", "refusal", "from_at", "until_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class ClockSerializer(serializers.Serializer[Any]):
    """`elapsed_seconds` runs on through every pause; `stopped_seconds` is what consent moved the term by."""

    order_id = serializers.UUIDField()
    available_at = serializers.DateTimeField(allow_null=True)
    answer_due_at = serializers.DateTimeField(allow_null=True)
    elapsed_seconds = serializers.IntegerField(allow_null=True)
    stopped_seconds = serializers.IntegerField()
    pauses = PauseSerializer(many=True)


class ClockRequestSerializer(serializers.Serializer[Any]):
    """Why (no personal data), and for how many minutes from now."""

    reason = serializers.CharField(max_length=300)
    minutes = serializers.IntegerField()


class ClockConsentSerializer(serializers.Serializer[Any]):
    """The request that is decided on (`pauses[].id`), and what was asked for, or fewer minutes."""

    pause = serializers.UUIDField()
    minutes = serializers.IntegerField()


class ClockRefuseSerializer(serializers.Serializer[Any]):
    """The request that is decided on (`pauses[].id`), and why not."""

    pause = serializers.UUIDField()
    reason = serializers.CharField(max_length=300)


class ClockViewSet(PolicyViewSet[Order]):
    """The clock of one order."""

    queryset = Order.objects.all()
    serializer_class = ClockSerializer
    policy_actions = {
        "clock": Action.ORDER_VIEW,
        "clock_request": Action.CLOCK_REQUEST,
        "clock_consent": Action.CLOCK_DECIDE,
        "clock_refuse": Action.CLOCK_DECIDE,
        "clock_end": Action.CLOCK_END,
    }

    @extend_schema(responses=ClockSerializer)
    @action(detail=True, methods=["get"])
    def clock(self, request: Any, pk: str) -> Response:
        """Term, elapsed time and pauses."""
        return self._shown(pk)

    @extend_schema(request=ClockRequestSerializer, responses=ClockSerializer)
    @action(detail=True, methods=["post"], url_path="clock/request")
    @writes
    def clock_request(self, request: Any, pk: str) -> Response:
        """Ask for the clock of an acknowledged order to stand still; it runs until a supervisor consents."""
        clock_pause_request(by=request.user, order_id=UUID(pk), **self._read(ClockRequestSerializer))
        return self._shown(pk)

    @extend_schema(request=ClockConsentSerializer, responses=ClockSerializer)
    @action(detail=True, methods=["post"], url_path="clock/consent")
    @writes
    def clock_consent(self, request: Any, pk: str) -> Response:
        """Consent while the term runs: it moves by exactly this time."""
        clock_pause_consent(by=request.user, order_id=UUID(pk), **self._read(ClockConsentSerializer))
        return self._shown(pk)

    @extend_schema(request=ClockRefuseSerializer, responses=ClockSerializer)
    @action(detail=True, methods=["post"], url_path="clock/refuse")
    @writes
    def clock_refuse(self, request: Any, pk: str) -> Response:
        """Refuse: the clock has run all the time."""
        clock_pause_refuse(by=request.user, order_id=UUID(pk), **self._read(ClockRefuseSerializer))
        return self._shown(pk)

    @extend_schema(request=None, responses=ClockSerializer)
    @action(detail=True, methods=["post"], url_path="clock/end")
    @writes
    def clock_end(self, request: Any, pk: str) -> Response:
        """Let the clock run again before its time."""
        clock_pause_end(by=request.user, order_id=UUID(pk))
        return self._shown(pk)

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        return data

    def _shown(self, pk: str) -> Response:
        user: Any = self.request.user
        order = policy.get(user, Action.ORDER_VIEW, Order.objects.defer("payload", "reason"), UUID(pk))
        clock = order_clock(user=user, order=order)
        return Response(
            {
                "order_id": str(order.pk),
                "available_at": order.available_at,
                "answer_due_at": order.answer_due_at,
                "elapsed_seconds": None if clock.elapsed is None else int(clock.elapsed.total_seconds()),
                "stopped_seconds": int(clock.stopped.total_seconds()),
                "pauses": PauseSerializer(clock.pauses, many=True).data,
            }
        )
