"""A table as a file that is taken away, CSV or XLSX: no cell can run (R40), and what is in clear names on each line who took it.

Which rows there are, and that an export is audited, is the caller's matter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services.clear_exports import Watermark
from antifraud.spreadsheets import OutCell, csv_text, safe_text, write_rows

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table_file(
    form: str,
    name: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[OutCell]],
    *,
    title: str,
    notes: Sequence[str] = (),
    mark: Watermark | None = None,
) -> HttpResponse:
    """The download `name`.`form`; with a `mark` every line ends in who, when and the number of the audit log."""
    footer = ""
    if mark is not None:
        at = timezone.localtime(mark.at).strftime("%Y-%m-%d %H:%M:%S %z")
        text = _("In clear for {who}, {at}, audit log {number}. Not to be passed on without a legal ground.")
        footer = text.format(who=mark.who, at=at, number=mark.number)
        headings = [*headings, _("Taken in clear by"), _("Taken at"), _("Number in the audit log")]
        rows = [[*row, mark.who, at, str(mark.number)] for row in rows]
        notes = [footer, *notes]
    content = _csv(headings, rows) if form == "csv" else write_rows(
        headings, rows, notes=notes, title=title, footer=footer
    )  # fmt: skip
    response = HttpResponse(content, content_type=KINDS[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _csv(headings: Sequence[str], rows: Sequence[Sequence[OutCell]]) -> bytes:
    """UTF-8 with a mark that spreadsheet programs understand, all cells quoted."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow(["" if cell is None else _csv_cell(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _csv_cell(cell: OutCell) -> str:
    return csv_text(cell) if isinstance(cell, str) else safe_text(str(cell))
