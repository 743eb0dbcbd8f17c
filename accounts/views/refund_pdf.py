"""The decision on a return as PDF: worksheet, reasons, officers, approver, digest, page x of y (ADR 0019); it decides nothing.

The same return gives the same bytes: the file carries no moment of its making.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from accounts.models import Refund, RefundRound, RefundShare
from accounts.rules.refunds import BRANCH_LABELS, REASON_LABELS
from accounts.selectors.refund_parties import is_another_name, victims_left_out
from antifraud.money import format_minor
from banks.models import User

FONT = "STSong-Light"
MARGIN = 18 * mm
PLAIN = ParagraphStyle("plain", fontName=FONT, fontSize=9.5, leading=14, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=PLAIN, fontSize=8, leading=11)
RIGHT = ParagraphStyle("right", parent=SMALL, alignment=2)
TITLE = ParagraphStyle("title", parent=PLAIN, fontSize=16, leading=24, alignment=1, spaceAfter=4 * mm)
HEADING = ParagraphStyle("heading", parent=PLAIN, fontSize=11, leading=16, spaceBefore=4 * mm, spaceAfter=1 * mm)
GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
)


def decision_pdf(refund: Refund, current: RefundRound, shares: Sequence[RefundShare]) -> bytes:
    """The whole paper, in the active language; `shares` with their payees ready to be opened."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    story: list[Flowable] = [
        _text(refund.unit.title, SMALL),
        _text(_("Decision on the return of held money"), TITLE),
        _pairs(_head(refund, current)),
        _text(_("Why the money is returned in this way"), HEADING),
        *(_text(f"{at}. {_(REASON_LABELS[code])}") for at, code in enumerate(current.worksheet["reasons"], start=1)),
        _text(_("Worksheet"), HEADING),
        _worksheet(refund, current, shares),
        _text(_("Whom the bank pays"), HEADING),
        _payees(refund, shares),
        *_left_out(refund, current),
        _text(_("Decided by"), HEADING),
        _pairs(_people(refund)),
        Spacer(1, 4 * mm),
        _text(_("SHA-256 of the worksheet: {digest}").format(digest=bytes(current.sha256).hex()), SMALL),
    ]
    out = io.BytesIO()
    paper = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=22 * mm,
        title=refund.number, author=refund.unit.title, invariant=1,
    )  # fmt: skip
    paper.build(story, canvasmaker=_numbered(f"{refund.number} · {bytes(current.sha256).hex()[:16]}"))
    return out.getvalue()


def _numbered(mark: str) -> type[Canvas]:
    """A canvas that writes number, digest and "page x of y" below each page once all pages are known."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  (reportlab's name)
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            pages = self.kept
            for at, state in enumerate(pages, start=1):
                self.__dict__.update(state)
                self.setFont(FONT, 8)
                self.drawString(MARGIN, 12 * mm, mark)
                text = _("Page {page} of {pages}").format(page=at, pages=len(pages))
                self.drawRightString(A4[0] - MARGIN, 12 * mm, text)
                super().showPage()
            super().save()

    return Numbered


def _head(refund: Refund, current: RefundRound) -> list[tuple[str, str]]:
    rows = [
        (pgettext("money", "Return"), f"{refund.number} · {_('Round {number}').format(number=current.number)}"),
        (_("Case"), refund.case.number),
        (_("Bank"), refund.institution.title),
        (_("Hold"), refund.hold.order.number),
        (_("Account on which the money is held"), refund.hold.account.number.open()),
        (_("Rule applied"), _(BRANCH_LABELS[current.branch])),
        (_("Legal basis"), _(refund.legal_basis)),
        (_("Legal profile, as configured"), str(refund.legal_profile)),
    ]
    if current.noticed_at and current.notice_ends_at:
        rows.append((_("Public notice"), f"{_moment(current.noticed_at)} – {_moment(current.notice_ends_at)}"))
    return rows


def _people(refund: Refund) -> list[tuple[str, str]]:
    return [
        (_("Operator"), _person(refund.operator)),
        (_("Second officer"), _person(refund.second_officer)),
        (_("Approver"), _person(refund.approver)),
        (_("Decided"), _moment(refund.decided_at)),
    ]


def _worksheet(refund: Refund, current: RefundRound, shares: Sequence[RefundShare]) -> Table:
    headings = [_("Line"), _("Loss"), _("Came back"), _("Missing"), _("Traced here"), _("Gets back")]
    figures = {row["victim"]: row for row in current.worksheet["rows"]}
    rows: list[list[Flowable]] = [[_text(each, SMALL) for each in headings]]
    for share in shares:
        row = figures[str(share.victim_id)]
        names = ("loss_minor", "returned_minor", "open_minor", "traced_minor", "share_minor")
        rows.append([_text(str(share.position), SMALL), *(_amount(row[name], refund.currency) for name in names)])
    totals = current.worksheet["totals"]
    sums = [totals[name] for name in ("loss_minor", "returned_minor", "open_minor")]
    rows.append(
        [_text(_("Total"), SMALL), *(_amount(each, refund.currency) for each in (*sums, None, totals["shared_minor"]))]
    )
    rows += [
        [_text(label, SMALL), *[_text("", SMALL)] * 4, _amount(totals[name], refund.currency)]
        for label, name in ((_("Held"), "held_minor"), (_("Stays held"), "surplus_minor"))
    ]
    return _grid(rows, [20 * mm, *[30.8 * mm] * 5])


def _left_out(refund: Refund, current: RefundRound) -> list[Flowable]:
    """How many victims of the case have no line; who they are is not the paper's to say."""
    found = victims_left_out(refund, current)
    if not found:
        return []
    since = sum(each.is_since for each in found)
    words = _("Victims of the case without a line: {count}; of them with a line in the round before: {since}")
    return [_text(words.format(count=len(found), since=since), SMALL)]


def _payees(refund: Refund, shares: Sequence[RefundShare]) -> Table:
    headings = [_("Line"), _("Victim"), _("Account holder"), _("Account to be paid"), _("Bank"), _("Amount")]
    rows: list[list[Flowable]] = [[_text(each, SMALL) for each in headings]]
    rows += [
        [
            _text(str(share.position), SMALL), _text(share.victim.name.open(), SMALL), _text(_holder(share), SMALL),
            _text(share.payee_account.open(), SMALL),
            _text(share.payee_bank, SMALL), _amount(share.share_minor, refund.currency),
        ]
        for share in shares
        if share.share_minor
    ]  # fmt: skip
    return _grid(rows, [12 * mm, 28 * mm, 32 * mm, 42 * mm, 32 * mm, 28 * mm])


def _holder(share: RefundShare) -> str:
    name, other = share.payee_name.open(), _("not the victim's name")
    return f"{name} ({other})" if is_another_name(share) else name


def _pairs(rows: Sequence[tuple[str, str]]) -> Table:
    made = [[_text(label, SMALL), _text(value)] for label, value in rows]
    return Table(made, colWidths=[45 * mm, 129 * mm], style=TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))


def _grid(rows: list[list[Flowable]], widths: list[float]) -> Table:
    return Table(rows, colWidths=widths, repeatRows=1, style=GRID)


def _text(text: object, style: ParagraphStyle = PLAIN) -> Paragraph:
    return Paragraph(escape(str(text)), style)


def _amount(minor: int | None, currency: str) -> Paragraph:
    return _text("—" if minor is None else format_minor(minor, currency, get_language() or "en"), RIGHT)


def _person(user: User | None) -> str:
    return f"{user.full_name} {user.badge_number}".strip() if user else ""


def _moment(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""
