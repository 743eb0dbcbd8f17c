"""The second person's page: the alert in full, read from the text that was hashed, to approve or to reject."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.approvals import DecisionForm
from accounts.models import Alert
from accounts.policy import Action
from accounts.services.alerts.decide import alert_approve, alert_reject
from accounts.services.alerts.reveals import alert_decision_content
from accounts.views.order_content import Section, institution_name
from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid, WrongState
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.templatetags.ui_values import when
from cases.rules.fraud_types import FRAUD_TYPE_LABELS


@login_required
@require_http_methods(["GET", "POST"])
def alert_decide_view(request: UserRequest, alert_id: UUID) -> HttpResponse:
    """Read in full (audited), then approve exactly this content, or reject with a reason."""
    rows = Alert.objects.only("pk")
    policy.get(request.user, Action.ALERT_APPROVE, rows, alert_id)
    form = DecisionForm(request.POST if request.method == "POST" else None, order_id=alert_id)
    if request.method == "GET":
        return _page(request, alert_id, form)
    if not form.is_valid():
        return _page(request, alert_id, form, status=422)
    try:
        with unit_of_work(request.user):
            alert = _decide(request, alert_id, form.cleaned_data)
    except (Invalid, Conflict) as error:
        return _page(request, alert_id, form, status=attach_errors(form, error))
    done = (
        _("Alert {number} was approved and issued.")
        if alert.status == Alert.Status.ISSUED
        else _("Alert {number} was rejected.")
    )
    messages.success(request, done.format(number=alert.number))
    return HttpResponseRedirect(reverse("accounts:alert", args=[alert_id]), status=303)


def _decide(request: UserRequest, alert_id: UUID, data: dict[str, Any]) -> Alert:
    if request.POST.get("verb") == "reject":
        return alert_reject(by=request.user, alert_id=alert_id, reason=data["reason"])
    return alert_approve(by=request.user, alert_id=alert_id, payload_sha256=data["payload_sha256"])


def _page(request: UserRequest, alert_id: UUID, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    try:
        with unit_of_work(request.user):
            alert, text = alert_decision_content(by=request.user, alert_id=alert_id)
    except WrongState:
        # A second click, or another was faster: the alert's own page shows what became of it.
        messages.info(request, _("This alert does not await a decision any more."))
        return HttpResponseRedirect(reverse("accounts:alert", args=[alert_id]), status=303)
    content = json.loads(text)
    context = {
        "alert": alert,
        "form": form,
        "text": text,
        "content": content,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "sections": _sections(content),
        "lines": [line | {"keeper": institution_name(line["institution"])} for line in content["lines"]],
        "addressees": [institution_name(each) for each in content["addressees"]],
        "crumbs": [
            (_("Alerts"), reverse("accounts:alerts")),
            (alert.number, reverse("accounts:alert", args=[alert.id])),
            (_("Read and decide"), ""),
        ],
    }
    return render(request, "accounts/alert_decide.html", context, status=status)


def _sections(content: dict[str, Any]) -> list[Section]:
    told, case = content["alert"], content["case"]
    kind = case["fraud_type"] if case else ""
    parts = [
        (
            _("Alert"),
            [
                (_("Kind"), Alert.Kind(told["kind"]).label),
                (_("Title"), told["title"]),
                (_("Readable until"), when(parse_datetime(told["expires_at"]))),
                (_("Minutes to acknowledge"), content["terms"]["acknowledge_minutes"]),
            ],
        ),
        (
            _("Case"),
            [
                (_("Case number"), case["number"] if case else ""),
                (_("Fraud type"), _(FRAUD_TYPE_LABELS[kind]) if kind in FRAUD_TYPE_LABELS else kind),
            ],
        ),
        (
            _("Legal ground"),
            [(_("Legal basis"), _(content["legal"]["basis"])), (_("Purpose"), content["legal"]["purpose"])],
        ),
        (
            _("Issued by"),
            [(_("Unit"), institution_name(content["unit"])), (_("Operator"), content["operator"]["name"])],
        ),
    ]
    return [
        Section(title, found) for title, rows in parts if (found := [row for row in rows if row[1] not in ("", None)])
    ]
