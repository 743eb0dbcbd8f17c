"""Administration of machine clients."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from antifraud import policy
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.clients import ClientForm
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest
from banks.policy import Action
from banks.selectors.users import clients_list
from banks.services.clients import client_create
from banks.views.pages import list_context


@login_required
@require_GET
def client_list(request: UserRequest) -> HttpResponse:
    """All machine clients; each is switched off by its machine user."""
    policy.require(request.user, Action.CLIENT_CREATE)
    rows = clients_list(user=request.user)
    return render(request, "banks/client_list.html", list_context(request, rows, ("institution__code", "id")))


@login_required
@require_http_methods(["GET", "POST"])
def client_create_view(request: UserRequest) -> HttpResponse:
    """A new client; its secret is shown once, in the answer to this very request."""
    policy.require(request.user, Action.CLIENT_CREATE)
    form = ClientForm(request.POST or None)
    if request.method == "GET":
        return _form_page(request, form)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        with unit_of_work(request.user):
            client, secret = client_create(by=request.user, **form.cleaned_data)
    except AppError as error:
        return _form_page(request, form, status=attach_errors(form, error))
    context = {
        "title": _("Secret of {name}").format(name=client.name),
        "lines": [(_("Client id"), client.client_id), (_("Client secret"), secret)],
        "advice": _("Put it into the system's own secret store now. It is not shown again."),
        "back_url": reverse("banks:clients"),
        "back_label": _("All machine clients"),
    }
    return render(request, "banks/shown_once.html", context)


def _form_page(request: UserRequest, form: ClientForm, *, status: int = 200) -> HttpResponse:
    crumbs = [(_("Machine clients"), reverse("banks:clients")), (_("New client"), "")]
    return render(request, "banks/client_form.html", {"form": form, "crumbs": crumbs}, status=status)
