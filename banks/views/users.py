"""Administration of people: list, creation, change, access."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.forms.users import UserCreateForm, UserFilterForm, UserForm, UserUpdateForm
from banks.middleware import UserRequest
from banks.models import User
from banks.policy import Action
from banks.rules.roles import NOBODYS_LOGIN
from banks.selectors.users import failed_log_ins, user_detail, users_list
from banks.services.users import password_generate, user_create, user_password_renew, user_unlock, user_update
from banks.views.pages import list_context

FIELDS = ("full_name", "role", "badge_number", "home_institution", "language")


@login_required
@require_GET
def user_list(request: UserRequest) -> HttpResponse:
    """All people with the query form."""
    policy.require(request.user, Action.USER_CREATE)
    form = UserFilterForm(request.GET or None, user=request.user)
    asked = form.cleaned_data if form.is_valid() else {}
    place = asked.get("institution")
    rows = users_list(
        user=request.user,
        search=asked.get("q", ""),
        role=asked.get("role", ""),
        institution_id=place.pk if place else None,
    )
    context = list_context(request, rows, ("institution__code", "username")) | {"form": form}
    return render(request, "banks/user_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def user_create_view(request: UserRequest) -> HttpResponse:
    """A new person; the made password is shown once, in the answer to this very request."""
    policy.require(request.user, Action.USER_CREATE)
    if request.method == "GET":
        starting = {"institution": request.GET.get("institution"), "language": "zh-hans"}
        return _form_page(request, UserCreateForm(user=request.user, initial=starting))
    form = UserCreateForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    password = password_generate()
    try:
        with unit_of_work(request.user):
            made = user_create(by=request.user, password=password, **form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, status=attach_errors(form, error))
    return _password_page(request, made, password)


@login_required
@require_http_methods(["GET", "POST"])
def user_page(request: UserRequest, user_id: UUID) -> HttpResponse:
    """One person, their form and their access."""
    person = _person(request, user_id)
    if request.method == "GET":
        now = {name: getattr(person, name) for name in FIELDS}
        return _form_page(request, UserUpdateForm(user=request.user, person=person, initial=now), person)
    form = UserUpdateForm(request.POST, user=request.user, person=person)
    if not form.is_valid():
        return _form_page(request, form, person, status=422)
    try:
        with unit_of_work(request.user):
            user_update(by=request.user, user_id=user_id, changes=form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, person, status=attach_errors(form, error))
    messages.success(request, _("The changes were saved."))
    return redirect("banks:user", user_id)


@login_required
@require_POST
def user_switch(request: UserRequest, user_id: UUID) -> HttpResponse:
    """Switch a person off or on again (`active` = "0" or "1"); off means out at the next request."""
    active = request.POST.get("active") == "1"
    with unit_of_work(request.user):
        user_update(by=request.user, user_id=user_id, changes={"is_active": active})
    said = _("The person can log in again.") if active else _("The person is switched off.")
    messages.success(request, said)
    return redirect("banks:user", user_id)


@login_required
@require_POST
def user_unlock_view(request: UserRequest, user_id: UUID) -> HttpResponse:
    """Forget the wrong passwords that lock a person out."""
    with unit_of_work(request.user):
        user_unlock(by=request.user, user_id=user_id)
    messages.success(request, _("The person can try to log in again."))
    return redirect("banks:user", user_id)


@login_required
@require_POST
def user_password(request: UserRequest, user_id: UUID) -> HttpResponse:
    """A new password, shown once."""
    with unit_of_work(request.user):
        person, password = user_password_renew(by=request.user, user_id=user_id)
    return _password_page(request, person, password)


def _person(request: UserRequest, user_id: UUID) -> User:
    policy.require(request.user, Action.USER_CREATE)
    return user_detail(user=request.user, user_id=user_id)


def _form_page(request: UserRequest, form: UserForm, person: User | None = None, *, status: int = 200) -> HttpResponse:
    title = person.full_name if person else _("New person")
    context = {
        "form": form,
        "person": person,
        "title": title,
        "crumbs": [(_("Users"), reverse("banks:users")), (title, "")],
        "failures": failed_log_ins(person) if person else 0,
        "logs_in": person is not None and person.role not in NOBODYS_LOGIN,
        "is_self": person is not None and person.pk == request.user.pk,
    }
    return render(request, "banks/user_form.html", context, status=status)


def _password_page(request: UserRequest, person: User, password: str) -> HttpResponse:
    context = {
        "title": _("Password of {name}").format(name=person.full_name),
        "lines": [(_("User name"), person.username), (_("Password"), password)],
        "advice": _("Hand it over in person or by telephone. It is not shown again."),
        "back_url": reverse("banks:user", args=[person.pk]),
        "back_label": _("Open the person"),
    }
    return render(request, "banks/shown_once.html", context)
