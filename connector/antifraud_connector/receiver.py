"""The webhook door: a small HTTP server that believes signed thin events only, journals them and says 2xx.

It answers before anything else is done; the full message is fetched afterwards by `doors.fetch`.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from antifraud_connector import signatures, strict_json
from antifraud_connector.config import Config, listen
from antifraud_connector.engine import Engine
from antifraud_connector.errors import SignatureFault, TransportFault
from antifraud_connector.faults import reached

SCHEMA = "antifraud.event/1"
LARGEST_EVENT = 65_536
REQUEST_SECONDS = 10.0  # from the first byte to the last, not between bytes
MOST_CONNECTIONS = 64
log = logging.getLogger("antifraud_connector")


class Refused(Exception):
    """What the receiver answers instead of 2xx."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Receiver(ThreadingHTTPServer):
    """Listens at `door.listen`; the registered address `door.url` is what signatures must name."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, config: Config, engine: Engine) -> None:
        self.engine = engine
        self.url = config.text("door.url")
        self.path = urlsplit(self.url).path or "/"
        self.institution = config.text("institution.code")
        self.sender = config.text("platform.code")
        self._tls = _context(config)
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(listen(config.text("door.listen")), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection, up to a limit; more are closed at once and come again by the retry schedule."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """TLS and the request under one deadline: a slow sender holds its own thread only, and not for long."""
        held = [request]
        timer = threading.Timer(REQUEST_SECONDS, _cut, (held,))
        timer.daemon = True
        timer.start()
        try:
            if self._tls is not None:
                held[0] = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                held[0].settimeout(REQUEST_SECONDS)
                held[0].do_handshake()
            super().process_request_thread(held[0], client_address)
        except OSError:
            self.shutdown_request(held[0])
        finally:
            timer.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke; nothing was taken from it."""
        log.info("a connection broke")

    # -- one event ----------------------------------------------------------------------------------

    def accept(self, headers: dict[str, list[str]], body: bytes) -> bool:
        """Verify, journal; False where this event was taken before. Raises Refused."""
        try:
            verified = signatures.verify_request(
                method="POST", target_uri=self.url, headers=headers, body=body, recipient=self.institution,
                key_of=self.engine.platform.keys,
            )  # fmt: skip
        except SignatureFault as fault:
            raise Refused(fault.status, fault.code) from fault
        except TransportFault as fault:
            raise Refused(503, "keys_unavailable") from fault
        try:
            event = strict_json.read(body)
            if event.get("schema") != SCHEMA:
                raise ValueError("another schema")
        except ValueError as error:
            raise Refused(400, "event_invalid") from error
        if not self.engine.journal.is_new_message(self.sender, verified.message_id):
            raise Refused(409, "message_replayed")
        reached("event_verified")
        try:
            fresh = self.engine.book.announce(event)
        except ValueError as error:
            raise Refused(400, "event_invalid") from error
        reached("event_journaled")
        self.engine.ring()
        return fresh


class Handler(BaseHTTPRequestHandler):
    """One request per connection."""

    server: Receiver
    server_version = "antifraud-connector"
    sys_version = ""
    timeout = REQUEST_SECONDS

    def do_POST(self) -> None:
        """An event: 202 taken, 200 known already, else a problem document."""
        try:
            body = self._body()
            headers: dict[str, list[str]] = {}
            for name, value in self.headers.items():
                headers.setdefault(name.lower(), []).append(value)
            self._say(202 if self.server.accept(headers, body) else 200, {"taken": True})
            reached("event_answered")
        except Refused as refused:
            log.warning("event refused: %s", refused.code)
            self._say(refused.status, {"status": refused.status, "code": refused.code, "title": refused.code})

    def do_GET(self) -> None:
        """Events are posted."""
        self._say(405, {"status": 405, "code": "method_not_allowed"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Nothing: what matters is logged where it happens."""

    def _body(self) -> bytes:
        """The exact bytes. Raises Refused before a large body is read."""
        if urlsplit(self.path).path != self.server.path:
            raise Refused(404, "not_found")
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not length.isascii() or not length.isdigit():
            raise Refused(411, "length_required")
        if len(length) > 9 or int(length) > LARGEST_EVENT:
            raise Refused(413, "too_large")
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "unsupported_media_type")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise Refused(400, "cut_off")
        return body

    def _say(self, status: int, document: dict[str, Any]) -> None:
        content = strict_json.write(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 300 else "application/problem+json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        self.close_connection = True


def _context(config: Config) -> ssl.SSLContext | None:
    """TLS of our own, None behind a proxy that ends it."""
    if not config.text("door.tls_cert_file"):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(config.file("door.tls_cert_file")), str(config.file("door.tls_key_file")))
    return context


def _cut(held: list[socket.socket]) -> None:
    try:
        held[0].shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


def serve(receiver: Receiver, stop: threading.Event) -> None:
    """Until `stop` is set."""
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    while not stop.is_set():
        if not thread.is_alive():
            raise RuntimeError("the webhook server ended")
        stop.wait(0.2)
    receiver.shutdown()
    receiver.server_close()
