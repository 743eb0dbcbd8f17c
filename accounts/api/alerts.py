"""Alerts in the API: police draft, submit, decide and close; institutions read, acknowledge and report on their own notices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.alert_serializers import (
    AlertDetailSerializer,
    AlertInputSerializer,
    AlertSerializer,
    NoticeDetailSerializer,
    NoticeSerializer,
    ReportBackSerializer,
)
from accounts.api.evidence import keep_original
from accounts.api.order_serializers import DecisionSerializer, ReasonSerializer
from accounts.models import Alert, AlertNotice
from accounts.policy import Action
from accounts.selectors.alerts import alert_detail
from accounts.services.alerts.decide import alert_approve, alert_cancel, alert_recall, alert_reject, alert_submit
from accounts.services.alerts.draft import alert_draft
from accounts.services.alerts.notices import notice_acknowledge, notice_open, notice_report_back
from accounts.services.alerts.send import alert_close
from antifraud import policy
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from cases.models import Case
from cases.policy import Action as CaseAction


class AlertViewSet(ListMixin, RetrieveMixin, PolicyViewSet[Alert]):
    """Alerts of the caller's unit; institutions find theirs under notices/."""

    queryset = Alert.objects.defer("payload", "content")
    serializer_class = AlertSerializer
    policy_actions = {
        "list": Action.ALERT_VIEW,
        "retrieve": Action.ALERT_VIEW,
        "create": Action.ALERT_DRAFT,
        "submit": Action.ALERT_SUBMIT,
        "recall": Action.ALERT_RECALL,
        "approve": Action.ALERT_APPROVE,
        "reject": Action.ALERT_REJECT,
        "cancel": Action.ALERT_CANCEL,
        "close": Action.ALERT_CLOSE,
    }
    keyset = ("-listed_at", "-id")
    filterset_fields = ["status", "kind", "unit", "number", "case"]

    def get_queryset(self) -> QuerySet[Alert]:
        """In the list the grant's time is the order, so that the grants' index is read first."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(responses=AlertDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One alert with its lines (masked) and what became of each notice."""
        return self._shown(UUID(self.kwargs["pk"]))

    @extend_schema(request=AlertInputSerializer, responses={201: AlertSerializer})
    @writes
    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Draft an alert; nothing leaves the unit yet. 429 while a lane of an addressee is crowded with alerts."""
        form = AlertInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        case_id = form.validated_data["case"]
        case = policy.get(request.user, CaseAction.CASE_VIEW, Case.objects.all(), case_id) if case_id else None
        alert = alert_draft(by=request.user, data=form.alert_input(case))
        return Response(AlertSerializer(alert).data, status=201, headers={"ETag": etag(alert.version)})

    @extend_schema(request=None, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def submit(self, request: Any, pk: str) -> Response:
        """Freeze the content and ask for the second person's decision."""
        alert_submit(by=request.user, alert_id=UUID(pk), expected_version=expected_version(request))
        return self._shown(UUID(pk))

    @extend_schema(request=None, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def recall(self, request: Any, pk: str) -> Response:
        """Back to draft."""
        alert_recall(by=request.user, alert_id=UUID(pk))
        return self._shown(UUID(pk))

    @extend_schema(request=DecisionSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def approve(self, request: Any, pk: str) -> Response:
        """Approve the content with this hash: the alert is issued."""
        sha = bytes.fromhex(self._read(DecisionSerializer)["payload_sha256"])
        alert_approve(by=request.user, alert_id=UUID(pk), payload_sha256=sha)
        return self._shown(UUID(pk))

    @extend_schema(request=ReasonSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def reject(self, request: Any, pk: str) -> Response:
        """Reject with a reason."""
        return self._reasoned(alert_reject, pk)

    @extend_schema(request=ReasonSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def cancel(self, request: Any, pk: str) -> Response:
        """Give up an alert that has not gone out."""
        return self._reasoned(alert_cancel, pk)

    @extend_schema(request=ReasonSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def close(self, request: Any, pk: str) -> Response:
        """End an alert; notices that are still open are closed with it."""
        return self._reasoned(alert_close, pk)

    def _read(self, serializer: type[Any]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        data: dict[str, Any] = form.validated_data
        return data

    def _reasoned(self, service: Any, pk: str) -> Response:
        reason = self._read(ReasonSerializer)["reason"]
        service(by=self.request.user, alert_id=UUID(pk), reason=reason)
        return self._shown(UUID(pk))

    def _shown(self, alert_id: UUID) -> Response:
        user: Any = self.request.user
        alert = alert_detail(user=user, alert_id=alert_id)
        return Response(AlertDetailSerializer(alert).data, headers={"ETag": etag(alert.version)})


class NoticeViewSet(ListMixin, RetrieveMixin, PolicyViewSet[AlertNotice]):
    """The caller's own notices of alerts; who else got one is nowhere to be seen."""

    queryset = AlertNotice.objects.select_related("alert__unit").defer("alert__payload", "alert__content")
    serializer_class = NoticeSerializer
    policy_actions = {
        "list": Action.NOTICE_OPEN,
        "retrieve": Action.NOTICE_OPEN,
        "acknowledge": Action.NOTICE_ACKNOWLEDGE,
        "report_back": Action.NOTICE_REPORT_BACK,
    }
    keyset = ("-listed_at", "-id")
    filterset_fields = ["status"]

    def get_queryset(self) -> QuerySet[AlertNotice]:
        """In the list the grant's time is the order, so that the grants' index is read first."""
        rows = super().get_queryset()
        return rows.annotate(listed_at=F("grants__sort_at")) if self.action == "list" else rows

    @extend_schema(responses=NoticeDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One notice with its content; reading it is noted and audited. Accounts are masked: the queue's message has them in clear."""
        reading = notice_open(by=request.user, notice_id=UUID(self.kwargs["pk"]))
        return Response(NoticeDetailSerializer(reading).data, headers={"ETag": etag(reading.notice.version)})

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def acknowledge(self, request: Any, pk: str) -> Response:
        """Seen, and taken care of. Twice is once."""
        notice = notice_acknowledge(by=request.user, notice_id=UUID(pk), expected_version=expected_version(request))
        keep_original(request, Action.NOTICE_ACKNOWLEDGE, notice.id, case_id=notice.case_id)
        return Response(NoticeSerializer(notice).data, headers={"ETag": etag(notice.version)})

    @extend_schema(request=ReportBackSerializer, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def report_back(self, request: Any, pk: str) -> Response:
        """What was found."""
        form = ReportBackSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        notice = notice_report_back(
            by=request.user, notice_id=UUID(pk), expected_version=expected_version(request), **form.validated_data
        )
        keep_original(request, Action.NOTICE_REPORT_BACK, notice.id, case_id=notice.case_id)
        return Response(NoticeSerializer(notice).data, headers={"ETag": etag(notice.version)})
