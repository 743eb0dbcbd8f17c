"""A victim who was found after the filing enters the case, with the account that paid; corrections are on the floor below."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.filing import VictimAddForm
from accounts.services.filing import victim_with_account_enter
from accounts.views.steps import step
from antifraud import policy
from banks.middleware import UserRequest
from cases.models import Case
from cases.policy import Action
from cases.views.tabs import case_context


@login_required
@require_http_methods(["GET", "POST"])
def victim_add_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The fields of the filing page for one more victim."""
    case = policy.get(request.user, Action.VICTIM_ADD, Case.objects.select_related("unit"), case_id)
    form = VictimAddForm(request.POST if request.method == "POST" else None)
    answer = step(
        request, form,
        lambda _data: victim_with_account_enter(
            by=request.user, case_id=case_id, data=form.victim_input(), account=form.victim_account()
        ),
        done=_("The victim was added to the case. Check whether the case's loss includes what this victim lost."),
        to=reverse("cases:report", args=[case_id]) + "#victims",
    )  # fmt: skip
    if not isinstance(answer, int):
        return answer
    return render(request, "accounts/victim_add.html", case_context(case, "report") | {"form": form}, status=answer)
