"""The rows of a trace's table as HTML: a thousand rows in some dozens of milliseconds, where a template takes hundreds.

Every text is escaped here. The tables around them, and what is said where there is no row, are `accounts/flow_table.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from uuid import UUID

from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.selectors.flow import FlowEdge, FlowGraph, FlowNode, moment
from accounts.views.flow_words import End, labels, parts_of
from banks.templatetags.ui_values import counted, masked, money, when

NOTHING = "—"
_ANY = UUID(int=0)  # stands in an address for the key of each row


class _Cells:
    """A row's cells, each with the heading that small screens show before it.

    `numbers`: the places of figures; `head`: the place of the cell that names the row.
    """

    def __init__(self, headings: Sequence[str], *, numbers: Collection[int], head: int = -1) -> None:
        self._frames = []
        for place, heading in enumerate(headings):
            begin = '<th scope="row"' if place == head else '<td class="num"' if place in numbers else "<td"
            self._frames.append((f'{begin} data-label="{escape(heading)}">', "</th>" if place == head else "</td>"))

    def row(self, cells: Iterable[str], attributes: str = "") -> str:
        """One row; `cells` are HTML."""
        inside = "".join(f"{begin}{cell}{end}" for (begin, end), cell in zip(self._frames, cells, strict=True))
        return f"<tr{attributes}>{inside}</tr>"


def account_rows(
    nodes: Iterable[FlowNode], *, currency: str, opener: Callable[[FlowNode], str], may_reveal: bool
) -> SafeString:  # fmt: skip
    """One row for each account; `opener` gives the address that shows its hidden neighbours, "" for none."""
    words, taken_lines = labels(), get_template("accounts/flow_taken.html")
    reveal = reverse("accounts:ledger_account_reveal", args=[_ANY, "number"]) if may_reveal else ""
    what = _("account number")
    headings = (
        _("Level"), _("Number"), _("Traced in"), _("Traced out"), _("Of it here"), _("How the trace ends here"),
        _("Stated balance"), _("Held or asked for"), _("Not shown"),
    )  # fmt: skip
    cells = _Cells(headings, numbers={2, 3, 4, 6}, head=1)
    found = []
    for node in nodes:
        number: str = escape(words.number(node))
        if node.masked:
            number = masked(node.masked, reveal.replace(str(_ANY), str(node.row.pk)), what)
        bank = words.bank(node)
        sums = (node.came, node.left, node.rest)
        row = (
            f'<span class="ui-nowrap">{escape(words.level(node))}</span>',
            f"{number}<small>{escape(bank)}</small>" if bank else number,
            *(NOTHING if node.is_beyond else money(each, currency) for each in sums),
            _ends(parts_of(node.ends, node.end), currency),
            money(node.balance_minor, currency),
            taken_lines.render({"taken": node.taken}) if node.taken else NOTHING,
            _hidden(node, opener(node)),
        )
        found.append(cells.row(row, f' data-row tabindex="-1" id="row-{node.node}"'))
    return SafeString("\n".join(found))


def payment_rows(graph: FlowGraph, most: int) -> SafeString:
    """One row for each payment in the order of time, at most so many."""
    words, currency = labels(), graph.run.currency
    names = {
        node: f'<span class="ui-mono ui-nowrap">{escape(words.number(each))}</span>'
        for node, each in graph.nodes.items()
    }
    edges = sorted(graph.edges, key=lambda edge: (edge.is_beyond, edge.when, edge.entry or 0))[:most]
    headings = (_("Time"), _("Hop"), _("From"), _("To"), _("Traced amount"), _("Remarks"))
    cells = _Cells(headings, numbers={1, 4})
    rows = (
        (
            when(moment(edge.at), "seconds"), NOTHING if edge.is_beyond else str(edge.hop), names[edge.src], names[edge.dst],
            money(edge.amount, currency), _remarks(edge, words.is_return),
        )
        for edge in edges
    )  # fmt: skip
    return SafeString("\n".join(map(cells.row, rows)))


def _ends(parts: list[tuple[End, int]], currency: str) -> str:
    """As `accounts/flow_ends.html`: a sum never stands under one word where it has several."""
    several = len(parts) > 1
    spans = (
        f'<span title="{escape(str(end.meaning))}">{money(amount, currency) + " " if several else ""}{escape(str(end.word))}</span>'
        for end, amount in parts
    )
    return " · ".join(spans) or NOTHING


def _hidden(node: FlowNode, address: str) -> str:
    """How many neighbours are hidden; a link where they can be shown."""
    if not node.hidden:
        return NOTHING
    if not address:
        return str(counted(node.hidden))
    text = ngettext("{count} neighbour", "{count} neighbours", node.hidden).format(count=counted(node.hidden))
    return f'<a data-opens="{node.node}" href="{escape(address)}">{escape(text)}</a>'


def _remarks(edge: FlowEdge, is_return: str) -> str:
    if edge.is_return:
        return f"↩ {escape(is_return)}"
    if not edge.is_beyond:
        return NOTHING
    text = ngettext("not traced, {count} payment", "not traced, {count} payments", edge.count)
    return escape(text.format(count=counted(edge.count)))
