"""Statements in the API: an institution's system sends a file for an order; the police read, commit and discard files.

A file does not travel inside of a message (R39): the signed message names its digest and size, the bytes follow by a door
of their own under the ticket that the message was answered with.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.content import TICKET, content_announced, content_ticket
from accounts.api.evidence import keep_original
from accounts.api.statement_serializers import (
    AdoptSerializer,
    AnnounceSerializer,
    CommitSerializer,
    IssueSerializer,
    ReceiptSerializer,
    StatementDetailSerializer,
    StatementSerializer,
    TicketSerializer,
)
from accounts.models import Order, StatementFile
from accounts.policy import Action, FlowAction
from accounts.selectors import statements as selectors
from accounts.services.statement_adopting import statement_adopt, statement_adopt_ahead
from accounts.services.statement_doors import statement_announce, statement_upload, statement_upload_ahead
from accounts.services.statements.files import statement_commit, statement_discard
from antifraud import db
from antifraud.api.idempotency import etag, expected_version, opens_own_unit, writes
from antifraud.api.pagination import keyset_page, page_limit
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin

TICKET_PURPOSE = "statement"
UPLOAD_PATH = "/api/v1/statements/content/"


class OrderStatementViewSet(PolicyViewSet[Order]):
    """An institution announces the file that it sends for one of its orders."""

    queryset = Order.objects.all()
    serializer_class = TicketSerializer
    policy_actions = {"statements": Action.ORDER_ANSWER}

    @extend_schema(request=AnnounceSerializer, responses={201: TicketSerializer})
    @action(detail=True, methods=["post"])
    @writes
    def statements(self, request: Any, pk: str) -> Response:
        """Announce a statement file; the answer says where its bytes are to be sent, within a day."""
        form = AnnounceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        order = statement_announce(
            by=request.user, order_id=UUID(pk), sha256=bytes.fromhex(data["sha256"]), size=data["size"]
        )
        keep_original(request, Action.ORDER_ANSWER, order.id, case_id=order.case_id)
        body = content_ticket(request, TICKET_PURPOSE, UPLOAD_PATH, {"order": str(order.id), **data})
        return Response(TicketSerializer(body).data, status=201)


class StatementContentViewSet(PolicyViewSet[Order]):
    """The door of the bytes."""

    queryset = Order.objects.all()
    serializer_class = ReceiptSerializer
    policy_actions = {"content": Action.ORDER_ANSWER}

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY}, responses={201: ReceiptSerializer},
        parameters=[OpenApiParameter(TICKET, str, OpenApiParameter.HEADER, required=True)],
    )  # fmt: skip
    @action(detail=False, methods=["put"])
    @opens_own_unit
    def content(self, request: Any) -> Response:
        """The bytes of an announced file, as they are. Sent again, they change nothing.

        The body is read in pieces and encrypted before a transaction is open: a slow sender holds no lock.
        """
        with content_announced(request, TICKET_PURPOSE, "statement") as (told, file):
            order_id = UUID(told["order"])
            with (
                statement_upload_ahead(by=request.user, order_id=order_id, file=file) as stored,
                db.unit_of_work(request.user),
            ):
                receipt = statement_upload(by=request.user, order_id=order_id, stored=stored)
        body = {"id": receipt.id, "order": told["order"], "sha256": told["sha256"], "size": told["size"]}
        return Response(ReceiptSerializer(body | {"received_at": receipt.received_at}).data, status=201)


class StatementViewSet(ListMixin, RetrieveMixin, PolicyViewSet[StatementFile]):
    """Statement files of the caller's cases; for people of the police."""

    queryset = StatementFile.objects.all()
    serializer_class = StatementSerializer
    policy_actions = {
        "list": FlowAction.STATEMENT_VIEW,
        "retrieve": FlowAction.STATEMENT_VIEW,
        "issues": FlowAction.STATEMENT_VIEW,
        "commit": FlowAction.STATEMENT_COMMIT,
        "discard": FlowAction.STATEMENT_DISCARD,
        "adopt": FlowAction.STATEMENT_ADOPT,
    }
    keyset = selectors.KEYSET
    filterset_fields = ["case", "institution", "status", "source"]

    @extend_schema(responses=StatementDetailSerializer)
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """One file with its control totals and the work on it."""
        return self._shown(UUID(self.kwargs["pk"]))

    @extend_schema(responses=IssueSerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[])
    def issues(self, request: Any, pk: str) -> Response:
        """Rows that were not taken or are doubtful, by row."""
        file = selectors.statement_detail(user=request.user, file_id=UUID(pk))
        rows = selectors.statement_issues(user=request.user, file=file)
        params = request.query_params
        page = keyset_page(rows, selectors.ISSUE_KEYSET, params.get("cursor"), page_limit(params.get("limit")))
        cursors = {"next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor}
        return Response({"items": IssueSerializer(page.items, many=True).data, **cursors})

    @extend_schema(request=CommitSerializer, responses=StatementDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def commit(self, request: Any, pk: str) -> Response:
        """Take the good rows into the ledger, in the background."""
        form = CommitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        statement_commit(
            by=request.user, file_id=UUID(pk), leave_out_repeats=data.get("leave_out_repeats"),
            only_if_all_good=data["all_or_nothing"], expected_version=expected_version(request),
        )  # fmt: skip
        return self._shown(UUID(pk))

    @extend_schema(request=None, responses=StatementDetailSerializer)
    @action(detail=True, methods=["post"])
    @writes
    def discard(self, request: Any, pk: str) -> Response:
        """Do not use the file; its original stays with the case."""
        statement_discard(by=request.user, file_id=UUID(pk))
        return self._shown(UUID(pk))

    @extend_schema(request=AdoptSerializer, responses={201: StatementDetailSerializer})
    @action(detail=True, methods=["post"])
    @opens_own_unit
    def adopt(self, request: Any, pk: str) -> Response:
        """Bring the file into another case of the caller's, without its bytes travelling. Sent again it is refused (`statement_known`)."""
        form = AdoptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        both = {"case_id": form.validated_data["case"], "file_id": UUID(pk)}
        with statement_adopt_ahead(by=request.user, **both) as stored, db.unit_of_work(request.user):
            basis = form.validated_data["legal_basis"]
            received = statement_adopt(by=request.user, **both, stored=stored, legal_basis=basis)
        return self._shown(received.pk, status=201)

    def _shown(self, file_id: UUID, status: int = 200) -> Response:
        user: Any = self.request.user
        file, job = selectors.statement_with_work(user=user, file_id=file_id)
        shown = StatementDetailSerializer(file, context={"job": job}).data
        return Response(shown, status=status, headers={"ETag": etag(file.version)})
