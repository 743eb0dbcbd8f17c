"""Draft orders for one or many accounts of a case in one go: the page, a last look, and what is written; one order's
own changes are in `order_edit`."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms.order_draft import OrderDraftForm, paper_kept, same_paper, upload_of
from accounts.forms.order_terms import TermsForm
from accounts.models import Order
from accounts.policy import Action
from accounts.services.orders.draft import orders_check, orders_draft
from accounts.services.orders.lines import Target
from accounts.services.orders.submit import order_submit
from antifraud import db, policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.middleware import UserRequest
from banks.templatetags.ui_values import when
from cases.models import Attachment, Case
from cases.selectors.cases import case_files
from cases.services.attachments import attachment_add
from cases.views.tabs import case_context

ASKING = {"refresh", "change"}  # nothing is judged yet


@login_required
@require_http_methods(["GET", "POST"])
def order_draft_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """POST `verb`: refresh (htmx: kind or accounts changed), check (last look), change (back from it), save, submit."""
    rows = Case.objects.select_related("unit", "legal_profile")
    case = policy.get(request.user, Action.ORDER_DRAFT, rows, case_id)
    now = db.app_now()
    if request.method == "GET":
        draft = OrderDraftForm(user=request.user, case=case, now=now, wanted=request.GET.dict())
        return _page(request, case, draft)
    verb = request.POST.get("verb", "check")
    draft = OrderDraftForm(
        user=request.user, case=case, now=now, data=request.POST, files=request.FILES, bound=verb not in ASKING
    )
    if verb == "refresh":
        return render(request, "accounts/order_draft_body.html", {"case": case, "draft": draft, "is_fragment": True})
    if verb == "change":
        return _page(request, case, draft)
    return _judge(request, case, draft, verb)


def _judge(request: UserRequest, case: Case, draft: OrderDraftForm, verb: str) -> HttpResponse:
    good = draft.is_valid()
    was_uploaded = _keep_upload(request, case, draft)
    good = good and not draft.terms.errors
    status = 422
    if good:
        try:
            with unit_of_work(request.user):
                if verb == "check":
                    lines, terms = draft.lines.lines(), draft.terms.terms()
                    targets = orders_check(by=request.user, case=case, kind=draft.kind, lines=lines, terms=terms)
                else:
                    made = _write(request, case, draft, submit=verb == "submit")
        except (Invalid, Conflict) as error:
            status = draft.attach(error)
        else:
            return _last_look(request, case, draft, targets) if verb == "check" else _done(request, case, made, verb)
    if was_uploaded:
        messages.info(request, paper_kept())
    return _page(request, case, draft, status=status)


def _write(request: UserRequest, case: Case, draft: OrderDraftForm, *, submit: bool) -> list[Order]:
    terms = draft.terms.terms()
    made = orders_draft(by=request.user, case=case, kind=draft.kind, lines=draft.lines.lines(), terms=terms)
    if submit:
        made = [order_submit(by=request.user, order_id=order.id, emergency=terms.emergency) for order in made]
    return made


def _keep_upload(request: UserRequest, case: Case, draft: OrderDraftForm) -> bool:
    """An uploaded instrument is kept with the case before anything else is judged: nothing is uploaded twice."""
    upload = upload_of(draft.terms)
    if upload is None:
        return False
    try:
        draft.keep_paper(paper_keep(request, case, upload))
    except Invalid as error:
        draft.attach(error)
        return False
    return True


def paper_keep(request: UserRequest, case: Case, upload: UploadedFile[Any]) -> Attachment:
    """The file of the case with these bytes: the one that is there, else a new one. Raises Invalid (instrument_file)."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    papers = case_files(user=request.user, case=case, purpose="instrument")
    known = same_paper(papers, digest.digest())
    if known is not None:
        return papers.get(pk=known)
    try:
        with unit_of_work(request.user):
            return attachment_add(
                by=request.user, case_id=case.id, file=upload, purpose="instrument", title=upload.name or "instrument"
            )
    except Invalid as error:
        raise Invalid(fields={"instrument_file": [t for texts in error.fields.values() for t in texts]}) from error


def _done(request: UserRequest, case: Case, made: list[Order], verb: str) -> HttpResponseRedirect:
    count = len(made)
    if verb != "submit":
        text = ngettext("{count} draft was saved.", "{count} drafts were saved.", count)
    elif made[0].emergency:
        text = ngettext(
            "{count} emergency stop waits for the second officer's confirmation.",
            "{count} emergency stops wait for the second officer's confirmation.",
            count,
        )
    else:
        text = ngettext(
            "{count} order was submitted for approval.", "{count} orders were submitted for approval.", count
        )
    messages.success(request, text.format(count=count))
    if count == 1:
        return HttpResponseRedirect(reverse("accounts:order", args=[made[0].id]), status=303)
    return HttpResponseRedirect(reverse("accounts:case_orders", args=[case.id]), status=303)


def _last_look(request: UserRequest, case: Case, draft: OrderDraftForm, targets: list[Target]) -> HttpResponse:
    context = case_context(case, "orders") | {
        "draft": draft,
        "lines": list(zip(draft.lines.picked, targets, strict=True)),
        "said": terms_said(draft.terms),
    }
    return render(request, "accounts/order_check.html", context)


def _page(request: UserRequest, case: Case, draft: OrderDraftForm, *, status: int = 200) -> HttpResponse:
    context = case_context(case, "orders") | {"draft": draft}
    return render(request, "accounts/order_draft.html", context, status=status)


def terms_said(form: TermsForm) -> list[tuple[Any, Any]]:
    """(label, value in words) of every shared term that was filled in, in the order of the form."""
    said = []
    for name, value in form.given().items():
        if value not in (None, "", False):
            field: Any = form.fields[name]
            said.append((field.label, _in_words(field, value)))
    return said


def _in_words(field: Any, value: Any) -> Any:
    if value is True:
        return _("Yes")
    if hasattr(field, "label_from_instance"):
        return field.label_from_instance(value)
    if isinstance(value, date):
        return when(value)
    return dict(getattr(field, "choices", ())).get(value, value)
