"""The fund flow for institutions' systems: traced money through an own account, and the credits of a watched one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.evidence import keep_original
from accounts.api.fields import ExecutingField
from accounts.models import InvolvedAccount, Order
from accounts.policy import Action, FrontierAction
from accounts.selectors.flow_bank import bank_flow
from accounts.services.watches import MOST_CREDITS, Credit, watch_report
from antifraud import policy
from antifraud.api.fields import MomentField
from antifraud.api.idempotency import writes
from antifraud.api.viewsets import PolicyViewSet
from antifraud.money import MAX_MINOR

_BLANK: dict[str, Any] = {"required": False, "default": "", "allow_blank": True}


class NeighbourSerializer(serializers.Serializer[Any]):
    """Payments with the accounts of one institution; its name is empty where it is not known."""

    institution = serializers.CharField(allow_blank=True)
    is_own = serializers.BooleanField()
    in_minor = serializers.IntegerField(source="came")
    out_minor = serializers.IntegerField(source="left")
    payments = serializers.IntegerField()
    first_at = MomentField()
    last_at = MomentField()


class AccountFlowSerializer(serializers.Serializer[Any]):
    """Traced money through an account of one's own in one currency."""

    account = serializers.UUIDField(source="account.pk")
    currency = serializers.CharField()
    in_minor = serializers.IntegerField(source="came")
    out_minor = serializers.IntegerField(source="left")
    neighbours = NeighbourSerializer(many=True)


class CreditSerializer(serializers.Serializer[Any]):
    """One credit of the watched account; the payer may be unknown."""

    at = MomentField()
    amount_minor = serializers.IntegerField(min_value=1, max_value=MAX_MINOR)
    currency = serializers.CharField(max_length=3, min_length=3, required=False, default="CNY")
    number = serializers.CharField(max_length=60, **_BLANK)
    name = serializers.CharField(max_length=160, **_BLANK)
    institution = ExecutingField(required=False, default=None, allow_null=True)
    reference = serializers.CharField(
        max_length=80,
        help_text="The serial or reference of the bank's own books: it tells equal credits apart.",
        **_BLANK,
    )
    is_another = serializers.BooleanField(
        required=False, default=False,
        help_text="True: a further credit, though payer, time, amount and reference are those of one told before.",
    )  # fmt: skip


class CreditsSerializer(serializers.Serializer[Any]):
    """What the bank tells at once."""

    credits = serializers.ListField(child=CreditSerializer(), min_length=1, max_length=MOST_CREDITS)


class ToldSerializer(serializers.Serializer[Any]):
    """How many credits were new; those told before change nothing: `known` are their places in the list, from 0."""

    told = serializers.IntegerField()
    new = serializers.IntegerField()
    known = serializers.ListField(child=serializers.IntegerField())


class AccountFlowViewSet(PolicyViewSet[InvolvedAccount]):
    """An institution's own accounts: amounts in and out, neighbours by institution, nothing else (domain.md §8)."""

    queryset = InvolvedAccount.objects.all()
    serializer_class = AccountFlowSerializer
    policy_actions = {"flow": FrontierAction.OWN_FLOW}

    @extend_schema(responses=AccountFlowSerializer(many=True))
    @action(detail=True, methods=["get"])
    def flow(self, request: Any, pk: str) -> Response:
        """One entry for each currency; none where no trace reached the account."""
        found = bank_flow(user=request.user, account_id=UUID(pk))
        return Response(AccountFlowSerializer(found, many=True).data)


class WatchViewSet(PolicyViewSet[Order]):
    """A watch that runs: the bank tells each credit as it comes."""

    queryset = Order.objects.all()
    serializer_class = ToldSerializer
    policy_actions = {"credits": Action.ORDER_ANSWER}

    @extend_schema(request=CreditsSerializer, responses=ToldSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def credits(self, request: Any, pk: str) -> Response:
        """Tell up to 200 credits of the account that an order of kind `watch` names.

        Payer, time, amount and reference make a credit. Two that agree in all of them are taken as one, told twice; a
        second real one needs a reference of its own or `is_another`.
        """
        form = CreditsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told = [Credit(**each) for each in form.validated_data["credits"]]
        taken = watch_report(by=request.user, order_id=UUID(pk), told=told)
        order = policy.get(request.user, Action.ORDER_VIEW, Order.objects.all(), UUID(pk))
        keep_original(request, "watch.report", order.id, case_id=order.case_id)
        known = [at for at, transfer in enumerate(taken) if transfer is None]
        return Response({"told": len(told), "new": len(told) - len(known), "known": known})
