"""A workbook of answers: written from the open queue, read back row by row; what is sent is the view's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms.case_import import in_words
from accounts.models import Order
from accounts.rules.answers import AnswerDraft
from accounts.rules.order_kinds import MATCH_FIELD_LABELS, MODE_LABELS, OUTCOME_LABELS
from accounts.rules.reasons import REASON_LABELS
from accounts.rules.sheets import (
    ANSWER_COLUMNS,
    MESSAGES,
    RowResult,
    Setting,
    SheetReading,
    answer_draft,
    headings,
    read_sheet,
)
from accounts.selectors.queue import queue_orders
from accounts.services.answer_checks import answer_problems
from accounts.services.answer_input import AnswerInput, NextHopInput, PriorFreezeInput
from accounts.services.order_contents import SheetOrder
from antifraud import money, spreadsheets
from antifraud.errors import AppError
from antifraud.spreadsheets import OutCell, write_rows
from banks.models import Institution, User
from banks.rules.legal_profile import ORDER_KIND_LABELS
from banks.selectors.prefixes import institutions_by_text

MOST_ANSWERS = 500
MOST_BYTES = 5_000_000
MOST_ROWS = MOST_ANSWERS + 20  # headings, and rows that were left empty
CHECK, ALL, GOOD = "check", "all", "good"
WORDS = {"outcome": OUTCOME_LABELS, "reason": REASON_LABELS, "mismatch_field": MATCH_FIELD_LABELS, "mode": MODE_LABELS}


def sheet_of(orders: Iterable[SheetOrder], *, zone: str) -> bytes:
    """The workbook to fill in: one row for each open order, in the reader's language, with lists of words."""
    chinese = (get_language() or "").startswith("zh")
    names = [column.name for column in ANSWER_COLUMNS]
    choices = {names.index(name): [translate(label) for label in labels.values()] for name, labels in WORDS.items()}
    notes = [
        translate("One row for each order. Rows whose outcome is empty are left alone."),
        translate("Do not change the columns up to the date on which the answer is due."),
        translate("Times like 2026-11-20 13:05, in your own time zone. Account numbers as text."),
        translate("Without a handling person your own name stands."),
        translate("Files and holder records cannot be sent with a sheet: answer such orders on their own page."),
    ]
    rows = [_row(each, names, ZoneInfo(zone)) for each in orders]
    return write_rows(
        headings(ANSWER_COLUMNS, chinese=chinese), rows, notes=notes, choices=choices, title=translate("Answers")
    )


def _row(each: SheetOrder, names: list[str], zone: ZoneInfo) -> list[OutCell]:
    order = each.order
    due = order.answer_due_at
    given: dict[str, OutCell] = {
        "order_id": str(order.pk),
        "order_version": order.version,
        "case_number": order.case.number,
        "order_kind": translate(ORDER_KIND_LABELS[order.kind]),
        "account_number": each.number,
        "account_name": each.name,
        "asked_amount": money.from_minor(order.amount_minor, order.currency)
        if order.amount_minor is not None
        else None,
        "answer_due_at": due.astimezone(zone).strftime("%Y-%m-%d %H:%M") if due else None,
        "currency": order.currency,
    }
    return [given.get(name) for name in names]


class AnswerSheetForm(forms.Form):
    """The file and what to do when some of its rows are wrong. After `is_valid` the sheet is in `reading`."""

    file = forms.FileField(
        label=_("Filled-in workbook"), help_text=_("XLSX from the download, at most 500 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )  # fmt: skip
    mode = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            (CHECK, _("Only check, send nothing")),
            (GOOD, _("Send the good rows, leave out the others")),
            (ALL, _("Send all, or nothing when a row is wrong")),
        ],
        initial=CHECK,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        self.reading = read_sheet(ANSWER_COLUMNS, rows, self.setting, words=_words())
        blocking = [in_words(problem) for problem in self.reading.problems if problem.severity == "error"]
        if blocking:
            raise forms.ValidationError(blocking)
        if not self.reading.rows:
            raise forms.ValidationError(translate("No row of the sheet has an answer. Fill it in and upload it again."))
        if len(self.reading.rows) > MOST_ANSWERS:
            text = translate(spreadsheets.MESSAGES["sheet_too_long"]).format(limit=MOST_ANSWERS)
            raise forms.ValidationError(text)
        return file


def _words() -> dict[str, dict[str, str]]:
    """Every label in every language of the product: a sheet may be filled in by another person than its reader."""
    words: dict[str, dict[str, str]] = {name: {} for name in WORDS}
    for code, _name in settings.LANGUAGES:
        with override(code):
            for name, labels in WORDS.items():
                words[name] |= {translate(label): value for value, label in labels.items()}
    return words


@dataclass
class AnswerLine:
    """One row: `state` is good (can be sent), wrong, answered (before, unchanged) or sent."""

    row_no: int
    state: str = "good"
    order: Order | None = None
    answer: AnswerInput | None = None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, *texts: str) -> None:
        """Note why the row cannot be sent."""
        self.state = "wrong"
        self.problems += texts


class AnswerSheet:
    """The rows of a read sheet with everything that is known against them. Nothing is sent here."""

    def __init__(self, *, user: User, reading: SheetReading) -> None:
        self.user = user
        self.notes = [in_words(problem) for problem in reading.problems]
        self.untouched = reading.untouched
        ids = [UUID(str(row.values["order_id"])) for row in reading.rows if "order_id" in row.values]
        self._orders = queue_orders(user=user, order_ids=ids)
        drafts = {row.row_no: answer_draft(row.values) for row in reading.rows}
        texts = {draft.suggested_institution for draft in drafts.values()}
        texts |= {hop.institution for draft in drafts.values() for hop in draft.next_hops}
        self._named = institutions_by_text(texts - {""}) if texts - {""} else {}
        self._first: dict[Any, int] = {}
        self.lines = [self._line(row, drafts[row.row_no]) for row in reading.rows]

    @property
    def good(self) -> list[AnswerLine]:
        """The rows that can be sent."""
        return [line for line in self.lines if line.state == "good"]

    @property
    def wrong(self) -> list[AnswerLine]:
        """The rows that cannot."""
        return [line for line in self.lines if line.state == "wrong"]

    def _line(self, row: RowResult, draft: AnswerDraft) -> AnswerLine:
        line = AnswerLine(row.row_no)
        found = [problem for problems in row.problems.values() for problem in problems]
        line.warnings = [in_words(problem) for problem in found if problem.severity != "error"]
        blocking = [in_words(problem) for problem in found if problem.severity == "error"]
        key = row.values.get("order_id")
        line.order = self._orders.get(UUID(str(key))) if key else None
        if blocking:
            line.refuse(*blocking)
        elif line.order is None:
            line.refuse(translate("This order is not in your queue. Download the sheet again."))
        elif self._first.setdefault(key, row.row_no) != row.row_no:
            line.refuse(translate(MESSAGES["row_repeated"]).format(first=self._first[key]))
        elif line.order.status == Order.Status.ANSWERED:
            line.state = "answered"
        else:
            self._judge(line, line.order, draft)
        return line

    def _judge(self, line: AnswerLine, order: Order, draft: AnswerDraft) -> None:
        line.answer = self._input(order, draft)
        errors, warnings = answer_problems(order, line.answer)
        line.warnings += _sentences(warnings)
        if errors:
            line.refuse(*_sentences(errors))

    def _input(self, order: Order, draft: AnswerDraft) -> AnswerInput:
        return AnswerInput(
            outcome=draft.outcome,
            handled_by=draft.handled_by or self.user.full_name,
            reason=draft.reason,
            reason_text=draft.reason_text,
            mismatch_field=draft.mismatch_field,
            suggested_institution=self._institution(draft.suggested_institution),
            executed_minor=draft.executed_minor,
            balance_minor=draft.balance_minor,
            previously_frozen_minor=draft.previously_frozen_minor,
            free_minor=draft.free_minor,
            currency=draft.currency or order.currency,
            effective_from=draft.effective_from,
            expires_at=draft.expires_at,
            mode=draft.mode,
            waiting_rank=draft.waiting_rank,
            handled_phone=draft.handled_phone,
            second_person=draft.second_person,
            branch=draft.branch,
            prior_freezes=tuple(PriorFreezeInput(1, p.body, p.amount_minor, p.expires_at) for p in draft.prior_freezes),
            next_hops=tuple(
                NextHopInput(h.number, self._institution(h.institution), h.institution, h.name, h.amount_minor, h.at)
                for h in draft.next_hops
            ),
        )

    def _institution(self, text: str) -> Institution | None:
        return self._named.get(text) if text else None


def refusal(error: AppError) -> list[str]:
    """A service's refusal as sentences for a row."""
    return _sentences(error.fields) or [str(error.message)]


def _sentences(problems: Any) -> list[str]:
    return [str(text) for texts in problems.values() for text in texts]
