"""Orders in the API: police draft, submit and decide; the addressed institution acknowledges, routes and answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.answer_serializers import AnswerInputSerializer
from accounts.api.evidence import keep_original
from accounts.api.order_serializers import (
    DecisionSerializer,
    OrderDetailSerializer,
    OrdersDraftSerializer,
    OrderSerializer,
    OrderStepSerializer,
    ReasonSerializer,
    RouteSerializer,
    SubmitSerializer,
)
from accounts.models import Answer, Order
from accounts.policy import Action
from accounts.services.answers import order_acknowledge, order_answer, order_route
from accounts.services.orders.approve import order_approve, order_confirm, order_reject
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.orders.ratify import order_overrule, order_ratify
from accounts.services.orders.submit import order_recall, order_submit
from antifraud import policy
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from antifraud.errors import Invalid
from antifraud.money import EXPONENTS
from banks.selectors.institutions import branches_of
from banks.selectors.users import second_officers
from cases.models import Attachment, Case
from cases.policy import Action as CaseAction


def _named(rows: QuerySet[Any], pk: UUID | None, field: str) -> Any:
    """The row of `rows` that the caller names, or a field error; never tells whether somebody else's row exists."""
    if pk is None:
        return None
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Invalid(fields={field: [_("Unknown id. Use one that you can read.")]}, code="unknown_reference")
    return found


def _step(order: Order) -> Response:
    """The order as the service returned it: nothing is read again inside of the issuing transaction."""
    return Response(OrderStepSerializer(order).data, headers={"ETag": etag(order.version)})


class OrderViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Order]):
    """Orders that the caller's institution issued or was addressed by."""

    queryset = Order.objects.select_related("account", "case")
    serializer_class = OrderSerializer
    policy_actions = {
        "list": Action.ORDER_VIEW,
        "retrieve": Action.ORDER_VIEW,
        "create": Action.ORDER_DRAFT,
        "submit": Action.ORDER_SUBMIT,
        "recall": Action.ORDER_RECALL,
        "approve": Action.ORDER_APPROVE,
        "confirm": Action.ORDER_CONFIRM,
        "reject": Action.ORDER_REJECT,
        "ratify": Action.ORDER_RATIFY,
        "overrule": Action.ORDER_OVERRULE,
        "cancel": Action.ORDER_CANCEL,
        "acknowledge": Action.ORDER_ACKNOWLEDGE,
        "route": Action.ORDER_ROUTE,
        "answer": Action.ORDER_ANSWER,
    }
    keyset = ("-listed_at", "-id")
    filterset_fields = ["status", "kind", "institution", "unit", "number", "account", "outcome"]

    def get_queryset(self) -> QuerySet[Order]:
        """In the list the grant's time is the order, so that the grants' index is read first."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(responses=OrderDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One order with its answers."""
        return self._shown(UUID(self.kwargs["pk"]))

    @extend_schema(request=OrdersDraftSerializer, responses={201: OrderSerializer(many=True)})
    @writes
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Draft orders of one kind for one or many accounts; nothing leaves the unit yet."""
        form = OrdersDraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        case = policy.get(request.user, Action.ORDER_DRAFT, Case.objects.all(), data["case"])
        terms = dict(data["terms"])
        if terms["currency"] not in EXPONENTS:
            raise Invalid(fields={"terms.currency": ["Use an ISO 4217 code such as CNY."]})
        terms["second_officer"] = _named(
            second_officers(user=request.user), terms["second_officer"], "terms.second_officer"
        )
        files = policy.scope(request.user, CaseAction.ATTACHMENT_VIEW, Attachment.objects.filter(case=case))
        terms["instrument"] = _named(files, terms["instrument"], "terms.instrument")
        orders = orders_draft(
            by=request.user, case=case, kind=data["kind"], lines=[OrderLine(**line) for line in data["lines"]],
            terms=OrderTerms(**terms),
        )  # fmt: skip
        return Response(OrderSerializer(orders, many=True).data, status=201)

    @extend_schema(request=SubmitSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def submit(self, request: Any, pk: str) -> Response:
        """Freeze the content and ask for the second decision."""
        data = self._read(SubmitSerializer)
        version = expected_version(request)
        return _step(
            order_submit(
                by=request.user, order_id=UUID(pk), emergency=data["emergency"], expected_version=version
            )
        )  # fmt: skip

    @extend_schema(request=None, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def recall(self, request: Any, pk: str) -> Response:
        """Back to draft."""
        return _step(order_recall(by=request.user, order_id=UUID(pk)))

    @extend_schema(request=DecisionSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def approve(self, request: Any, pk: str) -> Response:
        """Approve the content with this hash: the order is issued."""
        return self._decided(order_approve, pk)

    @extend_schema(request=DecisionSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def confirm(self, request: Any, pk: str) -> Response:
        """Emergency stop: the second officer confirms, the order is issued at once."""
        return self._decided(order_confirm, pk)

    @extend_schema(request=DecisionSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def ratify(self, request: Any, pk: str) -> Response:
        """Approve an emergency stop afterwards."""
        return self._decided(order_ratify, pk)

    @extend_schema(request=ReasonSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def reject(self, request: Any, pk: str) -> Response:
        """Reject with a reason."""
        return self._reasoned(order_reject, pk)

    @extend_schema(request=ReasonSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def overrule(self, request: Any, pk: str) -> Response:
        """Expressly reject an emergency stop that was issued: its hold is released."""
        return self._reasoned(order_overrule, pk)

    @extend_schema(request=ReasonSerializer, responses=OrderStepSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def cancel(self, request: Any, pk: str) -> Response:
        """Cancel an order that is not answered yet; an issued order's cancellation is delivered."""
        return self._reasoned(order_cancel, pk)

    @extend_schema(request=None, responses=OrderDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def acknowledge(self, request: Any, pk: str) -> Response:
        """Seen; the answer follows."""
        order = order_acknowledge(by=request.user, order_id=UUID(pk), expected_version=expected_version(request))
        keep_original(request, Action.ORDER_ACKNOWLEDGE, order.id, case_id=order.case_id)
        return self._shown(UUID(pk))

    @extend_schema(request=RouteSerializer, responses=OrderDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def route(self, request: Any, pk: str) -> Response:
        """A head office hands the order to one of its branches."""
        branch = _named(branches_of(request.user.institution), self._read(RouteSerializer)["branch"], "branch")
        order_route(by=request.user, order_id=UUID(pk), branch=branch)
        return self._shown(UUID(pk))

    @extend_schema(request=AnswerInputSerializer, responses=OrderDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def answer(self, request: Any, pk: str) -> Response:
        """The institution's answer; a hold is created, extended or released by it."""
        form = AnswerInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        saved = order_answer(
            by=request.user, order_id=UUID(pk), answer=form.answer(), source=Answer.Source.API,
            expected_version=expected_version(request),
        )  # fmt: skip
        keep_original(request, Action.ORDER_ANSWER, saved.order.id, case_id=saved.order.case_id)
        return self._shown(UUID(pk))

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        return data

    def _decided(self, service: Any, pk: str) -> Response:
        sha = bytes.fromhex(self._read(DecisionSerializer)["payload_sha256"])
        return _step(service(by=self.request.user, order_id=UUID(pk), payload_sha256=sha))

    def _reasoned(self, service: Any, pk: str) -> Response:
        reason = self._read(ReasonSerializer)["reason"]
        return _step(service(by=self.request.user, order_id=UUID(pk), reason=reason))

    def _shown(self, order_id: UUID) -> Response:
        answers = Prefetch("answers", Answer.objects.order_by("seq"))
        queryset = Order.objects.select_related("account", "case").prefetch_related(answers)
        user: Any = self.request.user
        order = policy.get(user, Action.ORDER_VIEW, queryset, order_id)
        return Response(OrderDetailSerializer(order).data, headers={"ETag": etag(order.version)})
