"""Signing keys: the list, a new one, one key with its approval and its revocation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.forms.keys import KeyApproveForm, KeyForm, KeyRevokeForm
from banks.middleware import UserRequest
from banks.models import InstitutionKey
from banks.policy import Action
from banks.rules.signing_keys import fingerprint
from banks.selectors.keys import key_detail, keys_list
from banks.services.keys import key_approve, key_propose, key_revoke
from banks.views.pages import list_context


@login_required
@require_GET
def key_list(request: UserRequest) -> HttpResponse:
    """The keys within reach: a bank's own, for the administrator all."""
    policy.require(request.user, Action.KEY_VIEW)
    rows = keys_list(user=request.user)
    context = list_context(request, rows, ("institution__code", "-registered_at", "-id"))
    for key in context["page"].items:
        _describe(key)
    return render(request, "banks/key_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def key_propose_view(request: UserRequest) -> HttpResponse:
    """Register a key; a second person approves it on its page."""
    policy.require(request.user, Action.KEY_PROPOSE)
    if request.method == "GET":
        return _form_page(request, KeyForm(user=request.user))
    form = KeyForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        with unit_of_work(request.user):
            key = key_propose(by=request.user, **form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, status=attach_errors(form, error))
    messages.success(request, _("The key is registered. A second person must approve it."))
    return redirect("banks:key", key.pk)


@login_required
@require_GET
def key_page(request: UserRequest, key_id: UUID) -> HttpResponse:
    """One key: its fingerprint, who did what, and what can be done."""
    return _key_page(request, key_id)


@login_required
@require_POST
def key_approve_view(request: UserRequest, key_id: UUID) -> HttpResponse:
    """The second person's decision."""
    key_detail(user=request.user, key_id=key_id)
    form = KeyApproveForm(request.POST)
    if not form.is_valid():
        return _key_page(request, key_id, approve=form, status=422)
    try:
        with unit_of_work(request.user):
            key_approve(by=request.user, key_id=key_id, fingerprint_seen=form.cleaned_data["fingerprint_seen"])
    except AppError as error:
        return _key_page(request, key_id, approve=form, status=_refused(form, error))
    messages.success(request, _("The key is approved."))
    return redirect("banks:key", key_id)


@login_required
@require_POST
def key_revoke_view(request: UserRequest, key_id: UUID) -> HttpResponse:
    """The end of a key, or of a proposal."""
    key_detail(user=request.user, key_id=key_id)
    form = KeyRevokeForm(request.POST)
    if not form.is_valid():
        return _key_page(request, key_id, revoke=form, status=422)
    try:
        with unit_of_work(request.user):
            key_revoke(by=request.user, key_id=key_id, reason=form.cleaned_data["reason"])
    except AppError as error:
        return _key_page(request, key_id, revoke=form, status=_refused(form, error))
    messages.success(request, _("The key is revoked. Messages signed with it are refused from now on."))
    return redirect("banks:key", key_id)


def _refused(form: KeyApproveForm | KeyRevokeForm, error: AppError) -> int:
    status = attach_errors(form, error)
    return status if error.fields else error.status


def _describe(key: Any) -> Any:
    """The key with its state and fingerprint, as the templates read them."""
    key.state = key.state_at(timezone.now())
    key.fingerprint = fingerprint(bytes(key.public_key))
    return key


def _key_page(
    request: UserRequest, key_id: UUID, *, approve: KeyApproveForm | None = None, revoke: KeyRevokeForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    key = _describe(key_detail(user=request.user, key_id=key_id))
    states = InstitutionKey.State
    context = {
        "key": key,
        "crumbs": [(_("Signing keys"), reverse("banks:keys")), (key.key_id, "")],
        "approve": approve or KeyApproveForm(initial={"fingerprint_seen": key.fingerprint}),
        "revoke": revoke or KeyRevokeForm(),
        "waits": key.state == states.PROPOSED,
        "is_own": key.registered_by_id == request.user.pk,
        "can_end": key.revoked_at is None,
    }
    return render(request, "banks/key_detail.html", context, status=status)


def _form_page(request: UserRequest, form: KeyForm, *, status: int = 200) -> HttpResponse:
    crumbs = [(_("Signing keys"), reverse("banks:keys")), (_("New key"), "")]
    return render(request, "banks/key_form.html", {"form": form, "crumbs": crumbs}, status=status)
