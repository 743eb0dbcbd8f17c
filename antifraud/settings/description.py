"""What drf-spectacular says of the interface as a whole; what it says of each operation is in `antifraud.api.schema`."""

from __future__ import annotations

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Police–bank anti-fraud platform",
    "DESCRIPTION": "The interface for institutions' systems. See docs/api.md.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "InstitutionKind": "banks.models.institution.Institution.Kind",
        "LeadKind": "cases.models.victim.Lead.Kind",
        "AccountKind": "accounts.models.account.InvolvedAccount.Kind",
        "OrderKind": "accounts.models.order.Order.Kind",
        "HoldKind": "accounts.models.hold.Hold.Kind",
        "AlertKind": "accounts.models.alert.Alert.Kind",
        "AlertStatus": "accounts.models.alert.Alert.Status",
        "AlertNoticeStatus": "accounts.models.alert.AlertNotice.Status",
        "CaseStatus": "cases.models.case.Case.Status",
        "OrderStatus": "accounts.models.order.Order.Status",
        "StatementStatus": "accounts.models.statement.StatementFile.Status",
        "StatementSource": "accounts.models.statement.StatementFile.Source",
        "AnswerOutcome": "accounts.models.answer.Answer.Outcome",
        "RefundStatus": "accounts.models.refund.Refund.Status",
        "HoldStatus": "accounts.models.hold.Hold.Status",
    },
}
