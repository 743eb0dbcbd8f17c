"""House rules on templates as functions from text to findings; the tests say which files they look at."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.DOTALL)
_TRANSLATED = re.compile(r"\{%\s*blocktrans(?:late)?\b.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}", re.DOTALL)
_TEMPLATE_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_CODE = re.compile(r"<(kbd|code|samp)\b[^>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
_CLASS_BLOCK = re.compile(r"\{%\s*block \w*_class\s*%\}.*?\{%\s*endblock\b.*?%\}", re.DOTALL)
_HTML_TAG = re.compile(r"<[a-zA-Z/!\0](?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.DOTALL)
_ENTITY = re.compile(r"&#?\w+;")
_WORD = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}")
_NAMES = frozenset({"SHA", "PDF", "XLSX", "CSV", "API", "JSON"})  # the same in every language
_SPOKEN_ATTRIBUTE = re.compile(
    r"\s(?:title|placeholder|alt|label|summary|aria-label|aria-description|aria-roledescription)=(\"[^\"]*\"|'[^']*')"
)
_SENTENCE_IN_DATA = re.compile(r"\sdata-[\w-]+=(?:\"([A-Z][a-z]+ [^\"{]*)\"|'([A-Z][a-z]+ [^'{]*)')")

INLINE = {
    "inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "event attribute": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*|x-html)\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^>]*\ssrc=)", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "computed htmx value": re.compile(r"hx-(?:vals|headers)\s*=\s*[\"']js:", re.IGNORECASE),
}
FOREIGN = re.compile(
    r"\s(?:src|href|action|formaction|poster|srcset|data|hx-(?:get|post|put|patch|delete))\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|url\(\s*[\"']?(?:https?:)?//|@import",
    re.IGNORECASE,
)


def inline_code(text: str) -> list[str]:
    """Code or style inside the page: the Content-Security-Policy would refuse it."""
    source = _blanked(_COMMENT, text)
    return [
        f"line {_line(source, hit.start())}: {name}" for name, rule in INLINE.items() for hit in rule.finditer(source)
    ]


def foreign_resources(text: str) -> list[str]:
    """Something fetched from, linked on or sent to another host."""
    source = _blanked(_COMMENT, text)
    return [f"line {_line(source, hit.start())}: {hit.group().strip()}" for hit in FOREIGN.finditer(source)]


def bare_text(text: str) -> list[str]:
    """Words that a reader sees and no translator does: between tags, or in an attribute shown or spoken.

    A heuristic: keyboard keys, code, technical names, blocks named …_class and single letters do not count.
    """
    source = text
    for rule in (_COMMENT, _TRANSLATED, _CODE, _CLASS_BLOCK):
        source = _blanked(rule, source)
    source = _blanked(_TEMPLATE_TAG, source, "\0")  # "<{% if x %}a{% else %}button{% endif %} …>" stays a tag
    found = [
        f"line {_line(source, hit.start())}: attribute {value}"
        for hit in [*_SPOKEN_ATTRIBUTE.finditer(source), *_SENTENCE_IN_DATA.finditer(source)]
        if _WORD.search(_ENTITY.sub("", value := next(group for group in hit.groups() if group)))
    ]
    for rule in (_HTML_TAG, _ENTITY):
        source = _blanked(rule, source)
    return found + [
        f"line {_line(source, hit.start())}: {hit.group()}"
        for hit in _WORD.finditer(source)
        if hit.group() not in _NAMES
    ]


def _blanked(rule: re.Pattern[str], source: str, filler: str = " ") -> str:
    """The source with every hit replaced by blanks, lines kept so that findings name the right one."""
    return rule.sub(lambda hit: re.sub(r"\S", filler, hit.group()), source)


def _line(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


# Dialogs whose refusal comes back otherwise than by the page again: on a page of its own, as a message, as a problem.
ELSEWHERE = {"dlg-clock", "dlg-route"}
_DIALOG = re.compile(
    r"<dialog\b(?P<tag>[^>]*)>(?P<body>.*?)</dialog>|"
    r"\{% confirm_dialog (?P<given>.*?) %\}(?P<content>.*?)\{% endconfirm_dialog %\}",
    re.DOTALL,
)
_FIELDS = re.compile(
    r"as_field_group|\{% error_summary|\{\{ *(?:\w*form\w*|forms\.\w+|revoke|approve)(?:\.as_\w+)? *\}\}"
)
_NAME = re.compile(r"id=\"(?P<tag>[^\"]+)\"|^\s*\"(?P<given>[^\"]+)\"")


def shut_dialogs(text: str) -> list[str]:
    """Dialogs with fields of a form that would stay shut when the page comes back with a refused entry."""
    source, found = _blanked(_COMMENT, text), []
    for match in _DIALOG.finditer(source):
        head, body = match["tag"] or match["given"] or "", match["body"] or match["content"] or ""
        named = _NAME.search(head)
        name = (named["tag"] or named["given"]) if named else ""
        if _FIELDS.search(body) and "data-open" not in head and "opened=" not in head and name not in ELSEWHERE:
            found.append(f"line {_line(source, match.start())}: {name} stays shut after a refused entry")
    return found


_COUNTED = re.compile(r"\|\s*counted\b")


def counts_for_programmes(text: str) -> list[str]:
    """Numbers grouped for people (`|counted`) inside a tag's attributes, where a programme reads them."""
    source = _blanked(_COMMENT, text)
    tags = [hit.span() for hit in _HTML_TAG.finditer(_blanked(_TEMPLATE_TAG, source, "\0"))]
    return [
        f"line {_line(source, hit.start())}: {hit.group()}"
        for hit in _TEMPLATE_TAG.finditer(source)
        if _COUNTED.search(hit.group()) and any(first < hit.start() < last for first, last in tags)
    ]
