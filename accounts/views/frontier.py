"""The frontier of a trace: where the money is now, ranked; ticked accounts become orders to all banks in one step."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms.frontier import FrontierForm
from accounts.forms.order_draft import paper_kept, upload_of
from accounts.models import Order, TraceRun
from accounts.policy import Action
from accounts.rules.frontier import HALF_LIFE_HOURS
from accounts.selectors.flow import run_detail, runs_list
from accounts.selectors.frontier import Frontier, frontier
from accounts.selectors.traces import begin_with_victims, victims_newest
from accounts.services.frontier import frontier_draft
from accounts.services.orders.submit import order_submit
from accounts.views.flow_words import ENDS, parts_of
from accounts.views.order_draft import paper_keep
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
    """`run` names the trace, else the newest forward one of victims' payments that says amounts. POST `verb`: refresh (the kind was
    changed), save, submit."""
    case = case_detail(user=request.user, case_id=case_id)
    run = _run(request, case)
    if run is None:
        return render(request, "accounts/frontier.html", case_context(case, "flow") | {"run": None})
    found, now = frontier(user=request.user, run=run), db.app_now()
    if request.method == "GET" or not policy.can(request.user, Action.ORDER_DRAFT):
        form = FrontierForm(user=request.user, case=case, found=found, now=now, wanted=request.GET.get("kind", ""))
        return _page(request, case, found, form)
    verb = request.POST.get("verb", "save")
    form = FrontierForm(
        user=request.user,
        case=case,
        found=found,
        now=now,
        data=request.POST,
        files=request.FILES,
        bound=verb != "refresh",
    )
    if verb == "refresh":
        return render(request, "accounts/frontier_measure.html", {"form": form, "case": case})
    return _judge(request, case, found, form, submit=verb == "submit")


def _run(request: UserRequest, case: Case) -> TraceRun | None:
    said = request.GET.get("run", "") or request.POST.get("run", "")
    if said:
        try:
            run = run_detail(user=request.user, run_id=UUID(said))
        except ValueError:
            raise Http404 from None
        if run.case_id != case.id:
            raise Http404
        return run
    newest = victims_newest(runs_list(user=request.user, case=case), case.id)
    return run_detail(user=request.user, run_id=newest) if newest else None


def _judge(request: UserRequest, case: Case, found: Frontier, form: FrontierForm, *, submit: bool) -> HttpResponse:
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
    return _page(request, case, found, form, status=status)


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


def _page(request: UserRequest, case: Case, found: Frontier, form: FrontierForm, *, status: int = 200) -> HttpResponse:
    gone = [(ENDS[word].word, amount) for word, amount in sorted(found.gone.items()) if word in ENDS]
    context = case_context(case, "flow") | {
        "run": found.run,
        "found": found,
        "form": form,
        "lines": [(line, parts_of(line.row.ends)) for line in form.lines],
        "gone": gone,
        "is_of_victims": begin_with_victims(user=request.user, case=case, asked=[found.run.seeds])[0],
        "half_life": HALF_LIFE_HOURS,
        "in_part": [row for row in found.rows if row.advice == "watch"],
        "may_draft": policy.can(request.user, Action.ORDER_DRAFT),
    }
    return render(request, "accounts/frontier.html", context, status=status)
