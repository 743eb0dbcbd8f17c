"""A small platform for tests: keys, token, messages, acknowledgements, answers; signed, in memory, on loopback.

It believes every client and keeps a list of what was asked. It judges nothing: that is for the cases.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from antifraud_connector import keys, signatures, strict_json
from antifraud_connector.errors import SignatureFault
from antifraud_connector.signatures import SigningKey

PREFIX = "/api/v1/"
LARGEST = 1_048_576
Reply = tuple[int, dict[str, Any]]
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"\d(-?\d){10,}")  # an account or a telephone number, which the platform repeats nowhere


class Stage:
    """The API's state; `handle` is one request."""

    def __init__(self, url: str, *, code: str, institution: str, key: SigningKey) -> None:
        self.url, self.code, self.institution, self.key = url, code, institution, key
        self.bank_key: tuple[str, Ed25519PublicKey] | None = None  # once given, every POST that commits must be signed
        self.messages: dict[str, dict[str, Any]] = {}
        self.log: list[dict[str, Any]] = []
        self.lock = threading.RLock()
        self._kept: dict[str, tuple[str, bytes, Reply]] = {}
        self._seen: set[str] = set()

    def handle(self, method: str, path: str, headers: dict[str, list[str]], body: bytes) -> Reply:
        """Status and JSON of the answer."""
        place = urlsplit(path).path.removeprefix(PREFIX)
        if (method, place) == ("GET", "keys/"):
            return 200, {"keys": [self.listed()]}
        if (method, place) == ("POST", "token"):
            return 200, {"access_token": "test", "token_type": "Bearer", "expires_in": 600}
        if headers.get("authorization") != ["Bearer test"]:
            return problem(401, "not_authenticated")
        try:
            signed = self._signed(method, path, headers, body)
        except SignatureFault as fault:
            return problem(fault.status, fault.code)
        with self.lock:
            key = _first(headers, "idempotency-key")
            self.log.append(
                {
                    "at": time.time(),
                    "method": method,
                    "path": place,
                    "key": key,
                    "body": body.decode(errors="replace"),
                    "signed": signed,
                }
            )
            if method == "GET":
                return self.read(place, urlsplit(path).query)
            return self._once(place, key, body)

    def request_id(self, offered: list[str]) -> str:
        """The answer's message id: the caller's one X-Request-ID where it is well formed, else a new UUID."""
        one = offered[0] if len(offered) == 1 else ""
        known = _REQUEST_ID.fullmatch(one) and (_UUID.fullmatch(one) or not _NUMBER.search(one))
        return one if known else str(uuid.uuid4())

    def listed(self) -> dict[str, Any]:
        """Our key as `GET /api/v1/keys/` lists it."""
        return {
            "key_id": self.key.key_id, "algorithm": "ed25519", "public_key": keys.printed(self.key.private.public_key()),
            "not_before": "2020-01-01T00:00:00+00:00", "not_after": None, "revoked_at": None,
        }  # fmt: skip

    def read(self, place: str, query: str) -> Reply:
        """A GET: the message of a delivery."""
        parts = place.strip("/").split("/")
        if len(parts) == 3 and parts[0] == "queue" and parts[2] == "message" and parts[1] in self.messages:
            return 200, self.messages[parts[1]]
        return problem(404, "not_found")

    def write(self, place: str, body: dict[str, Any]) -> Reply:
        """A POST, the first with its key: acknowledgements and answers are taken as they are."""
        parts = place.strip("/").split("/")
        if len(parts) == 3 and parts[0] == "orders" and parts[2] in {"acknowledge", "answer"}:
            return 200, {"id": parts[1], "status": {"acknowledge": "acknowledged", "answer": "answered"}[parts[2]]}
        return problem(404, "not_found")

    def _once(self, place: str, key: str, body: bytes) -> Reply:
        """The rule of Idempotency-Key: the same key gives the same answer, for another request it is refused."""
        try:
            content = strict_json.read(body)
        except ValueError:
            return problem(400, "not_json")
        if place == "queue/receive/":
            return self.write(place, content)
        if not 8 <= len(key) <= 255:
            return problem(400, "idempotency_key_missing")
        hashed = hashlib.sha256(body).digest()
        if key in self._kept:
            kept_place, kept_hash, reply = self._kept[key]
            same = kept_place == place and hmac.compare_digest(kept_hash, hashed)
            return reply if same else problem(422, "idempotency_key_reused")
        reply = self.write(place, content)
        if reply[0] < 400:
            self._kept[key] = (place, hashed, reply)
        return reply

    def _signed(self, method: str, path: str, headers: dict[str, list[str]], body: bytes) -> bool:
        """Whether it was signed; judged only where the bank's key is known. Raises SignatureFault."""
        if self.bank_key is None:
            return "signature" in headers
        if "signature" not in headers:
            if method == "POST" and "/queue/" not in path:
                raise SignatureFault("signature_missing")
            return False
        verified = signatures.verify_request(
            method=method,
            target_uri=self.url + path,
            headers=headers,
            body=body,
            recipient=self.code,
            key_of=self._bank,
        )
        with self.lock:
            if verified.message_id in self._seen:
                raise SignatureFault("message_replayed", 409)
            self._seen.add(verified.message_id)
        return True

    def _bank(self, key_id: str, moment: float) -> Ed25519PublicKey:
        if self.bank_key is None or self.bank_key[0] != key_id:
            raise SignatureFault("key_unknown")
        return self.bank_key[1]

    def asked(self, method: str, path: str) -> list[dict[str, Any]]:
        """The requests to that path so far."""
        with self.lock:
            return [entry for entry in self.log if (entry["method"], entry["path"]) == (method, path)]


def problem(status: int, code: str) -> Reply:
    """A problem document."""
    return status, {"type": "about:blank", "title": code, "status": status, "code": code, "detail": code}


def server(address: tuple[str, int], stage_of: Callable[[str], Stage]) -> tuple[ThreadingHTTPServer, Stage]:
    """A listening server (port 0: any) and its stage, which is made with the server's own address."""
    made = ThreadingHTTPServer(address, _Handler)
    made.daemon_threads = True
    stage = stage_of(f"http://{address[0]}:{made.server_address[1]}")
    vars(made)["stage"] = stage
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return made, stage


class _Handler(BaseHTTPRequestHandler):
    """One request per connection, every answer signed."""

    server_version = "antifraud-test-platform"
    timeout = 30

    def do_GET(self) -> None:
        """A reading request."""
        self._answer(b"")

    def do_POST(self) -> None:
        """A writing request."""
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(min(length, LARGEST)))

    def _answer(self, body: bytes) -> None:
        stage: Stage = vars(self.server)["stage"]
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        status, document = stage.handle(self.command, self.path, headers, body)
        content = strict_json.write(document)
        request_id = stage.request_id(headers.get("x-request-id", []))
        signed = signatures.sign_response(
            [stage.key], status=status, body=content, message_id=request_id, recipient=stage.institution,
            method=self.command, target_uri=stage.url + self.path,
        )  # fmt: skip
        self.send_response(status)
        more = {"X-Request-ID": request_id, "Content-Type": "application/json", "Content-Length": str(len(content))}
        for name, value in {**signed, **more}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Nothing."""


def _first(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]
