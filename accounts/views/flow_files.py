"""A trace as files: the picture as SVG (the browser makes the PNG of it), its tables as CSV and XLSX. Each is an audited act."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from accounts.forms.flow import FlowQuery
from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.selectors.flow import FlowGraph, FlowNode, flow_graph, moment
from accounts.services.clear_exports import trace_export_clear
from accounts.services.flow_exports import flow_export
from accounts.views.flow import picture_title
from accounts.views.flow_drawing import draw
from accounts.views.flow_words import bank_of, ends_text, level_of, number_of, taken_words
from accounts.views.table_files import table_file
from antifraud import money, policy
from antifraud.db import unit_of_work
from antifraud.spreadsheets import OutCell
from banks.middleware import UserRequest


@login_required
@require_POST
def flow_export_view(request: UserRequest, run_id: UUID, form: str) -> HttpResponse:
    """The file; what the picture shows now (filters, opened accounts) is what it holds. Numbers stay masked."""
    query = FlowQuery.read(request.POST)
    with unit_of_work(request.user):
        run = flow_export(by=request.user, run_id=run_id, form=form)
        graph = flow_graph(user=request.user, run=run, view=query.flow_view(run.currency))
    if form in {"svg", "png"}:
        kind = "layers" if query.view == "table" else query.view
        context = {"picture": draw(graph, kind, picture_title(run)), "is_file": True, "run": run, "by": request.user}
        response = HttpResponse(
            render_to_string("accounts/flow_svg.html", context).strip(), content_type="image/svg+xml"
        )
        response["Content-Disposition"] = f'attachment; filename="{_name(run)}.svg"'
        return response
    headings, rows = _table(graph, run, number_of)
    return table_file(form, _name(run), headings, rows, title=_("Payments"), notes=_notes(run))


@login_required
@require_POST
def flow_export_clear_view(request: UserRequest, run_id: UUID, form: str) -> HttpResponse:
    """The same table with account numbers in clear, for a legal paper; the purpose goes to the audit log."""
    query = FlowQuery.read(request.POST)
    with unit_of_work(request.user):
        run = policy.get(request.user, FlowAction.TRACE_VIEW, TraceRun.objects.only("currency"), run_id)
        found = trace_export_clear(
            by=request.user, run_id=run_id, form=form, purpose=request.POST.get("purpose", ""),
            view=query.flow_view(run.currency),
        )  # fmt: skip
    headings, rows = _table(found.graph, found.run, lambda node: found.numbers.get(node.node) or number_of(node))
    name = f"{_name(found.run)}-clear"
    return table_file(form, name, headings, rows, title=_("Payments"), notes=_notes(found.run), mark=found.mark)


def _name(run: TraceRun) -> str:
    return f"trace-{run.case.number}-{run.number}-{timezone.localtime():%Y%m%d-%H%M}"


def _table(
    graph: FlowGraph, run: TraceRun, number: Callable[[FlowNode], str]
) -> tuple[list[str], list[list[OutCell]]]:  # fmt: skip
    headings = [
        _("Time"), _("Hop"), _("From"), _("Payer's bank"), _("To"), _("Receiver's bank"), _("Level"), _("Traced amount"),
        _("Currency"), pgettext("flow", "Return"), _("Of it there"), _("How it ends there"), _("Held or asked"),
    ]  # fmt: skip
    rows: list[list[OutCell]] = []
    for edge in sorted(graph.edges, key=lambda each: (each.is_beyond, each.when, each.entry or 0)):
        src, dst = graph.nodes[edge.src], graph.nodes[edge.dst]
        rows.append([
            timezone.localtime(moment(edge.at)).strftime("%Y-%m-%d %H:%M:%S"), "" if edge.is_beyond else edge.hop,
            number(src), bank_of(src), number(dst), bank_of(dst), level_of(dst),
            money.from_minor(edge.amount, run.currency), run.currency, _("Yes") if edge.is_return else "",
            money.from_minor(dst.rest, run.currency), ends_text(dst, run.currency),
            "; ".join(taken_words(each, run.currency) for each in dst.taken),
        ])  # fmt: skip
    return headings, rows


def _notes(run: TraceRun) -> list[str]:
    """How the table came about, so that it can be run again."""
    return [
        picture_title(run),
        _("Direction and method: {direction}; {method}").format(
            direction=run.get_direction_display(), method=run.get_method_display()
        ),
        *(f"{name}: {value}" for name, value in run.params.items()),
        _("SHA-256 of the inputs: {digest}").format(digest=bytes(run.inputs_digest).hex()),
        _("SHA-256 of the result: {digest}").format(digest=bytes(run.result_digest).hex()),
    ]
