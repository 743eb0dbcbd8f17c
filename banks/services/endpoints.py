"""Webhook addresses under two persons: propose, approve or reject, withdraw (R33, R38); what may be reached is `egress`."""

from __future__ import annotations

import hashlib
import json
import ssl
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.audit import diary
from antifraud.egress.addresses import AddressRefusedError, Target, target_of
from antifraud.egress.sending import loopback_allowed, tls_context
from antifraud.errors import Invalid, Text, WrongState
from banks.models import Lane, User, WebhookEndpoint
from banks.policy import Action
from banks.rules.paths import endpoint_path
from banks.selectors.users import lane_people
from banks.services.lanes import LANES, push_begin_anew
from banks.services.notifications import notify

VALID_FOR = timedelta(hours=24)
LONGEST_CA = 20_000
REFUSALS: dict[str, Text] = {
    "url_form": _("This is not a plain web address. Write https://, the domain and the path, without user name or #."),
    "url_scheme": _("The address must begin with https://."),
    "url_port": _("Only the ports 443 and 8443 can be called. Choose one of them."),
    "url_host": _("Name a public domain of your institution, not an IP address or a name of an inside network."),
}
ENDPOINTS = WebhookEndpoint.objects.select_related("institution", "proposed_by")


def endpoint_propose(
    *, by: User, institution_id: UUID, url: str, ca: str = "", timeout_seconds: int = 10
) -> WebhookEndpoint:
    """An address that waits for a second person; an older proposal ends. The name itself is looked up at each call.

    `ca`: PEM of the institution's own authority, "" for the public ones. Raises NotFound, Forbidden, Invalid.
    """
    lane = policy.get(by, Action.ENDPOINT_PROPOSE, LANES, institution_id, lock=True)
    now = db.require_unit_of_work().now
    problems: dict[str, list[Text]] = {}
    written = ""
    try:
        written = _written(target_of(url.strip(), loopback=loopback_allowed()))
    except AddressRefusedError as error:
        problems["url"] = [REFUSALS[str(error)]]
    if not 1 <= timeout_seconds <= 10:
        problems["timeout_seconds"] = [_("Wait between 1 and 10 seconds for an answer.")]
    if not _is_authority(ca.strip()):
        problems["ca"] = [_("This is not a certificate in PEM form. Paste it with its BEGIN and END lines.")]
    if problems:
        raise Invalid(fields=problems)
    _end(WebhookEndpoint.objects.filter(institution=institution_id, approved_at=None, ended_at=None), "replaced")
    endpoint = WebhookEndpoint(
        institution=lane.institution, url=written, ca=ca.strip(), timeout_seconds=timeout_seconds, proposed_by=by,
        proposed_at=now,
    )  # fmt: skip
    endpoint.save(force_insert=True)
    requests.open_request(str(Action.ENDPOINT_APPROVE), endpoint.id, _payload(endpoint), maker=by, valid_for=VALID_FOR)
    diary.record("endpoint.propose", by=by, obj=endpoint, detail=_told(endpoint))
    _tell(endpoint, "endpoint.proposed", but=by)
    return endpoint


def endpoint_approve(*, by: User, endpoint_id: UUID) -> WebhookEndpoint:
    """The address is called from now on where the webhook is the chosen door; the former one ends, its circuit with it.

    Raises NotFound, Forbidden (`same_person`), WrongState, Conflict `approval_missing` or `approval_lapsed`.
    """
    endpoint, lane = _pending(by, Action.ENDPOINT_APPROVE, endpoint_id)
    requests.decide(str(Action.ENDPOINT_APPROVE), endpoint.id, _payload(endpoint), by=by, approve=True)
    former = WebhookEndpoint.objects.filter(
        institution=endpoint.institution_id, approved_at__isnull=False, ended_at=None
    )
    _end(former, "replaced")
    endpoint.approved_by, endpoint.approved_at = by, db.require_unit_of_work().now
    endpoint.save(update_fields=["approved_by", "approved_at"])
    push_begin_anew(lane)
    diary.record("endpoint.approve", by=by, obj=endpoint, detail=_told(endpoint))
    _tell(endpoint, "endpoint.approved", but=by)
    return endpoint


def endpoint_reject(*, by: User, endpoint_id: UUID, why: str = "") -> WebhookEndpoint:
    """The proposal ends; by another person than the one who made it. Raises as `endpoint_approve`."""
    endpoint, _lane = _pending(by, Action.ENDPOINT_REJECT, endpoint_id)
    requests.decide(str(Action.ENDPOINT_APPROVE), endpoint.id, _payload(endpoint), by=by, approve=False, reason=why)
    _end(WebhookEndpoint.objects.filter(pk=endpoint.pk), "rejected")
    diary.record("endpoint.reject", by=by, obj=endpoint, detail=_told(endpoint))
    return endpoint


def endpoint_withdraw(*, by: User, endpoint_id: UUID) -> WebhookEndpoint:
    """Nothing is called any more; one person is enough to stop. The door falls back to the pull queue, and people hear it.

    Raises NotFound, Forbidden, WrongState (ended already).
    """
    endpoint, lane = _held(by, Action.ENDPOINT_WITHDRAW, endpoint_id)
    if endpoint.ended_at is not None:
        raise WrongState
    _end(WebhookEndpoint.objects.filter(pk=endpoint.pk), "withdrawn")
    requests.lapse(endpoint.id)
    diary.record("endpoint.withdraw", by=by, obj=endpoint, detail=_told(endpoint))
    if endpoint.approved_at is not None:
        _fall_back(lane, by)
        _tell(endpoint, "endpoint.withdrawn", but=by)
    return endpoint


def _fall_back(lane: Lane, by: User) -> None:
    if lane.door == Lane.Door.WEBHOOK:
        before, lane.door = lane.door, Lane.Door.PULL
        lane.save(update_fields=["door"])
        diary.record("lane.choose_door", by=by, obj=lane, detail={"from": before, "to": lane.door})


def _held(by: User, action: Action, endpoint_id: UUID) -> tuple[WebhookEndpoint, Lane]:
    """Both rows locked, the lane first as a proposal does, so that two people at one address never wait in a ring."""
    seen = policy.get(by, action, ENDPOINTS, endpoint_id)
    lane = db.lock(LANES.filter(pk=seen.institution_id)).get()
    return policy.get(by, action, ENDPOINTS, endpoint_id, lock=True), lane


def _pending(by: User, action: Action, endpoint_id: UUID) -> tuple[WebhookEndpoint, Lane]:
    endpoint, lane = _held(by, action, endpoint_id)
    if endpoint.ended_at is not None or endpoint.approved_at is not None:
        raise WrongState
    return endpoint, lane


def _written(target: Target) -> str:
    """One spelling: it is signed as written here, and the receiver must be able to write it the same way."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return f"{target.scheme}://{host}{'' if target.port == usual else f':{target.port}'}{target.path}"


def _is_authority(ca: str) -> bool:
    if not ca:
        return True
    try:
        return len(ca) <= LONGEST_CA and bool(tls_context(ca).get_ca_certs())
    except (ssl.SSLError, ValueError):
        return False


def _payload(endpoint: WebhookEndpoint) -> bytes:
    parts = [str(endpoint.institution_id), endpoint.url, endpoint.ca, endpoint.timeout_seconds]
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _told(endpoint: WebhookEndpoint) -> dict[str, str]:
    return {"url": endpoint.url, "ca_sha256": hashlib.sha256(endpoint.ca.encode()).hexdigest() if endpoint.ca else ""}


def _end(rows: QuerySet[WebhookEndpoint], why: str) -> None:
    rows.update(ended_at=db.require_unit_of_work().now, ended_why=why)


def _tell(endpoint: WebhookEndpoint, code: str, *, but: User) -> None:
    people = lane_people(endpoint.institution_id).exclude(pk=but.pk)
    params = {"institution": endpoint.institution.code}
    notify(users=people, code=code, params=params, url=endpoint_path(endpoint.institution_id))
