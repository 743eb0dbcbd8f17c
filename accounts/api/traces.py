"""Traces in the API, for the police units of the case: run one, run it again, read it, what changed since an earlier one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.rules.tracing.params import BOUNDS
from accounts.services.traces import trace_difference, trace_repeat, trace_run
from antifraud import policy
from antifraud.api.idempotency import writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from antifraud.errors import Invalid
from cases.models import Case


def _bounded(name: str) -> serializers.IntegerField:
    least, most = BOUNDS[name]
    return serializers.IntegerField(min_value=least, max_value=most, required=False)


class TraceSeedSerializer(serializers.Serializer[Any]):
    """The part [from_minor, to_minor) of a ledger entry."""

    entry = serializers.IntegerField(min_value=1)
    from_minor = serializers.IntegerField(min_value=0)
    to_minor = serializers.IntegerField(min_value=1)


class TraceInputSerializer(serializers.Serializer[Any]):
    """What to trace, and the limits (docs/fund-flow/tracing.md); a limit that is left out has its default."""

    seeds = TraceSeedSerializer(many=True)
    direction = serializers.ChoiceField(choices=TraceRun.Direction.choices, required=False)
    method = serializers.ChoiceField(choices=TraceRun.Method.choices, required=False)
    min_amount_minor = _bounded("min_amount_minor")
    window_seconds = _bounded("window_seconds")
    max_hops = _bounded("max_hops")
    max_edges = _bounded("max_edges")
    hub_entries = _bounded("hub_entries")
    until = serializers.DateTimeField(required=False, allow_null=True)


class TraceSerializer(serializers.ModelSerializer[TraceRun]):
    """A run in a list: its parameters and digests, not its result."""

    ledger_digest = serializers.SerializerMethodField()
    inputs_digest = serializers.SerializerMethodField()
    result_digest = serializers.SerializerMethodField()

    class Meta:
        model = TraceRun
        fields = [
            "id", "case", "number", "direction", "method", "currency", "params", "seeds", "ledger_version", "ledger_digest",
            "inputs_digest", "result_digest", "edges", "is_cut", "is_automatic", "run_by", "run_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(str)
    def get_ledger_digest(self, run: TraceRun) -> str:
        """Of the ledger that was read, in hex."""
        return bytes(run.ledger_digest).hex()

    @extend_schema_field(str)
    def get_inputs_digest(self, run: TraceRun) -> str:
        """Of the rows that were read, in hex."""
        return bytes(run.inputs_digest).hex()

    @extend_schema_field(str)
    def get_result_digest(self, run: TraceRun) -> str:
        """Of the result, in hex."""
        return bytes(run.result_digest).hex()


class TraceDetailSerializer(TraceSerializer):
    """One run with its result: edges, nodes and totals by ledger keys; who they are is read elsewhere."""

    class Meta(TraceSerializer.Meta):
        fields = [*TraceSerializer.Meta.fields, "result"]
        read_only_fields = fields


class TraceRepeatSerializer(serializers.Serializer[Any]):
    """Whether anything had changed, and the newer run; the same run where nothing had."""

    is_changed = serializers.BooleanField()
    run = TraceDetailSerializer()


class CaseTraceViewSet(PolicyViewSet[Case]):
    """Traces begin with a case."""

    queryset = Case.objects.all()
    serializer_class = TraceInputSerializer
    policy_actions = {"traces": FlowAction.TRACE_RUN}

    @extend_schema(request=TraceInputSerializer, responses={201: TraceDetailSerializer})
    @action(detail=True, methods=["post"])
    @writes
    def traces(self, request: Any, pk: str) -> Response:
        """Trace from parts of the ledger's entries; the run is stored and never changed."""
        form = TraceInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = dict(form.validated_data)
        run = trace_run(by=request.user, case_id=UUID(pk), seeds=data.pop("seeds"), params=data)
        return Response(TraceDetailSerializer(run).data, status=201)


class TraceViewSet(ListMixin, RetrieveMixin, PolicyViewSet[TraceRun]):
    """Traces of the caller's cases."""

    queryset = TraceRun.objects.all()
    serializer_class = TraceSerializer
    policy_actions = {
        "list": FlowAction.TRACE_VIEW,
        "retrieve": FlowAction.TRACE_VIEW,
        "difference": FlowAction.TRACE_VIEW,
        "repeat": FlowAction.TRACE_REPEAT,
    }
    keyset = ("-run_at", "-id")
    filterset_fields = ["case", "method", "direction", "number"]

    def get_queryset(self) -> Any:
        """In the list without results."""
        rows = super().get_queryset()
        return rows.defer("result") if self.action == "list" else rows

    @extend_schema(responses=TraceDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One run with its result."""
        return Response(TraceDetailSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=TraceRepeatSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def repeat(self, request: Any, pk: str) -> Response:
        """Run it again on the ledger of today; a new run only where something changed."""
        run = self.get_object()
        again = trace_repeat(by=request.user, run=run)
        return Response(TraceRepeatSerializer({"is_changed": again is not None, "run": again or run}).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.UUID, required=True, description="An earlier run of the case.")
        ],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["get"])
    def difference(self, request: Any, pk: str) -> Response:
        """What changed since an earlier run: limits, ledger, rule, payments, accounts, totals."""
        after = self.get_object()
        before = policy.get(request.user, FlowAction.TRACE_VIEW, TraceRun.objects.all(), _since(request))
        if before.case_id != after.case_id:
            raise Invalid(fields={"since": [_("The two runs are of different cases. Name a run of the same case.")]})
        return Response(trace_difference(before, after))


def _since(request: Any) -> UUID:
    try:
        return UUID(request.query_params.get("since", ""))
    except ValueError as error:
        text = _("This must be the id of an earlier run of the case. Send it as in ?since=….")
        raise Invalid(fields={"since": [text]}) from error
