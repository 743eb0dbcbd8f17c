"""A workbook of cases: read, put together, banks recognised, known incidents told; what is filed is the view's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.rules.sheets import (
    CASE_COLUMNS,
    COLUMN_LABELS,
    MESSAGES,
    CaseGroup,
    RowResult,
    Setting,
    SheetReading,
    group_cases,
    read_sheet,
)
from accounts.services.filing import FiledAccount
from antifraud import spreadsheets
from antifraud.problems import Problem
from banks.models import Institution, User
from banks.selectors.prefixes import Bank, banks_of_numbers, institutions_by_text
from cases.models import Case
from cases.selectors.cases import cases_by_incident
from cases.services.cases import CaseInput
from cases.services.victims import VictimInput

MOST_BYTES = 5_000_000
MOST_ROWS = 301  # headings included: what one request can file
CHECK, ALL, GOOD = "check", "all", "good"


@dataclass
class ImportLine:
    """One row of the sheet as it is shown: what is wrong with it, what became of it."""

    row_no: int
    incident_number: str
    bank: str = ""
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    case: Case | None = None


class CaseImportForm(forms.Form):
    """The file and what to do when some of its rows are wrong. After `is_valid` the sheet is in `reading`."""

    file = forms.FileField(
        label=_("Workbook"),
        help_text=_(
            "XLSX from the template, at most 300 rows. One row for each transfer; the same incident number is the same case."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )  # fmt: skip
    mode = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            (CHECK, _("Only check, file nothing")),
            (ALL, _("File all, or nothing when a row is wrong")),
            (GOOD, _("File the good cases, leave out the others")),
        ],
        initial=CHECK,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.setting = Setting(zone=ZoneInfo(user.zone_name), now=now)
        self.reading = SheetReading(())

    def clean_file(self) -> Any:
        """Read the sheet; a workbook that is refused as a whole is an error of the field."""
        file = self.cleaned_data["file"]
        try:
            rows = spreadsheets.read_rows_apart(file, max_bytes=MOST_BYTES, max_rows=MOST_ROWS)
        except spreadsheets.SheetError as error:
            text = translate(spreadsheets.MESSAGES[error.code]).format(**error.params)
            raise forms.ValidationError(text) from error
        self.reading = read_sheet(CASE_COLUMNS, rows, self.setting)
        blocking = [in_words(problem) for problem in self.reading.problems if problem.severity == "error"]
        if blocking:
            raise forms.ValidationError(blocking)
        if not self.reading.rows:
            raise forms.ValidationError(
                translate("The sheet has no filled-in row. Fill in the template and upload it again.")
            )
        return file


class ImportedSheet:
    """The cases of a read sheet with everything that is known against them."""

    def __init__(self, *, user: User, reading: SheetReading) -> None:
        self.groups = group_cases(reading.rows)
        self.notes = [in_words(problem) for problem in reading.problems]
        numbers = {str(row.values["target_number"]) for row in reading.rows if "target_number" in row.values}
        numbers |= {str(row.values["victim_number"]) for row in reading.rows if "victim_number" in row.values}
        texts = {
            str(row.values[name])
            for row in reading.rows
            for name in ("target_bank", "victim_bank")
            if name in row.values
        }
        self._banks: dict[str, list[Bank]] = banks_of_numbers(numbers)
        self._named = institutions_by_text(texts)
        self.lines = {row.row_no: self._line(row) for row in reading.rows}
        known = cases_by_incident(user=user, numbers=[group.incident_number for group in self.groups])
        for group in self.groups:
            if group.incident_number in known:
                text = translate("A case with this incident number exists already: {number}. Leave the row out.")
                self.refuse(group, text.format(number=known[group.incident_number].number))

    def is_good(self, group: CaseGroup) -> bool:
        """Whether nothing speaks against the case."""
        return not any(self.lines[row.row_no].problems for row in group.rows)

    def refuse(self, group: CaseGroup, text: str, row_no: int | None = None) -> None:
        """Note a problem at a row of the case, the first one where none is named."""
        self.lines[row_no or group.rows[0].row_no].problems.append(text)

    def case_input(self, group: CaseGroup) -> CaseInput:
        """What the case says."""
        values: dict[str, Any] = dict(group.values)
        with_loss = next((row for row in group.rows if "loss" in row.values), group.rows[0])
        victim = VictimInput(values["victim_name"], values.get("victim_id_number", ""), values.get("victim_phone", ""))
        return CaseInput(
            reported_at=values["reported_at"], fraud_type=values["fraud_type"], incident_number=group.incident_number,
            fraud_subtype=values.get("sub_type", ""), narrative=values.get("narrative", ""), occurred_at=values.get("occurred_at"),
            loss_minor=values.get("loss"), currency=str(with_loss.values["currency"]), victims=(victim,),
        )  # fmt: skip

    def accounts(self, group: CaseGroup) -> list[FiledAccount]:
        """The receiving accounts, one for each row."""
        return [self._target(row) for row in group.rows]

    def victim_account(self, group: CaseGroup) -> FiledAccount | None:
        """The victim's own account where a row names it."""
        row = next((row for row in group.rows if "victim_number" in row.values), None)
        if row is None:
            return None
        number = str(row.values["victim_number"])
        return FiledAccount(
            number, self._bank(row, "victim"), str(group.values.get("victim_name", "")), place=f"row-{row.row_no}"
        )

    def _target(self, row: RowResult) -> FiledAccount:
        values: dict[str, Any] = dict(row.values)
        return FiledAccount(
            values["target_number"], self._bank(row, "target"), values.get("target_name", ""), values.get("transfer_amount"),
            values["currency"], values.get("transfer_at"), place=f"row-{row.row_no}", channel=values.get("channel", ""),
            reference=values.get("reference", ""),
        )  # fmt: skip

    def _bank(self, row: RowResult, side: str) -> Institution | None:
        """The bank that the row names, else the likeliest by card prefix."""
        named = self._named.get(str(row.values.get(f"{side}_bank", "")))
        if named is not None or f"{side}_bank" in row.values:
            return named
        candidates = self._banks.get(str(row.values.get(f"{side}_number", "")), [])
        return candidates[0][0] if candidates else None

    def _line(self, row: RowResult) -> ImportLine:
        found = [problem for problems in row.problems.values() for problem in problems]
        bank = self._bank(row, "target")
        line = ImportLine(row.row_no, str(row.values.get("incident_number", "")), bank.title if bank else "")
        line.problems = [in_words(problem) for problem in found if problem.severity == "error"]
        line.warnings = [in_words(problem) for problem in found if problem.severity != "error"]
        if bank is None and "target_bank" in row.values:
            line.warnings.append(translate("The bank's name is not recognised; the account is entered without a bank."))
        return line


def in_words(problem: Problem) -> str:
    """Column and sentence in the reader's language."""
    params = {name: translate(value) if name == "heading" else value for name, value in problem.params.items()}  # type: ignore[arg-type]
    text = translate(MESSAGES[problem.code]).format(**params)
    return f"{translate(COLUMN_LABELS[problem.field])}: {text}" if problem.field in COLUMN_LABELS else text
