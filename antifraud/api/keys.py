"""The platform's public signing keys, for everybody (R24); institutions' own keys are a floor's business."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from antifraud.crypto import keyring
from antifraud.crypto.keyring import PublishedKey

ALGORITHM = "ed25519"


class PlatformKeySerializer(serializers.Serializer[Any]):
    """One key: 32 raw bytes in base64, and when it signs."""

    key_id = serializers.CharField()
    algorithm = serializers.CharField()
    public_key = serializers.CharField()
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class PlatformKeysSerializer(serializers.Serializer[Any]):
    """All keys that ever were in the ring: old messages stay verifiable."""

    keys = PlatformKeySerializer(many=True)


class KeysView(APIView):
    """GET without log-in; may be kept for 60 seconds, so that a revocation is known everywhere within a minute."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    http_method_names = ["get", "head"]

    @extend_schema(responses=PlatformKeysSerializer)
    def get(self, request: Any) -> Response:
        """The list, oldest first."""
        return Response({"keys": [_shown(key) for key in keyring.current().published_keys()]})


def _shown(key: PublishedKey) -> dict[str, Any]:
    return {
        "key_id": key.id,
        "algorithm": ALGORITHM,
        "public_key": base64.b64encode(key.public_key).decode(),
        "not_before": _time(key.not_before),
        "not_after": _time(key.not_after),
        "revoked_at": _time(key.revoked_at),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
