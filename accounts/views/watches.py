"""The page on which a bank tells the credits of an account that it watches."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.watches import CreditForm
from accounts.models import Transfer
from accounts.selectors.watches import watch_credits, watched_order
from accounts.services.watches import Credit, watch_report
from accounts.views.steps import step
from antifraud.errors import Invalid
from banks.middleware import UserRequest

MOST_SHOWN = 100


@login_required
@require_http_methods(["GET", "POST"])
def watch_credits_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """What was told, newest first, and the form for one more."""
    order = watched_order(user=request.user, order_id=order_id)
    form = CreditForm(request.POST if request.method == "POST" else None, currency=order.currency)
    answer = step(
        request, form, lambda _data: _told(request, order_id, form.credit()),
        done=lambda made: _("The credit was told.") if made else _("This credit was told before."),
        to=reverse("accounts:watch_credits", args=[order_id]),
    )  # fmt: skip
    if not isinstance(answer, int):
        return answer
    context = {
        "order": order,
        "form": form,
        "told": list(watch_credits(user=request.user, order=order)[:MOST_SHOWN]),
        "crumbs": [
            (_("Queue"), reverse("accounts:queue")),
            (order.number, reverse("accounts:order_answer", args=[order.id])),
            (_("Credits"), ""),
        ],
    }
    return render(request, "accounts/watch_credits.html", context, status=answer)


def _told(request: UserRequest, order_id: UUID, credit: Credit) -> Transfer | None:
    """The transfer; None where the same reference was told before. Without a reference the bank is asked which it is."""
    (made,) = watch_report(by=request.user, order_id=order_id, told=[credit])
    if made is None and not credit.reference.strip():
        text = _("A credit of this payer, time and amount was told before. Tick the box if the money came once more.")
        raise Invalid(fields={"is_another": [text]})
    return made
