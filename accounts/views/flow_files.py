"""A trace as files: the picture as SVG (the browser makes the PNG of it), its tables as CSV and XLSX. Each is an audited act."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms.flow import FlowQuery
from accounts.models import TraceRun
from accounts.selectors.flow import FlowGraph, flow_graph, moment
from accounts.services.flow_exports import flow_export
from accounts.views.flow import picture_title
from accounts.views.flow_drawing import draw
from accounts.views.flow_words import bank_of, end_of, level_of, number_of, taken_words
from antifraud import money
from antifraud.db import unit_of_work
from antifraud.spreadsheets import OutCell, safe_text, write_rows
from banks.middleware import UserRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_POST
def flow_export_view(request: UserRequest, run_id: UUID, form: str) -> HttpResponse:
    """The file; what the picture shows now (filters, opened accounts) is what it holds. Numbers stay masked."""
    query = FlowQuery.read(request.POST)
    with unit_of_work(request.user):
        run = flow_export(by=request.user, run_id=run_id, form=form)
        graph = flow_graph(user=request.user, run=run, view=query.flow_view(run.currency))
    name = f"trace-{run.case.number}-{run.number}-{timezone.now():%Y%m%d-%H%M}"
    if form in {"svg", "png"}:
        kind = "layers" if query.view == "table" else query.view
        context = {"picture": draw(graph, kind, picture_title(run)), "is_file": True, "run": run, "by": request.user}
        return _file(render_to_string("accounts/flow_svg.html", context).strip(), "image/svg+xml", f"{name}.svg")
    headings, rows = _table(graph, run)
    if form == "csv":
        return _file(_csv(headings, rows), "text/csv; charset=utf-8", f"{name}.csv")
    return _file(write_rows(headings, rows, notes=_notes(run), title=_("Payments")), XLSX, f"{name}.xlsx")


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _table(graph: FlowGraph, run: TraceRun) -> tuple[list[str], list[list[OutCell]]]:
    headings = [
        _("Time"), _("Hop"), _("From"), _("Payer's bank"), _("To"), _("Receiver's bank"), _("Level"), _("Traced amount"),
        _("Currency"), _("Return"), _("Rests there"), _("How it ends there"), _("Held or asked"),
    ]  # fmt: skip
    rows: list[list[OutCell]] = []
    for edge in sorted(graph.edges, key=lambda each: (each.is_beyond, each.at, each.entry or 0)):
        src, dst = graph.nodes[edge.src], graph.nodes[edge.dst]
        rows.append([
            timezone.localtime(moment(edge.at)).strftime("%Y-%m-%d %H:%M:%S"), "" if edge.is_beyond else edge.hop,
            number_of(src), bank_of(src), number_of(dst), bank_of(dst), level_of(dst),
            money.from_minor(edge.amount, run.currency), run.currency, _("Yes") if edge.is_return else "",
            money.from_minor(dst.rest, run.currency), str(end_of(dst).word),
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


def _csv(headings: list[str], rows: list[list[OutCell]]) -> bytes:
    """UTF-8 with a mark that spreadsheet programs understand; no cell can run (R40)."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    return safe_text(value) if isinstance(value, str) else str(value)
