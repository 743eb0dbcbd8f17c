"""The many parts of a picture as SVG text: 500 boxes and their curves in a few milliseconds, where a template takes hundreds.

Presentation attributes are what a file shows, classes what the page's own colours (css/flow.css) make of it. Every text is
escaped here; numbers come from the layout. The frame around them is `accounts/flow_svg.html`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.views.flow_drawing import DrawnNode, DrawnRibbon

MONO = "ui-monospace, Consolas, &#x27;DejaVu Sans Mono&#x27;, monospace"
LEFTMOST = 44.0  # half of an amount's width: a curve may bulge to the picture's edge
HALO = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'


def ribbon_svg(each: DrawnRibbon) -> str:
    """One curve with its title and, where there is room, its amount."""
    r = each.ribbon
    classes, colour, dash = "fl-ribbon", "#1d4fbc", ""
    if r.is_return:
        classes, colour, dash = f"{classes} is-return", "#7c4a03", ' stroke-dasharray="7 4"'
    elif r.is_beyond:
        colour, dash = "#828c9b", ' stroke-dasharray="2 4"'
    classes = f"{classes} is-beyond" if r.is_beyond else classes
    opacity = 0.6 if r.is_beyond else 0.35
    text = ""
    if each.text:
        told = f"↩ {escape(each.text)}" if r.is_return else escape(each.text)
        place = f'x="{_n(max(r.label_x, LEFTMOST))}" y="{_n(r.label_y - 3)}"'
        text = f'<text {place} text-anchor="middle" font-size="11" fill="#465263" {HALO}>{told}</text>'
    return (
        f'<g class="{classes}" data-src="{escape(each.src)}" data-dst="{escape(each.dst)}" data-at="{each.seconds}">'
        f"<title>{escape(each.label)}</title>"
        f'<path d="{r.path}" stroke="{colour}" stroke-opacity="{opacity}" stroke-width="{_n(r.width)}"{dash}/>{text}</g>'
    )


def node_svg(each: DrawnNode, *, is_bar: bool, is_first: bool, is_file: bool, more: str = "") -> str:
    """One account: a button on the page, an image in a file; `is_bar` in the Sankey, where its texts stand beside it.

    The handle that opens its neighbours is a link of its own after it, since nothing may be pressed inside a button;
    `more` says what it does; "" where nothing can be opened.
    """
    b, look, label = each.box, each.look, escape(each.label)
    dash = f' stroke-dasharray="{look.dash}"' if look.dash else ""
    key = each.node.node if each.node is not None else ""
    return (
        f'<g class="fl-node is-{escape(each.state)}" id="{escape(each.id)}" aria-label="{label}"'
        f' role="{"img" if is_file else "button"}" tabindex="{0 if is_first else -1}"'
        f' data-x="{_n(b.x)}" data-y="{_n(b.middle)}" data-node="{key}"><title>{label}</title>'
        f'<rect x="{_n(b.x)}" y="{_n(b.y)}" width="{_n(b.width)}" height="{_n(b.height)}" rx="{1 if is_bar else 7}"'
        f' fill="{look.fill}" stroke="{look.edge}" stroke-width="{look.width}"{dash}/>'
        f"{_beside(each) if is_bar else _inside(each)}</g>{'' if is_bar else _more(each, more)}\n"
    )


def _beside(each: DrawnNode) -> str:
    x, y = _n(each.text_x), each.box.middle
    first, _bank, third = map(escape, each.lines)
    return (
        f'<text x="{x}" y="{_n(y - 1)}" fill="#18212d" {HALO}>{first}</text>'
        f'<text x="{x}" y="{_n(y + 13)}" fill="#465263" font-size="11" {HALO}>{third}</text>'
    )


def _inside(each: DrawnNode) -> str:
    b, look = each.box, each.look
    first, bank, third = map(escape, each.lines)
    x = _n(b.x + 10)
    mark = (
        f'<path class="fl-mark" transform="translate({_n(b.x + 9)} {_n(b.y + 11)})" d="{look.mark}"'
        f' fill="{look.mark_fill}" fill-rule="evenodd" stroke="{look.edge}"/>'
    )
    texts = (
        f'<text x="{_n(each.text_x)}" y="{_n(b.y + 21)}" font-family="{MONO}" fill="#18212d">{first}</text>'
        f'<text x="{x}" y="{_n(b.y + 36)}" fill="#465263" font-size="11">{bank}</text>'
        f'<text x="{x}" y="{_n(b.y + 51)}" fill="#18212d" font-weight="600" font-size="11">{third}</text>'
    )
    return mark + texts


def _more(each: DrawnNode, label: str) -> str:
    """How many neighbours are hidden; where they can be opened, a link that does so, with JavaScript or without."""
    if each.node is None or not each.node.hidden:
        return ""
    b, count = each.box, each.node.hidden
    drawn = (
        f'<rect x="{_n(b.right - 34)}" y="{_n(b.y - 12)}" width="40" height="24" rx="12" fill="#eef1f4" stroke="#828c9b"/>'
        f'<text x="{_n(b.right - 14)}" y="{_n(b.y + 4)}" text-anchor="middle" font-size="11" fill="#435061">+{count}</text>'
    )
    if not (label and each.open_url):
        return f'<g class="fl-more" aria-hidden="true">{drawn}</g>'
    said = escape(label)
    return (
        f'<a class="fl-more" id="open-{each.node.node}" data-opens="{each.node.node}" href="{escape(each.open_url)}"'
        f' aria-label="{said}">{drawn}</a>'
    )


_n = "{:.8g}".format  # a number as SVG reads it in every language: a point, no group signs, no needless digits
