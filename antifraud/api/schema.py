"""What the OpenAPI 3.1 description says of every operation: log-in, problems, idempotency; it is served by `description`."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from antifraud.api.authentication import SCOPE
from antifraud.api.idempotency import HEADER
from antifraud.api.problems import CONTENT_TYPE

TOKEN_ADDRESS = "/api/v1/token"  # noqa: S105
COMPONENT = "Problem"

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Programs look at `code`; the codes are explained in docs/problems.md.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference", "description": "The request's id."},
        "next_step": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "messages"],
                "properties": {
                    "name": {"type": "string", "description": 'Dotted path; "" is the whole message.'},
                    "code": {"type": "string"},
                    "messages": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
ALWAYS = {
    "400": "The message or a parameter cannot be read.",
    "401": "Nobody is logged in.",
    "403": "The role does not have this action.",
    "429": "A budget is used up; see Retry-After.",
    "503": "A part of the platform is away; send the same request again.",
}
ONE_OBJECT = {"404": "Absent, or not yours to see: the two are the same bytes."}
WRITING = {
    "409": "Wrong state, superseded, or the same key is still being carried out.",
    "413": "The message is larger than 1 MB.",
    "415": "The message is not application/json.",
    "422": "Fields break rules, or the key has named another request.",
}


class ProblemSchema(AutoSchema):
    """drf-spectacular's inspector with what every operation of this API has in common."""

    def get_override_parameters(self) -> list[Any]:
        """Idempotency-Key on what is written, If-Match on what changes one object."""
        if self.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return []
        key = OpenApiParameter(
            HEADER,
            {"type": "string", "minLength": 8, "maxLength": 255},
            OpenApiParameter.HEADER,
            description="Required from machine clients with POST and PATCH. The same key gives the same answer.",
        )
        version = OpenApiParameter(
            "If-Match",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description='The version you saw, as in "7". Where somebody was faster: 409 superseded.',
        )
        return [key, version] if "{" in self.path else [key]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        reasons = ALWAYS | (ONE_OBJECT if "{" in self.path else {})
        if self.method not in {"GET", "HEAD"}:
            reasons |= WRITING
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            COMPONENT, ResolvedComponent.SCHEMA, schema=PROBLEM, object=COMPONENT
        )
        self.registry.register_on_missing(component)
        for status, reason in reasons.items():
            content = {CONTENT_TYPE: {"schema": component.ref}}
            bodies.setdefault(status, {"description": reason, "content": content})
        return bodies


class MachineTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Client credentials, as machine clients log in."""

    target_class = "antifraud.api.authentication.MachineTokenAuthentication"
    match_subclasses = True
    name = "machine"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        """The flow and its one scope."""
        flow = {"tokenUrl": TOKEN_ADDRESS, "scopes": {SCOPE: "Receive and answer the institution's messages"}}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, _auto_schema: Any) -> dict[str, list[str]]:
        """The scope that every operation needs."""
        return {self.name: [SCOPE]}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The browser's cookie."""

    target_class = "antifraud.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, Any]:
        """The name that the cookie has behind TLS."""
        return {"type": "apiKey", "in": "cookie", "name": "__Host-session"}
