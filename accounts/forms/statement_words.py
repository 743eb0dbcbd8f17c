"""What a statement file's codes mean in words: remarks about rows, refusals, rows of further sheets, layouts."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.statement_fields import field_label
from accounts.models import StatementFile
from accounts.rules.statements.batch import place
from accounts.rules.statements.messages import MESSAGES

ELLIPSIS = "…"
LAYOUTS = {
    "table": gettext_lazy("Table"),
    "mt940": "MT940",
    "mt942": "MT942",
    "camt052": "camt.052",
    "camt053": "camt.053",
    "camt054": "camt.054",
    "ofx": "OFX",
}


class _Unsaid(dict[str, str]):
    """Of a stored remark its code and its place are kept, so that no value of the file stands beside it."""

    def __missing__(self, key: str) -> str:
        return ELLIPSIS


def remark_text(code: str, params: Mapping[str, str] | None = None) -> str:
    """The sentence of a code: rule and next step; an unknown code as it is. `params` as `told_params` keeps them."""
    return _(MESSAGES[code]).format_map(_Unsaid(params or {})) if code in MESSAGES else code.replace("_", " ")


def refusal_text(file: StatementFile) -> str:
    """Why a file was refused, with the place where that is known; "" where it was not."""
    return remark_text(file.refusal, file.refusal_params) if file.refusal else ""


def row_text(row: int) -> str:
    """The line as the officer finds it in the file; 0 is the file as a whole."""
    sheet, line = place(row)
    if not row:
        return _("whole file")
    return _("sheet {sheet}, row {row}").format(sheet=sheet + 1, row=line) if sheet else str(line)


def layout_text(file: StatementFile) -> str:
    """Format and encoding of the file, "" while it is not known."""
    name = str(LAYOUTS.get(file.layout, file.layout))
    return f"{name}, {file.encoding.upper()}" if name and file.encoding else name


def remark_line(row: int, field: str, code: str, severity: str) -> list[str]:
    """One remark as a line of a downloaded list: no value of the file is in it."""
    return [row_text(row), field_label(field), str(SEVERITIES[severity]), remark_text(code)]


SEVERITIES = {
    "bad": gettext_lazy("Not readable"),
    "left_out": gettext_lazy("Left out"),
    "doubt": gettext_lazy("Taken, with a doubt"),
}
