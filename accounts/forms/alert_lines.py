"""The lines of an alert as typed, pasted or uploaded; what is done with them is the view's."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms.case_import import in_words
from accounts.forms.pasted_choices import BOX, chosen_banks, chosen_for_all
from accounts.models import AlertLine
from accounts.rules.sheets import ALERT_COLUMNS, RowResult, Setting, headings, read_sheet
from accounts.selectors.pasted import PreviewLine, pasted_lines
from accounts.services.alerts.inputs import MOST_LINES, LineInput
from antifraud import spreadsheets
from antifraud.plain_text import fold
from banks.models import Institution, User
from banks.selectors.prefixes import banks_of_numbers, institutions_by_text

MOST_BYTES = 2_000_000


@dataclass
class BoxLine:
    """One line of the box as understood, and whether it is shown to all addressees."""

    preview: PreviewLine
    to_all: bool = False

    @property
    def place(self) -> str:
        """How a refusal names the line."""
        return f"line-{self.preview.line.line_no}"


def box_lines(*, user: User, post: QueryDict) -> list[BoxLine]:
    """The lines of the paste box with the officer's choices beside them; headings are left out."""
    lines = pasted_lines(user=user, text=post.get(BOX, ""), now=timezone.now(), chosen=chosen_banks(post))
    ticked = chosen_for_all(post)
    return [BoxLine(each, each.line.line_no in ticked) for each in lines if not each.line.is_heading]


def line_inputs(lines: list[BoxLine]) -> tuple[LineInput, ...]:
    """What the service takes."""
    return tuple(
        LineInput(each.preview.line.number, each.preview.institution, each.preview.line.name, each.to_all, each.place)
        for each in lines
    )


def kept_lines(*, user: User, lines: list[AlertLine]) -> tuple[str, list[BoxLine]]:
    """The text of the box for stored lines, and the lines as they were chosen."""
    rows = [(line.number.open(), line.name.open() if line.name is not None else "") for line in lines]
    text = box_text("", rows)
    chosen = {at: line.institution for at, line in enumerate(lines, start=2)}
    shown = pasted_lines(user=user, text=text, now=timezone.now(), chosen=chosen)
    ticked = {at for at, line in enumerate(lines, start=2) if line.to_all}
    return text, [BoxLine(each, each.line.line_no in ticked) for each in shown if not each.line.is_heading]


def box_text(before: str, rows: list[tuple[str, str]]) -> str:
    """`before` with the rows below it, under a line of headings: read by column, whatever a name looks like."""
    chinese = (get_language() or "").startswith("zh")
    heading = "\t".join(headings(ALERT_COLUMNS[:2], chinese=chinese))
    added = [heading, *(f"{number}\t{' '.join(name.split())}" for number, name in rows)] if rows else []
    return "\n".join([*before.rstrip().splitlines(), *added])


class AlertImportForm(forms.Form):
    """A workbook or CSV file of accounts. After `is_valid` its rows are in `rows`, what is wrong with them in `wrong`."""

    use_required_attribute = False  # it stands inside of the draft's form, which is sent without a file

    file = forms.FileField(
        label=_("Workbook or CSV file"),
        help_text=_("XLSX from the template, or CSV with the same headings; at most 500 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
    bad_rows = forms.ChoiceField(
        label=_("Rows that are wrong"),
        required=False,
        choices=[("", _("Take nothing, let me correct them")), ("skip", _("Take the good rows, leave out the others"))],
        widget=forms.RadioSelect(attrs={"data-inline": "1"}),
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setting = Setting(zone=ZoneInfo(user.zone_name), now=now)
        self.rows: list[RowResult] = []

    def clean_file(self) -> Any:
        """Read the file; one that is refused as a whole is an error of the field."""
        file = self.cleaned_data["file"]
        try:
            rows = _rows_of(file)
        except spreadsheets.SheetError as error:
            text = translate(spreadsheets.MESSAGES[error.code]).format(**error.params)
            raise forms.ValidationError(text) from error
        reading = read_sheet(ALERT_COLUMNS, rows, self.setting)
        blocking = [in_words(problem) for problem in reading.problems if problem.severity == "error"]
        if blocking:
            raise forms.ValidationError(blocking)
        if not reading.rows:
            raise forms.ValidationError(
                translate("The sheet has no filled-in row. Fill in the template and upload it again.")
            )
        self.rows = list(reading.rows)
        return file

    @property
    def wrong(self) -> list[tuple[int, list[str]]]:
        """(row number, sentences) of every row that cannot be taken."""
        return [
            (row.row_no, [in_words(p) for found in row.problems.values() for p in found if p.severity == "error"])
            for row in self.rows
            if not row.ok
        ]

    def taken(self) -> list[tuple[RowResult, Institution | None]]:
        """The good rows, each with the institution that it names, else the likeliest by card prefix."""
        good = [row for row in self.rows if row.ok]
        named = institutions_by_text({str(row.values["account_bank"]) for row in good if "account_bank" in row.values})
        banks = banks_of_numbers({str(row.values["account_number"]) for row in good})
        found: list[tuple[RowResult, Institution | None]] = []
        for row in good:
            likeliest = next((each[0] for each in banks.get(str(row.values["account_number"]), [])), None)
            text = str(row.values.get("account_bank", ""))
            found.append((row, named.get(text) if text else likeliest))
        return found


def _rows_of(file: Any) -> list[spreadsheets.SheetRow]:
    if not str(file.name).lower().endswith(".csv"):
        return spreadsheets.read_rows_apart(file, max_bytes=MOST_BYTES, max_rows=MOST_LINES + 1)
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise spreadsheets.SheetError("file_too_large", limit_kb=MOST_BYTES // 1024)
    try:
        rows = list(csv.reader(io.StringIO(_decoded(content), newline="")))
    except csv.Error as error:
        raise spreadsheets.SheetError("file_damaged") from error
    found = [
        spreadsheets.SheetRow(at, tuple(spreadsheets.unguarded(cell) for cell in cells))
        for at, cells in enumerate(rows, start=1)
        if any(fold(cell).strip() for cell in cells)
    ]
    if len(found) > MOST_LINES + 1:
        raise spreadsheets.SheetError("sheet_too_long", limit=MOST_LINES + 1)
    return found


def _decoded(content: bytes) -> str:
    """UTF-8, else GB 18030, as Chinese spreadsheet programs save CSV."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise spreadsheets.SheetError("file_damaged")
