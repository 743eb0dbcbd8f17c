"""Alerts in JSON: what police send and read, and what an institution reads of its own notice."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import MaskedField
from accounts.models import Alert, AlertLine, AlertNotice
from accounts.services.alerts.inputs import MOST_LINES, AlertInput, LineInput
from accounts.services.alerts.notices import NoticeReading
from antifraud.errors import Invalid
from banks.selectors.institutions import executing_institutions
from cases.models import Case

_BLANK: dict[str, Any] = {"required": False, "default": "", "allow_blank": True}
_NULL: dict[str, Any] = {"required": False, "default": None, "allow_null": True}


class AlertLineInputSerializer(serializers.Serializer[Any]):
    """One account; `to_all` shows it to every addressee on purpose."""

    number = serializers.CharField(max_length=60)
    institution = serializers.UUIDField(**_NULL)
    name = serializers.CharField(max_length=160, **_BLANK)
    to_all = serializers.BooleanField(required=False, default=False)


class AlertInputSerializer(serializers.Serializer[Any]):
    """A draft. `addressees` counts for the audience "chosen"."""

    kind = serializers.ChoiceField(choices=Alert.Kind.choices)
    title = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=4000)
    legal_basis = serializers.CharField(max_length=200)
    purpose = serializers.CharField(max_length=80)
    expires_at = serializers.DateTimeField()
    audience = serializers.ChoiceField(choices=Alert.Audience.choices)
    addressees = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=1000)
    case = serializers.UUIDField(**_NULL)
    lines = serializers.ListField(child=AlertLineInputSerializer(), required=False, default=list, max_length=MOST_LINES)

    def alert_input(self, case: Case | None) -> AlertInput:
        """What the service takes; only after `is_valid`. Raises Invalid for an institution that takes no orders."""
        data = dict(self.validated_data)
        banks = {institution.pk: institution for institution in executing_institutions()}
        asked = {f"lines.{at}.institution": line["institution"] for at, line in enumerate(data["lines"])}
        asked |= {f"addressees.{at}": pk for at, pk in enumerate(data["addressees"])}
        unknown = [place for place, pk in asked.items() if pk is not None and pk not in banks]
        if unknown:
            text = _("Unknown id. Use one that you can read.")
            raise Invalid(fields={place: [text] for place in unknown}, code="unknown_reference")
        lines = tuple(LineInput(**line | {"institution": banks.get(line["institution"])}) for line in data["lines"])
        addressees = tuple(banks[pk] for pk in data["addressees"])
        return AlertInput(**data | {"case": case, "lines": lines, "addressees": addressees})


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alert in a list, with the hash that a decision must name; its text is not in it."""

    payload_sha256 = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            "id", "number", "kind", "status", "version", "unit", "case", "audience", "title", "legal_basis", "purpose",
            "expires_at", "acknowledge_minutes", "created_at", "submitted_at", "issued_at", "closed_at", "ended_reason",
            "payload_sha256",
        ]  # fmt: skip
        read_only_fields = fields

    def get_payload_sha256(self, alert: Alert) -> str | None:
        """Hexadecimal; null for a draft."""
        return bytes(alert.payload_sha256).hex() if alert.payload_sha256 else None


class AlertLineSerializer(serializers.ModelSerializer[AlertLine]):
    """One line, masked."""

    number = MaskedField()
    name = MaskedField()

    class Meta:
        model = AlertLine
        fields = ["id", "position", "number", "name", "institution", "to_all"]
        read_only_fields = fields


class AlertNoticeSerializer(serializers.ModelSerializer[AlertNotice]):
    """What became of one notice, for police."""

    class Meta:
        model = AlertNotice
        fields = [
            "id", "institution", "status", "available_at", "due_at", "read_at", "acknowledged_at", "reported_at", "finding",
            "closed_at",
        ]  # fmt: skip
        read_only_fields = fields


class AlertDetailSerializer(AlertSerializer):
    """One alert with its lines and notices."""

    lines = AlertLineSerializer(many=True, read_only=True)
    notices = AlertNoticeSerializer(many=True, read_only=True)

    class Meta(AlertSerializer.Meta):
        fields = [*AlertSerializer.Meta.fields, "lines", "notices"]
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[AlertNotice]):
    """A notice in its institution's list."""

    alert_number = serializers.CharField(source="alert.number", read_only=True)
    kind = serializers.ChoiceField(source="alert.kind", choices=Alert.Kind.choices, read_only=True)
    title = serializers.CharField(source="alert.title", read_only=True)
    unit = serializers.UUIDField(source="alert.unit_id", read_only=True)
    expires_at = serializers.DateTimeField(source="alert.expires_at", read_only=True)

    class Meta:
        model = AlertNotice
        fields = [
            "id", "alert_number", "kind", "title", "unit", "status", "version", "issued_at", "available_at", "due_at",
            "expires_at", "read_at", "acknowledged_at", "reported_at", "finding", "closed_at",
        ]  # fmt: skip
        read_only_fields = fields


class NoticeDetailSerializer(serializers.Serializer[NoticeReading]):
    """One notice with its content; the accounts in it are masked."""

    notice = NoticeSerializer(read_only=True)
    content = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField())
    def get_content(self, reading: NoticeReading) -> dict[str, Any]:
        """The content as JSON, its lines masked."""
        return reading.content | {"lines": reading.lines}


class ReportBackSerializer(serializers.Serializer[Any]):
    """What was found, and in words what was done."""

    finding = serializers.ChoiceField(choices=AlertNotice.Finding.choices)
    report = serializers.CharField(max_length=4000, **_BLANK)
