"""The frontier as one form: a kind of order, the ticked accounts with their amounts, the terms that all orders share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.forms.frontier_part import FrontierPart
from accounts.forms.order_terms import TermsForm, first_values
from accounts.models import TraceRun
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.frontier import Frontier, FrontierRow
from accounts.services.frontier import KINDS, Pick
from accounts.services.orders.checks import case_problem
from antifraud import money
from antifraud.errors import AppError, Invalid
from banks.forms.errors import STATUS
from banks.models import User
from banks.selectors.institutions import executing_institutions, issue_powers
from banks.templatetags.ui import error_summary
from banks.templatetags.ui_words import KIND
from cases.models import Attachment, Case


@dataclass
class FrontierLine:
    """One account of the table; `amount` and `institution` as typed, `errors` what is wrong with them."""

    row: FrontierRow
    picked: bool
    amount: str
    institution: str = ""
    place: int = 0  # in the ranking
    is_above: bool = False  # more than was traced was typed
    may_exceed: bool = False  # and meant
    errors: list[str] = field(default_factory=list)

    @property
    def node(self) -> int:
        """Its key in the ledger."""
        return self.row.node

    @property
    def asks_bank(self) -> bool:
        """Whether the ledger does not know which institution keeps it."""
        return self.row.institution is None


@dataclass(frozen=True)
class Offer:
    """One kind for the list of choices; `reason` says why it cannot be chosen."""

    name: str
    label: Any
    icon: str
    reason: str


class FrontierForm:
    """`data` None: a fresh page, `wanted` the kind that the address names."""

    def __init__(
        self,
        *,
        user: User,
        case: Case,
        found: Frontier,
        now: datetime,
        data: QueryDict | None = None,
        files: Any = None,
        wanted: str = "",
        bound: bool = True,
        part: FrontierPart | None = None,
    ) -> None:
        self.user, self.case, self.found, self.data, self.now = user, case, found, data, now
        powers = list(issue_powers(user.institution))
        allowed = {power.order_kind for power in powers}
        self.offers = [_offer(name, case, allowed) for name in KINDS if name in ORDER_KINDS]
        self.kind = self._kind(str(data.get("kind", ""))) if data is not None else self._kind_first(wanted)
        self.row = ORDER_KINDS[self.kind]
        given: dict[str, Any] = {"user": user, "case": case, "row": self.row, "powers": powers}
        if data is not None and bound:
            self.terms = TermsForm(data, files, **given)
        else:
            self.terms = TermsForm(initial=self._first(), **given)
        self._keep_currency()
        self.banks = list(executing_institutions().order_by("name"))
        self.bank_of_rest = str(data.get("institution-rest", "")) if data is not None else ""
        self.part = part or FrontierPart.read({}, found)
        self.lines = [self._line(place, row) for place, row in self.part.rows]
        self.errors: list[str] = []

    @property
    def picked(self) -> list[FrontierLine]:
        """The ticked accounts, in the order in which the service gets them."""
        return [line for line in self.lines if line.picked]

    @property
    def offer(self) -> Offer:
        """The chosen kind."""
        return next(offer for offer in self.offers if offer.name == self.kind)

    @property
    def why_no_watch(self) -> str:
        """Why no watch can be drafted now, so that none is proposed; "" where one can."""
        return next((str(offer.reason) for offer in self.offers if offer.name == "watch"), "")

    @property
    def problems(self) -> list[dict[str, str]]:
        """What is wrong, terms first, each with the anchor of its place."""
        found = list(error_summary(self.terms)["problems"]) if self.terms.is_bound else []
        found += [{"text": text, "label": _("Accounts"), "href": "#frontier-lines"} for text in self.errors]
        for line in self.lines:
            number = line.row.flow.row.number
            label = number.masked() if number else ""
            found += [{"text": text, "label": label, "href": f"#pick-{line.node}"} for text in line.errors]
        return found

    def is_valid(self) -> bool:
        """Whether terms and lines can be read; the service judges them."""
        good = self.terms.is_valid()
        if self.offer.reason:
            self.terms.add_error(None, self.offer.reason)
        if not self.picked:
            self.errors.append(_("Choose at least one account."))
        for line in self.picked:
            self._read(line)
        return good and not self.offer.reason and not self.errors and not any(line.errors for line in self.picked)

    def picks(self) -> list[Pick]:
        """The ticked accounts for the service, once `is_valid` was true."""
        banks = {str(bank.id): bank for bank in self.banks}
        return [
            Pick(
                line.node, self._minor(line), banks.get(line.institution or self.bank_of_rest) if line.asks_bank else None,
                may_exceed=line.may_exceed,
            )
            for line in self.picked
        ]  # fmt: skip

    def keep_paper(self, paper: Attachment) -> None:
        """The uploaded file became a file of the case: choose it, so that nothing is uploaded twice."""
        data: Any = self.data.copy() if self.data is not None else {}
        data["instrument"] = str(paper.id)
        self.data = self.terms.data = data
        if hasattr(self.terms, "cleaned_data"):
            self.terms.cleaned_data["instrument"] = paper

    def attach(self, error: AppError) -> int:
        """Show a refusal: each line's at its line, each field's at its field; returns the HTTP status."""
        for name, texts in error.fields.items():
            if not self._take(name, texts):
                for text in texts:
                    self.terms.add_error(name if name in self.terms.fields else None, str(text))
        if not error.fields:
            self.terms.add_error(None, str(error.message))
        return STATUS[isinstance(error, Invalid)]

    def _first(self) -> dict[str, Any]:
        """What the measure begins with: the trace's currency; of a query the days from the oldest money to today."""
        values = first_values(self.row) | {"currency": self.found.run.currency}
        if self.row.name == "query_transactions" and self.found.rows:
            values["period_from"] = timezone.localtime(min(row.came_at for row in self.found.rows)).date()
            values["period_to"] = timezone.localtime(self.now).date()
        return values

    def _take(self, name: str, texts: Iterable[Any]) -> bool:
        word, _dot, rest = name.partition(".")
        place = rest.partition(".")[0]
        if word != "lines":
            return False
        if not place.isdecimal() or int(place) >= len(self.picked):
            self.errors += [str(text) for text in texts]
        else:
            self.picked[int(place)].errors += [str(text) for text in texts]
        return True

    def _kind(self, said: str) -> str:
        return said if said in {offer.name for offer in self.offers} else self._kind_first("")

    def _kind_first(self, wanted: str) -> str:
        """Of the kinds that can be chosen now the one that the address names, else the first."""
        free = [offer.name for offer in self.offers if not offer.reason]
        return wanted if wanted in free else next(iter(free), "stop")

    def _keep_currency(self) -> None:
        """Traced amounts are in one currency, so are the orders."""
        field: Any = self.terms.fields.get("currency")
        if field is not None:
            field.choices = [(self.found.run.currency, self.found.run.currency)]
            field.help_text = _("The currency of the trace.")

    def _line(self, place: int, row: FrontierRow) -> FrontierLine:
        run: TraceRun = self.found.run
        amount = str(money.from_minor(row.missing or row.left, run.currency)) if row.left else ""
        if self.data is None:
            ticked = self.kind == "watch" and row.advice == "watch"
            return FrontierLine(row, ticked, amount, str(row.proposed.id) if row.proposed else "", place)
        said, node = self.data, str(row.node)
        return FrontierLine(
            row, node in said.getlist("pick"), said.get(f"amount-{node}", amount), said.get(f"institution-{node}", ""),
            place, may_exceed=node in said.getlist("above"),
        )  # fmt: skip

    def _needs_amount(self) -> bool:
        return self.row.needs_amount(str(self.terms.cleaned_data.get("mode", "")))

    def _read(self, line: FrontierLine) -> None:
        if not self._needs_amount():
            return
        try:
            line.is_above = (self._minor(line) or 0) > line.row.amount
        except money.MoneyError as error:
            line.errors.append(_(money.MESSAGES[error.code]).format(**error.params))

    def _minor(self, line: FrontierLine) -> int | None:
        if not self._needs_amount():
            return None
        return money.to_minor(line.amount, self.found.run.currency)


def _offer(name: str, case: Case, allowed: set[str]) -> Offer:
    row = ORDER_KINDS[name]
    reason = "" if name in allowed else _("Your institution may not issue this kind of order.")
    return Offer(name, KIND[name].label, KIND[name].icon, reason or str(case_problem(case, row)))
