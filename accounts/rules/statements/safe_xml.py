"""XML of strangers, a piece at a time (R41): no document type, no entities, no network, bounded text, depth and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from accounts.rules.statements.batch import StatementError
from antifraud.lazily import lazily

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = lazily("lxml.etree")

MAX_NODE_BYTES = 5 * 2**20
_MAX_TAGS = 800_000  # an element takes far more memory than its text
_PIECE = 1 << 16


def elements(
    stream: BinaryIO, tags: tuple[str, ...], *, kept: tuple[str, ...] = (), max_bytes: int = MAX_NODE_BYTES
) -> Iterator[Any]:
    """Each element with one of the local names `tags` as it ends, its content inside; it is emptied afterwards
    unless its name is in `kept`.

    A stretch of more than `max_bytes` or 800,000 tags without such an element is refused, so no more than that is ever held.
    Raises StatementError: xml_damaged, xml_forbidden, xml_too_deep.
    """
    feed = Feed(tags, kept=kept, max_bytes=max_bytes)
    while piece := stream.read(_PIECE):
        yield from feed.take(piece)
    yield from feed.end()


class Feed:
    """The same for bytes that come from somewhere else; see `elements`."""

    def __init__(self, tags: tuple[str, ...], *, kept: tuple[str, ...] = (), max_bytes: int = MAX_NODE_BYTES) -> None:
        self._parser = etree.XMLPullParser(
            events=("end",), tag=[f"{{*}}{tag}" for tag in tags], resolve_entities=False, no_network=True, load_dtd=False,
            dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        self._kept, self._max_bytes = kept, max_bytes
        self._held = self._tags_held = 0
        self._is_checked = False
        self._tail = b""

    def take(self, body: bytes) -> Iterator[Any]:
        """The elements that end in the next bytes."""
        for at in range(0, len(body), _PIECE):
            yield from self._take(body[at : at + _PIECE])

    def _take(self, piece: bytes) -> Iterator[Any]:
        if _declares_type(self._tail + piece):
            raise StatementError("xml_forbidden")
        self._tail = piece[-24:]
        try:
            self._parser.feed(piece)
            self._held += len(piece)
            self._tags_held += piece.count(b"<")
            for _, element in self._parser.read_events():
                self._is_checked = self._is_checked or _check_type(element)
                yield element
                if local(element) not in self._kept:
                    _forget(element)
                self._held = self._tags_held = 0
        except etree.XMLSyntaxError as error:
            raise _refusal(error) from None
        if self._held > self._max_bytes or self._tags_held > _MAX_TAGS:
            raise StatementError("xml_too_deep")

    def end(self) -> Iterator[Any]:
        """There is no more: what is open then is damaged."""
        try:
            _check_type(self._parser.close())
        except etree.XMLSyntaxError as error:
            raise _refusal(error) from None
        for _, element in self._parser.read_events():
            yield element


def _declares_type(piece: bytes) -> bool:
    """Whether the bytes, narrow or wide, hold what only a document type begins with."""
    return b"<!DOCTYPE" in piece or b"<!ENTITY" in piece or b"D\0O\0C\0T\0Y\0P\0E" in piece


def _check_type(element: Any) -> bool:
    """A document type is refused, with or without entities."""
    tree = element.getroottree()
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise StatementError("xml_forbidden")
    return True


def _forget(element: Any) -> None:
    """Empty the element and drop what stands before it, so that memory holds one element."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _refusal(error: etree.XMLSyntaxError) -> StatementError:
    text = (error.msg or "").lower()
    if "entity" in text or "doctype" in text or "dtd" in text or "amplification" in text:
        return StatementError("xml_forbidden")
    if "depth" in text or "huge" in text or "too long" in text or "xml_parse_huge" in text:
        return StatementError("xml_too_deep")
    return StatementError("xml_damaged", row=error.lineno or 1)


def text_of(element: Any, path: str) -> str:
    """The text at the first of `path` ("a/b|c/d": local names, alternatives in order), "" where there is none."""
    for way in path.split("|"):
        node = element.find("/".join(f"{{*}}{name}" for name in way.split("/")))
        if node is not None and (text := (node.text or "").strip()):
            if len(text) > MAX_NODE_BYTES:
                raise StatementError("xml_too_deep")
            return text
    return ""


def local(element: Any) -> str:
    """The element's name without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
