"""The page on which orders are drafted, as one thing: kinds, shared terms and lines, typed values kept whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.forms.order_kinds import KindOffer, kinds_offered
from accounts.forms.order_lines import LineTable, account_lines, hold_lines
from accounts.forms.order_terms import NAMES, TermsForm, first_values
from accounts.models import Hold, Involvement, Order
from accounts.models.hold import LIVE
from accounts.models.order import OPEN
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.accounts import case_accounts, case_transfers
from accounts.selectors.duplicates import order_duplicates
from accounts.selectors.holds import holds_list
from accounts.selectors.orders import OrderFilters, orders_list
from accounts.selectors.watches import watches_by_account
from antifraud.crypto.fields import preload_rows
from antifraud.errors import AppError, Invalid
from banks.forms.errors import STATUS
from banks.models import User
from banks.selectors.institutions import issue_powers
from banks.templatetags.ui import error_summary
from cases.models import Attachment, Case

MOST_LINES = 200


class OrderDraftForm:
    """`data` None: a fresh page, `wanted` its query (kind, hold, emergency). `bound` False keeps what was typed without
    judging it (the kind was changed)."""

    def __init__(
        self,
        *,
        user: User,
        case: Case,
        now: datetime,
        data: QueryDict | None = None,
        files: Any = None,
        wanted: Mapping[str, str] | None = None,
        bound: bool = True,
    ) -> None:
        self.user, self.case, self.now, self.data = user, case, now, data
        self.wanted = wanted or {}
        self.powers = list(issue_powers(user.institution))
        self.involvements: list[Involvement] = list(case_accounts(user=user, case=case)[:MOST_LINES])
        held = holds_list(user=user, case_id=case.id).filter(status__in=LIVE).order_by("created_at", "pk")
        self.holds: list[Hold] = list(held[:MOST_LINES])
        preload_rows([each.account for each in self.involvements] + [each.account for each in self.holds])
        self.offers: list[KindOffer] = kinds_offered(
            case=case, powers=self.powers, involvements=self.involvements, holds=self.holds, now=now
        )
        self.kind = self._kind()
        self.row = ORDER_KINDS[self.kind]
        self.terms = self._terms_form(files, bound=bound)
        self.lines = LineTable(self._rows(), data, self._picked())
        self._notice()

    # -- what is shown --------------------------------------------------------------------------------

    @property
    def offer(self) -> KindOffer:
        """The chosen kind."""
        return next(offer for offer in self.offers if offer.name == self.kind)

    @property
    def is_query(self) -> bool:
        """Whether it only asks: no hold comes of it."""
        return self.row.verb == "ask"

    @property
    def held_already(self) -> bool:
        """Whether a ticked account is held or asked to be held already."""
        return any(row.notices for row in self.lines.picked)

    @property
    def problems(self) -> list[dict[str, str]]:
        """What is wrong, terms first, each with the anchor of its place."""
        found = list(error_summary(self.terms)["problems"]) if self.terms.is_bound else []
        found += [{"text": text, "label": _("Accounts"), "href": "#draft-lines"} for text in self.lines.errors]
        for row in self.lines.rows:
            label = row.account.number.masked()
            found += [{"text": text, "label": label, "href": f"#pick-{row.key}"} for text in row.errors]
        return found

    def kept(self) -> list[tuple[str, str]]:
        """Everything typed, for the hidden fields of the last look; the file itself is among the case's by then."""
        if self.data is None:
            return []
        names = [name for name in self.data if name not in {"csrfmiddlewaretoken", "verb", "instrument"}]
        chosen = str(self.terms["instrument"].value() or "")
        return [(name, value) for name in names for value in self.data.getlist(name)] + [("instrument", chosen)]

    # -- what was sent --------------------------------------------------------------------------------

    def is_valid(self) -> bool:
        """Whether terms and lines can be read; the service judges them."""
        good = self.terms.is_valid()
        if self.offer.reason:
            self.terms.add_error(None, self.offer.reason)
            good = False
        mode = self.terms.cleaned_data.get("mode", "")
        currency = self.terms.cleaned_data.get("currency") or "CNY"
        return self.lines.is_valid(with_amounts=self.row.needs_amount(mode), currency=currency) and good

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
            if self.lines.take(name, texts):
                continue
            for text in texts:
                self.terms.add_error(name if name in self.terms.fields else None, str(text))
        if not error.fields:
            self.terms.add_error(None, str(error.message))
        return STATUS[isinstance(error, Invalid)]

    # -- parts ----------------------------------------------------------------------------------------

    def _kind(self) -> str:
        said = str((self.data or self.wanted).get("kind", ""))
        if said in ORDER_KINDS:
            return said
        return next((offer.name for offer in self.offers if not offer.reason), "stop")

    def _terms_form(self, files: Any, *, bound: bool) -> TermsForm:
        given: dict[str, Any] = {"user": self.user, "case": self.case, "row": self.row, "powers": self.powers}
        if self.data is None:
            return TermsForm(initial=first_values(self.row, emergency=self.wanted.get("emergency") == "1"), **given)
        if bound:
            return TermsForm(self.data, files, **given)
        fresh = first_values(self.row)
        typed = {name: self.data.get(name) or fresh.get(name, "") for name in NAMES}
        if "currency" in self.data:  # the page had the measure: an empty box was cleared by hand
            typed["with_sub_accounts"] = "with_sub_accounts" in self.data
        return TermsForm(initial=typed, **given)

    def _rows(self) -> list[Any]:
        filters = OrderFilters(case=self.case.id, kind=self.kind, unit=self.user.institution_id)
        open_orders: Iterable[Order] = orders_list(user=self.user, filters=filters).filter(status__in=OPEN)[:MOST_LINES]
        if self.row.references_original:
            return hold_lines(self.row, self.holds, open_orders, self.now)
        transfers = case_transfers(user=self.user, case=self.case)
        watched = watches_by_account(self.case.id) if self.row.name == "watch_end" else None
        fitting = [each for each in self.involvements if (each.account.kind == "phone") == (self.row.target == "phone")]
        if watched is not None:
            fitting = [each for each in fitting if each.account_id in watched]
        return account_lines(self.row, fitting, transfers, open_orders)

    def _picked(self) -> list[str]:
        """The keys that are ticked: as sent; on a fresh page the hold that was named, or the first receivers."""
        if self.data is not None:
            return self.data.getlist("pick")
        if self.row.references_original:
            return [self.wanted.get("hold", "")]
        if "account" in self.wanted:
            return [str(each.id) for each in self.involvements if str(each.account_id) == self.wanted["account"]]
        return [str(each.id) for each in self.involvements if self.row.name == "stop" and each.level == 1]

    def _notice(self) -> None:
        """Who holds the ticked accounts already: unit, end and amount only (domain.md §3)."""
        by_account = {row.account.id: row for row in self.lines.picked}
        for notice in order_duplicates(user=self.user, account_ids=by_account, kind=self.kind):
            if notice.account_id in by_account:
                by_account[notice.account_id].notices.append(notice)


def upload_of(form: TermsForm) -> UploadedFile[Any] | None:
    """The instrument that was uploaded, where the field itself is in order."""
    return None if "instrument_file" in form.errors else form.upload


def paper_kept() -> str:
    """What the page says when the file was kept although something else was wrong."""
    return _("The instrument was kept with the case and is chosen below; it need not be uploaded again.")


def same_paper(papers: Iterable[Attachment], sha256: bytes) -> UUID | None:
    """The file of the case that has these bytes already."""
    return next((paper.id for paper in papers if bytes(paper.sha256) == sha256), None)
