"""Cases in the API: for police units; banks never reach a case (domain.md §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from antifraud.api.fields import MomentField
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from antifraud.errors import Invalid, Text
from banks.selectors.institutions import police_institutions
from cases.models import Case, Lead
from cases.policy import Action
from cases.services.cases import CaseInput, case_file
from cases.services.steps import VERBS, case_step
from cases.services.victims import LeadInput, VictimInput, victim_enter

# The services name fields as the pages do, where a victim stands beside other things.
VICTIM_FIELDS = {"victim_name": "name", "victim_id_number": "id_number", "victim_phone": "phone"}


@contextmanager
def _fields_as_sent(names: Mapping[str, str]) -> Iterator[None]:
    """Name the fields of a refusal as the client sent them."""
    try:
        yield
    except Invalid as error:
        fields: dict[str, list[Text]] = {}
        for name, texts in error.fields.items():
            fields.setdefault(names.get(name, name), []).extend(texts)
        raise Invalid(error.message, code=error.code, fields=fields) from error


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case without personal data; what was told stays on the page, behind its audit."""

    class Meta:
        model = Case
        fields = [
            "id", "number", "incident_number", "unit", "status", "version", "fraud_type", "fraud_subtype", "reported_at",
            "occurred_at", "logged_at", "first_account_at", "loss_minor", "currency", "is_express", "filed_on",
            "open_orders", "open_holds", "accounts_total", "held_minor",
        ]  # fmt: skip
        read_only_fields = fields


class VictimInputSerializer(serializers.Serializer[Any]):
    """Who lost the money."""

    name = serializers.CharField(max_length=80)
    id_number = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)


class LeadInputSerializer(serializers.Serializer[Any]):
    """A clue."""

    kind = serializers.ChoiceField(choices=Lead.Kind.choices)
    value = serializers.CharField(max_length=200)


class CaseInputSerializer(serializers.Serializer[Any]):
    """A report."""

    reported_at = MomentField()
    fraud_type = serializers.CharField(max_length=30)
    fraud_subtype = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    incident_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    jurisdiction = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    narrative = serializers.CharField(max_length=8000, required=False, default="", allow_blank=True)
    occurred_at = MomentField(required=False, allow_null=True, default=None)
    loss_minor = serializers.IntegerField(required=False, allow_null=True, default=None)
    is_express = serializers.BooleanField(required=False, default=False)
    victims = VictimInputSerializer(many=True, required=False, default=list)
    leads = LeadInputSerializer(many=True, required=False, default=list)


class VictimAddedSerializer(serializers.Serializer[Any]):
    """The victim's id; what was sent is not given back."""

    id = serializers.UUIDField()


class StepInputSerializer(serializers.Serializer[Any]):
    """A step of law: its paper."""

    verb = serializers.ChoiceField(choices=[(verb, verb) for verb in VERBS])
    on = serializers.DateField()
    document_number = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    to_unit = serializers.UUIDField(required=False, allow_null=True, default=None)


class CaseViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Case]):
    """List, read, file and step cases."""

    queryset = Case.objects.all()
    serializer_class = CaseSerializer
    policy_actions = {
        "list": Action.CASE_VIEW,
        "retrieve": Action.CASE_VIEW,
        "create": Action.CASE_FILE,
        "step": Action.CASE_VIEW,
        "victims": Action.VICTIM_ADD,
    }
    keyset = ("-listed_at", "-id")
    filterset_fields = ["status", "fraud_type", "number", "incident_number", "unit"]

    def get_queryset(self) -> QuerySet[Case]:
        """In the list the grant's time is the order, so that the grants' index is read first."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(request=CaseInputSerializer, responses={201: CaseSerializer})
    @writes
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """File a case for the caller's own unit."""
        form = CaseInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = dict(form.validated_data)
        victims = tuple(VictimInput(**victim) for victim in data.pop("victims"))
        leads = tuple(LeadInput(**lead) for lead in data.pop("leads"))
        with _fields_as_sent(dict.fromkeys(VICTIM_FIELDS, "victims") | {"lead_value": "leads"}):
            case = case_file(by=request.user, data=CaseInput(**data, victims=victims, leads=leads))
        return Response(CaseSerializer(case).data, status=201, headers={"ETag": etag(case.version)})

    @extend_schema(request=StepInputSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def step(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take a step of law (accept, docket, refuse, solve, transfer, withdraw, clear, close)."""
        form = StepInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        unit = police_institutions().filter(pk=data["to_unit"]).first() if data["to_unit"] else None
        case = case_step(
            by=request.user, case_id=self.kwargs["pk"], verb=data["verb"], on=data["on"], document_number=data["document_number"],
            note=data["note"], to_unit=unit, expected_version=expected_version(request),
        )  # fmt: skip
        return Response(CaseSerializer(case).data, headers={"ETag": etag(case.version)})

    @extend_schema(request=VictimInputSerializer, responses={201: VictimAddedSerializer})
    @action(detail=True, methods=["post"])
    @writes
    def victims(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Add a victim who was found after the case was filed."""
        form = VictimInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data, version = VictimInput(**form.validated_data), expected_version(request)
        with _fields_as_sent(VICTIM_FIELDS):
            victim = victim_enter(by=request.user, case_id=self.kwargs["pk"], data=data, expected_version=version)
        return Response({"id": victim.id}, status=201)
