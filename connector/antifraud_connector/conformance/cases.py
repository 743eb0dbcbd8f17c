"""The cases, one function each: what is sent, what a conforming endpoint does. The words for people are in `texts`."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from antifraud_connector.conformance.bench import CLOSED, SILENT, Bench, Notes, Sent, stranger

LATE_SECONDS = 310
OVERSIZED = 2 * 1024 * 1024
SLOW_CONNECTIONS = 6
SLOW_SECONDS = 3.0
ATTEMPTS = 3


def valid(bench: Bench, notes: Notes) -> None:
    """Taken, its message fetched, answered."""
    event = bench.event()
    _taken(bench, notes, bench.signed(event))
    if not bench.until(lambda: bench.fetched(event)):
        notes.add("not_fetched", seconds=bench.wait)
    elif not bench.until(lambda: bool(bench.answers(event))):
        notes.add("not_answered", seconds=bench.wait)


def duplicate(bench: Bench, notes: Notes) -> None:
    """The same delivery three times: taken each time, one effect."""
    event = bench.event()
    for attempt in range(1, ATTEMPTS + 1):
        again = {**event, "attempt": attempt, "possible_duplicate": attempt > 1}
        _taken(bench, notes, bench.signed(again))
    if not bench.until(lambda: bool(bench.answers(event))):
        notes.add("not_answered", seconds=bench.wait)
    bench.until(lambda: bench.effects(event) > 1, min(2.0, bench.wait))
    if bench.effects(event) > 1:
        notes.add("second_effect", count=bench.effects(event))


def reorder(bench: Bench, notes: Notes) -> None:
    """The cancellation before its order: both taken, nothing executed."""
    later = bench.event("order.cancelled", seq=2, status="cancelled")
    earlier = bench.event(subject=later["subject_id"], seq=1, status="cancelled")
    for event in (later, earlier):
        _taken(bench, notes, bench.signed(event))
    if bench.until(lambda: bench.executed(earlier), min(3.0, bench.wait)):
        notes.add("executed_cancelled")


def replay(bench: Bench, notes: Notes) -> None:
    """The same bytes with the same message id again: refused."""
    event = bench.event()
    sent = bench.signed(event)
    _taken(bench, notes, sent)
    _refused(bench, notes, sent, "replay")


def late(bench: Bench, notes: Notes) -> None:
    """Signed more than 300 seconds ago, or in the future."""
    for variant, age in (("old", LATE_SECONDS), ("future", -LATE_SECONDS)):
        event = bench.event()
        _refused(bench, notes, bench.signed(event, age=age), variant)
        _no_effect(bench, notes, event, variant)


def forged(bench: Bench, notes: Notes) -> None:
    """Another key under the right id, an unknown id, another algorithm, no signature at all."""
    own = bench.stage.key.key_id
    event = bench.event()
    good = bench.signed(event)
    named = {
        **good.headers,
        "Signature-Input": good.headers["Signature-Input"].replace('alg="ed25519"', 'alg="hmac-sha256"'),
    }
    bare = {name: value for name, value in good.headers.items() if not name.startswith("Signature")}
    for variant, sent in (
        ("other_key", bench.signed(event, key=stranger(own))),
        ("unknown_key_id", bench.signed(event, key=stranger("nobody-1"))),
        ("other_algorithm", Sent(good.body, named)),
        ("unsigned", Sent(good.body, bare)),
    ):
        _refused(bench, notes, sent, variant)
    _no_effect(bench, notes, event, "other_key")


def wrong_recipient(bench: Bench, notes: Notes) -> None:
    """Rightly signed, for another bank: a captured message must be worth nothing elsewhere."""
    event = bench.event()
    _refused(bench, notes, bench.signed(event, recipient="another-bank"), "wrong_recipient")
    _no_effect(bench, notes, event, "wrong_recipient")


def altered(bench: Bench, notes: Notes) -> None:
    """One byte of the body changed, with the old digest and with a fitting one."""
    event = bench.event()
    good = bench.signed(event)
    changed = good.body.replace(b'"priority":10', b'"priority":11')
    fitting = bench.signed(changed)
    for variant, sent in (
        ("old_digest", Sent(changed, good.headers)),
        ("fitting_digest", Sent(changed, {**good.headers, "Content-Digest": fitting.headers["Content-Digest"]})),
    ):
        _refused(bench, notes, sent, variant)
    _no_effect(bench, notes, event, "old_digest")


def malformed(bench: Bench, notes: Notes) -> None:
    """Rightly signed bytes that are no event: refused with 4xx, never a crash."""
    deep = b'{"a":' * 2000 + b"1" + b"}" * 2000
    double = b'{"schema":"antifraud.event/1","schema":"antifraud.event/1"}'
    for variant, body in (
        ("no_json", b"{"),
        ("array", b"[]"),
        ("too_deep", deep),
        ("double_name", double),
        ("empty", b""),
    ):
        _refused(bench, notes, bench.signed(body), variant)


def slow(bench: Bench, notes: Notes) -> None:
    """While others send one byte at a time, a good event is taken in time."""
    stop = threading.Event()
    threads = [threading.Thread(target=_drip, args=(bench, stop), daemon=True) for _ in range(SLOW_CONNECTIONS)]
    for thread in threads:
        thread.start()
    stop.wait(0.5)
    _taken(bench, notes, bench.signed(bench.event()))
    stop.wait(SLOW_SECONDS - 0.5)
    _taken(bench, notes, bench.signed(bench.event()))
    stop.set()
    for thread in threads:
        thread.join(5)


def oversized(bench: Bench, notes: Notes) -> None:
    """Two megabytes, rightly signed: refused, or the connection closed."""
    event = {**bench.event(), "padding": "x" * OVERSIZED}
    status = bench.send(bench.signed(event))
    if status != CLOSED and not 400 <= status < 500:
        notes.add("silent" if status == SILENT else "not_refused", variant="oversized", status=status)
    _no_effect(bench, notes, event, "oversized")


def unknown_topic(bench: Bench, notes: Notes) -> None:
    """A topic of a later version: taken (an error would be retried for ever), without effect."""
    event = bench.event("test.unknown")
    _taken(bench, notes, bench.signed(event))
    if bench.until(lambda: bool(bench.answers(event)), min(2.0, bench.wait)):
        notes.add("acted_on", variant="unknown_topic")


def alive(bench: Bench, notes: Notes) -> None:
    """After all this a good event is still taken."""
    _taken(bench, notes, bench.signed(bench.event()))


CASES: Mapping[str, Callable[[Bench, Notes], None]] = {
    case.__name__: case
    for case in (
        valid, duplicate, reorder, replay, late, forged, wrong_recipient, altered, malformed, slow, oversized, unknown_topic, alive,
    )
}  # fmt: skip


def _taken(bench: Bench, notes: Notes, sent: Sent) -> None:
    status = bench.send(sent)
    if status == SILENT:
        notes.add("silent", variant="valid", status=status)
    elif status == CLOSED:
        notes.add("closed")
    elif not 200 <= status < 300:
        notes.add("not_taken", status=status)


def _refused(bench: Bench, notes: Notes, sent: Sent, variant: str) -> None:
    """4xx and nothing else: a 5xx would be repeated for ever, a closed connection as well."""
    status = bench.send(sent)
    if status == SILENT:
        notes.add("silent", variant=variant, status=status)
    elif not 400 <= status < 500:
        notes.add("not_refused", variant=variant, status=status)


def _no_effect(bench: Bench, notes: Notes, event: dict[str, object], variant: str) -> None:
    if bench.until(lambda: bench.acted_on(event), 0.5):
        notes.add("acted_on", variant=variant)


def _drip(bench: Bench, stop: threading.Event) -> None:
    """A request whose bytes come four to a second, until `stop` or until the endpoint closes."""
    parts = urlsplit(bench.url)
    address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    text = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    try:
        with _connected(parts.scheme, address, bench.context) as connection:
            connection.sendall(text.encode())
            while not stop.wait(0.25):
                connection.sendall(b" ")
    except OSError:
        return  # the endpoint has closed it: its right


def _connected(scheme: str, address: tuple[str, int], context: ssl.SSLContext | None) -> socket.socket:
    plain = socket.create_connection(address, timeout=3)
    if scheme != "https":
        return plain
    return (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=address[0])
