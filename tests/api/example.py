"""A small API over real tables and real policy rows, so that the doors are tested as the floors use them; also a URLconf."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from antifraud import db
from antifraud.api.idempotency import etag, expected_version, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet, RetrieveMixin
from antifraud.audit import diary
from antifraud.errors import Conflict, Superseded
from banks.models import User
from banks.policy import Action

handler404 = "antifraud.api.problems.not_found"
handler500 = "antifraud.api.problems.server_error"


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username"]


class NoteSerializer(serializers.Serializer[Any]):
    word = serializers.CharField(max_length=20)


class UserViewSet(ListMixin, RetrieveMixin, PolicyViewSet[User]):
    """Readers see their own institution's people; only administrators change them; `bare` is in no policy row."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    policy_actions = {"list": Action.USER_VIEW, "retrieve": Action.USER_VIEW, "partial_update": Action.USER_UPDATE}
    keyset = ("username", "id")
    filterset_fields = ["username", "institution"]

    @writes
    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        user = self.get_object(lock=True)
        if expected_version(request) not in {None, 1}:
            raise Superseded
        diary.record("example.change", by=request.user, obj=user)
        return Response({"id": user.id}, headers={"ETag": etag(2)})

    @action(detail=False)
    def bare(self, request: Any) -> Response:
        return Response({"secret": User.objects.count()})


class NoteViewSet(PolicyViewSet[User]):
    """Writes one diary row for each note; what a bank's people and machine may do."""

    queryset = User.objects.all()
    serializer_class = NoteSerializer
    policy_actions = {"create": Action.QUEUE_RECEIVE, "destroy": Action.QUEUE_ACK, "refuse": Action.QUEUE_ACK}

    @writes
    def create(self, request: Any) -> Response:
        note = self.get_serializer(data=request.data)
        note.is_valid(raise_exception=True)
        word = note.validated_data["word"]
        row = diary.record("example.note", by=request.user, detail={"word": word})
        if word == "collide":
            raise Conflict
        if word == "teapot":
            return Response({"code": "teapot"}, status=418)
        if word == "database":
            raise OperationalError("gone")
        return Response(
            {"id": row.id, "account": "6222021234567890123"}, status=201, headers={"Location": f"/notes/{row.id}"}
        )

    @writes
    def destroy(self, request: Any, pk: str) -> Response:
        diary.record("example.delete", by=request.user)
        return Response(status=204)

    @action(detail=False, methods=["post"])
    @writes
    def refuse(self, request: Any) -> Response:
        return Response({"unit": db.require_unit_of_work().principal is request.user})


class UndeclaredView(APIView):
    """Says nothing about who may use it."""

    @extend_schema(exclude=True)
    def get(self, request: Any) -> Response:
        return Response("secret")


class BrokenView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Any) -> Response:
        raise ValueError("6222021234567890123")


class UnitViewSet(PolicyViewSet[User]):
    """Tells which unit of work a reading handler runs in."""

    queryset = User.objects.all()
    policy_actions = {"list": Action.USER_VIEW}

    @extend_schema(exclude=True)
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response({"principal": db.require_unit_of_work().principal.id})


router = SimpleRouter(trailing_slash=False)
router.register("users", UserViewSet)
router.register("notes", NoteViewSet, basename="note")
router.register("unit", UnitViewSet, basename="unit")
urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/v1/undeclared", UndeclaredView.as_view()),
    path("api/v1/broken", BrokenView.as_view()),
    path("api/v1/", include("antifraud.api.urls")),
    path("", include("antifraud.urls")),  # the shell around the documentation page links to every floor
]
