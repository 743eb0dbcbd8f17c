"""The frontier of a trace: where the money is now, ranked; ticked accounts become orders to all banks in one step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms.frontier import FrontierForm
from accounts.forms.frontier_part import FrontierPart
from accounts.forms.order_draft import paper_kept, upload_of
from accounts.models import Order, TraceRun
from accounts.policy import Action
from accounts.rules.frontier import HALF_LIFE_HOURS
from accounts.selectors.flow import run_detail
from accounts.selectors.frontier import Frontier, frontier
from accounts.selectors.traces import begin_with_victims
from accounts.selectors.victims_traces import VictimsTraces
from accounts.services.frontier import frontier_draft
from accounts.services.orders.submit import order_submit
from accounts.views.flow_words import ENDS, parts_of
from accounts.views.order_draft import paper_keep
from accounts.views.victims_traces import cover_context, traces_of_victims
from antifraud import db, policy
from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.middleware import UserRequest
from cases.models import Case
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context


@login_required
@require_http_methods(["GET", "POST"])
def frontier_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """`run` names the trace, else the one that stands for the victims' money (`selectors.victims_traces`); `bank`, `min` and
    `page` which of its accounts are shown. POST `verb`: refresh (the kind was changed), save, submit."""
    case = case_detail(user=request.user, case_id=case_id)
    traces = traces_of_victims(request, case)
    run = _run(request, case, traces)
    if run is None:
        context = case_context(case, "flow") | cover_context(request, case, traces) | {"run": None}
        return render(request, "accounts/frontier.html", context)
    found, now = frontier(user=request.user, run=run), db.app_now()
    part = FrontierPart.read(request.GET, found, set(request.POST.getlist("pick")))
    given: dict[str, Any] = {"user": request.user, "case": case, "found": found, "now": now, "part": part}
    if request.method == "GET" or not policy.can(request.user, Action.ORDER_DRAFT):
        form = FrontierForm(wanted=request.GET.get("kind", ""), **given)
        return _page(request, case, found, form, traces)
    verb = request.POST.get("verb", "save")
    form = FrontierForm(data=request.POST, files=request.FILES, bound=verb != "refresh", **given)
    if verb == "refresh":
        return render(request, "accounts/frontier_measure.html", {"form": form, "case": case})
    return _judge(request, case, found, form, traces, submit=verb == "submit")


def _run(request: UserRequest, case: Case, traces: VictimsTraces) -> TraceRun | None:
    said = request.GET.get("run", "") or request.POST.get("run", "")
    if said:
        try:
            run = run_detail(user=request.user, run_id=UUID(said))
        except ValueError:
            raise Http404 from None
        if run.case_id != case.id:
            raise Http404
        return run
    return run_detail(user=request.user, run_id=traces.first.run_id) if traces.first else None


def _judge(
    request: UserRequest, case: Case, found: Frontier, form: FrontierForm, traces: VictimsTraces, *, submit: bool
) -> HttpResponse:  # fmt: skip
    good = form.is_valid()
    upload, status = upload_of(form.terms), 422
    if upload is not None:
        try:
            form.keep_paper(paper_keep(request, case, upload))
        except Invalid as error:
            form.attach(error)
            good = False
        else:
            messages.info(request, paper_kept())
    if good:
        try:
            with unit_of_work(request.user):
                made = _write(request, found, form, submit=submit)
        except (Invalid, Conflict) as error:
            status = form.attach(error)
        else:
            return _done(request, case, made, submit=submit)
    return _page(request, case, found, form, traces, status=status)


def _write(request: UserRequest, found: Frontier, form: FrontierForm, *, submit: bool) -> list[Order]:
    terms = form.terms.terms() if form.row.needs_mode else form.terms.terms(currency=found.run.currency)
    made = frontier_draft(by=request.user, run_id=found.run.id, nodes=form.picks(), kind=form.kind, terms=terms)
    if submit:
        made = [order_submit(by=request.user, order_id=order.id, emergency=terms.emergency) for order in made]
    return made


def _done(request: UserRequest, case: Case, made: list[Order], *, submit: bool) -> HttpResponseRedirect:
    count, banks = len(made), len({order.institution_id for order in made})
    if submit:
        text = ngettext(
            "{count} order was submitted, to {banks} institutions.", "{count} orders were submitted, to {banks} institutions.", count
        )  # fmt: skip
    else:
        text = ngettext(
            "{count} order was drafted, to {banks} institutions.", "{count} orders were drafted, to {banks} institutions.", count
        )  # fmt: skip
    messages.success(request, text.format(count=count, banks=banks))
    return HttpResponseRedirect(reverse("accounts:case_orders", args=[case.id]), status=303)


def _page(
    request: UserRequest, case: Case, found: Frontier, form: FrontierForm, traces: VictimsTraces, *, status: int = 200
) -> HttpResponse:  # fmt: skip
    banks = {str(bank.pk): bank for bank in form.banks}
    gone = [(ENDS[word].word, amount) for word, amount in sorted(found.gone.items()) if word in ENDS]
    context = case_context(case, "flow") | cover_context(request, case, traces, found.run)
    context |= {
        "run": found.run,
        "found": found,
        "form": form,
        "lines": [(line, parts_of(line.row.ends), banks.get(line.institution)) for line in form.lines],
        "all_banks": format_html_join("", '<option value="{}">{}</option>', ((b.pk, b.title) for b in form.banks)),
        "asks_banks": any(line.asks_bank for line in form.lines),
        "gone": gone,
        "is_of_victims": any(each.run_id == found.run.pk for each in traces.chosen)
        or begin_with_victims(user=request.user, case=case, asked=[found.run.seeds])[0],
        "half_life": HALF_LIFE_HOURS,
        "in_part": [row for row in found.rows if row.advice == "watch"],
        "may_draft": policy.can(request.user, Action.ORDER_DRAFT),
    }
    return render(request, "accounts/frontier.html", context, status=status)
