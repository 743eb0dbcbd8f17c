"""The platform's API as the connector uses it: token, signed requests, verified answers. Retries are the engine's."""

from __future__ import annotations

import base64
import secrets
import ssl
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from antifraud_connector import signatures, strict_json, wire
from antifraud_connector.config import Config
from antifraud_connector.errors import RefusedFault, SignatureFault, TransportFault
from antifraud_connector.keys import PlatformKeys, signing_key
from antifraud_connector.signatures import SigningKey

EARLY_SECONDS = 30  # a token is renewed this long before it ends
WRONG_SECRET_PAUSE = 300.0  # five wrong log-ins close the client's address for a quarter of an hour


@dataclass(frozen=True)
class Received:
    """What one call brought: deliveries, acks that were refused, and seconds to wait where the platform had no place."""

    items: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    ask_again_after: float


class Platform:
    """One bank's connection; safe to share between threads."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.context = _context(config)
        self.signing = _own_key(config)
        self.keys = PlatformKeys(self._key_list, config.words("platform.pinned_keys"))
        self._token, self._token_until = "", 0.0
        self._lock = threading.Lock()

    # -- what the connector asks --------------------------------------------------------------------

    def receive(self, acks: list[str]) -> Received:
        """Leased deliveries, waiting up to `door.wait` seconds for the first; `acks`: receipts of what is safe by now."""
        wanted: dict[str, Any] = {name: self.config.number(f"door.{name}") for name in ("max", "wait", "visibility")}
        found = self.post("queue/receive/", {**wanted, "acks": acks}, wait=wanted["wait"])
        items = [item for item in found.get("items", []) if isinstance(item, dict)]
        refused = [one for one in found.get("acked", []) if isinstance(one, dict) and one.get("code")]
        return Received(items, refused, float(found.get("ask_again_after") or 0))

    def message(self, delivery_id: str) -> dict[str, Any]:
        """The full message of a delivery that the webhook announced."""
        return self.get(f"queue/{quote(delivery_id, safe='')}/message/")

    def digest(self, **query: str) -> dict[str, Any]:
        """The platform's digest of a day or of the open holds."""
        return self.get(f"sync/digest/?{urlencode(query)}")

    def post(self, path: str, body: dict[str, Any], *, key: str = "", wait: float = 0) -> dict[str, Any]:
        """POST a JSON object; raises TransportFault or RefusedFault."""
        return self.post_bytes(path, strict_json.write(body), key=key, wait=wait)

    def post_bytes(self, path: str, body: bytes, *, key: str = "", wait: float = 0) -> dict[str, Any]:
        """POST exactly these bytes under this Idempotency-Key."""
        return self._call("POST", path, body, key or secrets.token_hex(16), wait)

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object."""
        return self._call("GET", path, b"", "", 0)

    # -- how ----------------------------------------------------------------------------------------

    def _call(self, method: str, path: str, body: bytes, key: str, wait: float) -> dict[str, Any]:
        """One request; a token that has just ended is renewed once."""
        answer, request_id = self._send(method, path, body, key, wait)
        if answer.status == 401 and _code(answer) in {"not_authenticated", ""}:
            self._forget_token()
            answer, request_id = self._send(method, path, body, key, wait)
        self._believe(answer, method, self.config.api(path), request_id)
        return _content(answer)

    def _send(self, method: str, path: str, body: bytes, key: str, wait: float) -> tuple[wire.Answer, str]:
        """The answer, and the X-Request-ID that its signature must repeat."""
        url, request_id = self.config.api(path), str(uuid.uuid4())
        headers = {
            "Authorization": f"Bearer {self._bearer()}", "Accept": "application/json", "X-Request-ID": request_id,
        }  # fmt: skip
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
            if self.signing is not None:
                # Each attempt is a message of its own: the platform refuses a message id that it has seen.
                headers |= signatures.sign_request(
                    [self.signing], method=method, target_uri=url, body=body, message_id=secrets.token_hex(16),
                    recipient=self.config.text("platform.code"),
                )  # fmt: skip
        sent = body if method == "POST" else None
        deadline = wire.DEADLINE_SECONDS + wait
        answer = wire.send(method, url, headers=headers, body=sent, context=self.context, deadline=deadline)
        return answer, request_id

    def _believe(self, answer: wire.Answer, method: str, url: str, request_id: str) -> None:
        """What the platform did not sign as the answer to this very request says nothing.

        A proxy's error page must not end an order, nor may an older answer that was kept and is played again.
        """
        if not self.config.flag("platform.require_signatures") and "signature" not in answer.headers:
            return
        try:
            verified = signatures.verify_response(
                status=answer.status, method=method, target_uri=url, headers=answer.headers, body=answer.body,
                recipient=self.config.text("institution.code"), key_of=self.keys,
            )  # fmt: skip
        except SignatureFault as fault:
            raise TransportFault(f"answer {answer.status} is not the platform's: {fault.code}") from fault
        if verified.message_id != request_id:
            raise TransportFault(f"answer {answer.status} is to another request")

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() >= self._token_until:
                self._token, lifetime = self._fetch_token()
                self._token_until = time.monotonic() + max(1, lifetime - EARLY_SECONDS)
            return self._token

    def _forget_token(self) -> None:
        with self._lock:
            self._token_until = 0.0

    def _fetch_token(self) -> tuple[str, int]:
        """RFC 6749 client credentials with HTTP Basic."""
        pair = f"{quote_plus(self.config.text('client.id'))}:{quote_plus(self.config.secret())}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = b"grant_type=client_credentials"
        answer = wire.send("POST", self.config.api("token"), headers=headers, body=body, context=self.context)
        if answer.status in {400, 401, 429}:
            detail = "the platform refused this client's id or secret"
            raise RefusedFault(
                answer.status, "token_refused", detail, retry_after=_seconds(answer) or WRONG_SECRET_PAUSE
            )
        try:
            found = strict_json.read(answer.body)
            return str(found["access_token"]), int(found["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise TransportFault(f"no token in answer {answer.status}") from error

    def _key_list(self) -> bytes:
        answer = wire.send("GET", self.config.api("keys/"), headers={}, context=self.context)
        if answer.status != 200:
            raise TransportFault(f"the platform's key list answered {answer.status}")
        return answer.body


def _context(config: Config) -> ssl.SSLContext | None:
    if not config.text("platform.url").startswith("https:"):
        return None
    names = ("platform.ca_file", "platform.client_cert_file", "platform.client_key_file")
    return wire.tls(*(config.path(name) for name in names))


def _own_key(config: Config) -> SigningKey | None:
    if not config.text("signing.key_id"):
        return None
    return signing_key(config.text("signing.key_id"), config.file("signing.key_file"), "signing.key_file")


def _code(answer: wire.Answer) -> str:
    try:
        return str(strict_json.read(answer.body).get("code", ""))
    except ValueError:
        return ""


def _seconds(answer: wire.Answer) -> float | None:
    text = answer.header("retry-after")
    return float(text) if text.isascii() and text.isdigit() else None


def _content(answer: wire.Answer) -> dict[str, Any]:
    """The JSON object of a success. Raises RefusedFault for a problem document, TransportFault for anything else."""
    try:
        found = strict_json.read(answer.body)
    except ValueError as error:
        raise TransportFault(f"answer {answer.status} is no JSON object") from error
    if 200 <= answer.status < 300:
        return found
    code, detail = str(found.get("code", "")), str(found.get("detail", ""))
    if not code or answer.status < 400:
        raise TransportFault(f"answer {answer.status} {code}")
    raise RefusedFault(answer.status, code, detail, retry_after=_seconds(answer), body=answer.body.decode())
