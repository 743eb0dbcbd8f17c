"""The pull door of an institution's system: receive under leases, ack, extend, nack (R10)."""

from __future__ import annotations

import time
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.services.messages import delivery_message
from antifraud import db, hints
from antifraud.api import waiting
from antifraud.api.idempotency import opens_own_unit, writes
from antifraud.api.viewsets import PolicyViewSet
from antifraud.audit import diary
from antifraud.crypto import DecryptError
from antifraud.errors import NotFound
from antifraud.logs import get_logger
from banks.models import Delivery
from banks.policy import Action
from banks.services.platform import require_running
from banks.services.queue import queue_ack, queue_acks, queue_extend, queue_nack, queue_receive, queue_withhold

log = get_logger(__name__)
POLL_SECONDS = 1.0  # hints may be lost
ASK_AGAIN_SECONDS = 0.5
LONGEST_WAIT = 20
MOST_ACKS = 50
# A cell that was changed, or whose key is gone; a content that is no JSON any more. All of them are raised by Python
# after the row was read, so that the unit of work can go on; what the database raises ends it.
UNREADABLE = (DecryptError, LookupError, ValueError)


class ReceiveSerializer(serializers.Serializer[Any]):
    """What is safe already, how many more at most, how long to wait for the first, how long the lease."""

    acks = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, default=list, max_length=MOST_ACKS
    )
    max = serializers.IntegerField(required=False, default=10)
    wait = serializers.IntegerField(required=False, default=0, min_value=0, max_value=LONGEST_WAIT)
    visibility = serializers.IntegerField(required=False, default=60)


class ReceiptSerializer(serializers.Serializer[Any]):
    """The receipt that came with the delivery."""

    receipt = serializers.CharField(max_length=500)


class ExtendSerializer(ReceiptSerializer):
    """More time for the same lease."""

    seconds = serializers.IntegerField()


class NackSerializer(ReceiptSerializer):
    """Why it is given back; no personal data."""

    reason = serializers.CharField(max_length=200)


class MessageSerializer(serializers.Serializer[Any]):
    """What every message carries; the fields of its topic follow."""

    schema = serializers.CharField()
    epoch = serializers.IntegerField()
    delivery_id = serializers.UUIDField()
    topic = serializers.CharField()
    seq = serializers.IntegerField()
    attempt = serializers.IntegerField()
    possible_duplicate = serializers.BooleanField()


class DeliverySerializer(serializers.Serializer[Any]):
    """One delivery: the receipt, and the message itself."""

    receipt = serializers.CharField()
    lease_until = serializers.DateTimeField()
    message = serializers.DictField()


class AckedSerializer(serializers.Serializer[Any]):
    """What became of one of `acks`: no `code`, or why it was refused (`receipt_stale`, `not_found`)."""

    receipt = serializers.CharField()
    code = serializers.CharField(required=False)


class ReceivedSerializer(serializers.Serializer[Any]):
    """What `receive` answers; with `ask_again_after` the call did not wait: ask again after so many seconds."""

    items = DeliverySerializer(many=True)
    acked = AckedSerializer(many=True)
    ask_again_after = serializers.FloatField(required=False)


class LeaseSerializer(serializers.Serializer[Any]):
    """State of a delivery after ack, extend or nack."""

    delivery_id = serializers.UUIDField()
    state = serializers.CharField()
    lease_until = serializers.DateTimeField(allow_null=True)


class QueueViewSet(PolicyViewSet[Delivery]):
    """The caller's own lane; a browser session of a risk officer may use it as well as the bank's system."""

    queryset = Delivery.objects.all()
    serializer_class = LeaseSerializer
    policy_actions = {
        "receive": Action.QUEUE_RECEIVE,
        "ack": Action.QUEUE_ACK,
        "extend": Action.QUEUE_EXTEND,
        "nack": Action.QUEUE_NACK,
        "message": Action.DELIVERY_VIEW,
    }

    @extend_schema(request=ReceiveSerializer, responses=ReceivedSerializer)
    @action(detail=False, methods=["post"])
    @opens_own_unit
    def receive(self, request: Any) -> Response:
        """Lease deliveries, the most urgent first. Needs no Idempotency-Key: what was lost comes again after its lease.

        `acks` are receipts of what the system has safely by now: acknowledged first, each for itself, as by `ack`.
        With `wait` the call looks again when something comes into the lane; no transaction is open in between (R5).
        """
        form = ReceiveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        if not asked["wait"]:
            return Response(_served(request.user, asked))
        with waiting.place() as has_place:
            if has_place:
                return Response(_waited(request, asked))
        told = _served(request.user, asked)
        return Response(told if told["items"] else {**told, "ask_again_after": ASK_AGAIN_SECONDS})

    @extend_schema(request=ReceiptSerializer, responses=LeaseSerializer)
    @action(detail=False, methods=["post"])
    @writes
    def ack(self, request: Any) -> Response:
        """The system has the message safely; it is not offered again. Not an answer to the order (R6)."""
        data = self._read(ReceiptSerializer)
        return self._shown(queue_ack(by=request.user, receipt=data["receipt"]))

    @extend_schema(request=ExtendSerializer, responses=LeaseSerializer)
    @action(detail=False, methods=["post"])
    @writes
    def extend(self, request: Any) -> Response:
        """Keep the lease longer; twelve hours at most in all."""
        data = self._read(ExtendSerializer)
        return self._shown(queue_extend(by=request.user, receipt=data["receipt"], seconds=data["seconds"]))

    @extend_schema(request=NackSerializer, responses=LeaseSerializer)
    @action(detail=False, methods=["post"])
    @writes
    def nack(self, request: Any) -> Response:
        """Give it back; it is offered again after a growing pause."""
        data = self._read(NackSerializer)
        return self._shown(queue_nack(by=request.user, receipt=data["receipt"], reason=data["reason"]))

    @extend_schema(request=None, responses=MessageSerializer)
    @action(detail=True, methods=["get"])
    def message(self, request: Any, pk: str) -> Response:
        """What a webhook's thin event is about, as `receive` would give it; who fetched it is audited.

        404 for a delivery of another institution, and before it has come into the lane.
        """
        epoch = require_running().epoch
        delivery = self.get_object()
        if delivery.state == Delivery.State.QUEUED:
            raise NotFound
        return Response(delivery_message(by=request.user, delivery=delivery, epoch=epoch))

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        return data

    def _shown(self, delivery: Delivery) -> Response:
        return Response({"delivery_id": str(delivery.id), "state": delivery.state, "lease_until": delivery.lease_until})


def _waited(request: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """As `_served`, looking again at each hint until something is there or the time is up."""
    deadline = time.monotonic() + asked["wait"]
    with hints.listening(f"inst:{request.user.institution_id}") as wait:  # first, so that nothing slips in between
        told = _served(request.user, asked)
        while not told["items"] and (rest := deadline - time.monotonic()) > 0:
            wait(min(rest, POLL_SECONDS))
            if waiting.has_left(request):  # what it would lease now, nobody would hear of before the lease ends
                break
            with db.unit_of_work(request.user):
                told["items"] = _taken(request.user, asked)
    return told


def _served(by: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Acknowledge, then lease what is there, in one unit of work."""
    with db.unit_of_work(by):
        acked = queue_acks(by=by, receipts=asked["acks"]) if asked["acks"] else {}
        items = _taken(by, asked)
    told = [{"receipt": receipt, **({"code": code} if code else {})} for receipt, code in acked.items()]
    return {"items": items, "acked": told}


def _taken(by: Any, asked: dict[str, Any]) -> list[dict[str, Any]]:
    epoch = require_running().epoch
    taken = queue_receive(by=by, max_count=asked["max"], visibility_seconds=asked["visibility"])
    return [item for delivery, receipt in taken if (item := _item(by, delivery, receipt, epoch)) is not None]


def _item(by: Any, delivery: Delivery, receipt: str, epoch: int) -> dict[str, Any] | None:
    """None for what the institution may no longer see, and for what cannot be opened: one such row must not keep the rest
    of the batch, nor the acks that came with the call, from it."""
    try:
        message = delivery_message(by=by, delivery=delivery, epoch=epoch)
    except NotFound:
        log.error("delivery out of reach", delivery=delivery.id, topic=delivery.topic)
        return None
    except UNREADABLE as error:
        _withhold(by, delivery, error)
        return None
    return {"receipt": receipt, "lease_until": delivery.lease_until, "message": message}


def _withhold(by: Any, delivery: Delivery, error: Exception) -> None:
    """Nothing of the error's own text: it may quote what stands in the cell."""
    name = type(error).__name__
    log.error("delivery cannot be opened", delivery=delivery.id, topic=delivery.topic, error=name)
    detail = {"delivery": str(delivery.id), "topic": delivery.topic, "reason": name}
    if isinstance(error, DecryptError):
        detail |= {"reason": error.reason, "place": error.place}
    diary.record("cell.decrypt", by=by, obj=delivery, case_id=delivery.case_id, outcome="failed", detail=detail)
    of_keys = isinstance(error, DecryptError) and not error.is_cell
    queue_withhold(by=by, delivery=delivery, error=name, of_keys=of_keys)
