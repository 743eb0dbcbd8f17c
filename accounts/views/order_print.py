"""The printed order with its receipt slip, for institutions that are not connected or cannot be reached."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.services.reveals import order_print
from accounts.views.order_content import content_of, content_sections, institution_name
from antifraud.db import unit_of_work
from banks.middleware import UserRequest

TITLES = {
    "stop": _("Notice of emergency stop-payment"),
    "stop_release": _("Notice to end a stop-payment"),
    "stop_extend": _("Notice to extend a stop-payment"),
    "freeze": _("Notice to assist freezing"),
    "freeze_release": _("Notice to assist unfreezing"),
    "freeze_extend": _("Notice to extend a freeze"),
    "query_transactions": _("Notice to assist inquiry: transaction details"),
    "query_holder": _("Notice to assist inquiry: account holder"),
    "watch": _("Notice to assist a continuing query"),
    "watch_end": _("Notice to end a continuing query"),
    "suspend_number": _("Notice to suspend a number"),
    "restore_number": _("Notice to restore a number"),
}
REQUESTS = {
    "stop": _("In the case named below, please stop all payments from the following account at once and return the receipt slip."),
    "stop_release": _("In the case named below, please end the stop-payment on the following account and return the receipt slip."),
    "stop_extend": _("In the case named below, please extend the stop-payment on the following account and return the receipt slip."),
    "freeze": _("In the case named below, please freeze the following account as stated and return the receipt slip."),
    "freeze_release": _("In the case named below, please unfreeze the following account and return the receipt slip."),
    "freeze_extend": _("In the case named below, please extend the freeze of the following account and return the receipt slip."),
    "query_transactions": _("In the case named below, please send the transaction details of the following account with the receipt slip."),
    "query_holder": _("In the case named below, please send the holder's particulars of the following account with the receipt slip."),
    "watch": _("In the case named below, please tell each credit of this account until the day named and return the receipt slip."),
    "watch_end": _("In the case named below, please stop reporting credits to the following account and return the receipt slip."),
    "suspend_number": _("In the case named below, please suspend the following number and return the receipt slip."),
    "restore_number": _("In the case named below, please restore the following number and return the receipt slip."),
}  # fmt: skip


@login_required
@require_GET
def order_print_view(request: UserRequest, order_id: UUID) -> HttpResponse:
    """One sheet in the reader's language, or in the one that `language` names; each printing is audited."""
    with unit_of_work(request.user):
        order, text = order_print(by=request.user, order_id=order_id)
    asked = request.GET.get("language", "")
    language = asked if asked in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        content = content_of(text)
        context = {
            "order": order,
            "content": content,
            "title": TITLES[order.kind],
            "request_text": REQUESTS[order.kind],
            "addressee": institution_name(content["target"]["institution"]),
            "issuer": institution_name(content["unit"]),
            "sections": content_sections(content),
            "outcomes": [_("Executed"), _("Partly executed"), _("Refused"), _("Mismatch")],
            "LANGUAGE_CODE": language,
        }
        return render(request, "accounts/order_print.html", context)
