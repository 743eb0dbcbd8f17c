"""The connector's settings: a TOML file, then the environment; every mistake names its field, the rule and the next step."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from antifraud_connector.errors import ConnectorError
from antifraud_connector.signatures import RECIPIENT

PREFIX = "ANTIFRAUD_CONNECTOR_"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# section → field → default; None: must be given. The default's type is the field's type.
FIELDS: dict[str, dict[str, Any]] = {
    "platform": {
        "url": None, "code": "platform", "ca_file": "", "client_cert_file": "", "client_key_file": "", "pinned_keys": [],
        "require_signatures": True,
    },
    "institution": {"code": None},
    "client": {"id": None, "secret_file": None},
    "signing": {"key_id": "", "key_file": ""},
    "door": {
        "kind": "pull", "wait": 20, "visibility": 60, "max": 10, "listen": "127.0.0.1:8443", "url": "", "tls_cert_file": "",
        "tls_key_file": "",
    },
    "plugin": {"kind": "folder", "command": [], "callable": "", "folder": "", "timeout": 60, "workers": 2},
    "journal": {"file": "antifraud-connector.sqlite", "keep_days": 90, "keep_rows_days": 400},
    "sync": {"holds_seconds": 300, "days_seconds": 86400, "start_seconds": 30},
}  # fmt: skip
RANGES = {
    "door.wait": (0, 20), "door.visibility": (30, 900), "door.max": (1, 10), "plugin.timeout": (1, 3600), "plugin.workers": (1, 32),
    "journal.keep_days": (1, 3650), "journal.keep_rows_days": (0, 3650),
    "sync.holds_seconds": (1, 86400), "sync.days_seconds": (1, 86400), "sync.start_seconds": (0, 3600),
}  # fmt: skip
LEAST_ROWS_DAYS = 30
CHOICES = {"door.kind": ("pull", "webhook"), "plugin.kind": ("command", "python", "folder")}
PLUGIN_FIELD = {"command": "command", "python": "callable", "folder": "folder"}


@dataclass(frozen=True)
class Config:
    """Checked settings by "section.field"; relative paths are relative to the file's folder."""

    values: Mapping[str, Any]
    folder: Path

    def text(self, name: str) -> str:
        """A text."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """A whole number."""
        return int(self.values[name])

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return bool(self.values[name])

    def words(self, name: str) -> list[str]:
        """A list of texts."""
        return [str(word) for word in self.values[name]]

    def path(self, name: str) -> Path | None:
        """A path, None where it is not given."""
        return self.folder / self.text(name) if self.values[name] else None

    def file(self, name: str) -> Path:
        """A path that must be given."""
        found = self.path(name)
        if found is None:
            raise ConnectorError(name, "is missing.", "Give the path of the file.")
        return found

    def secret(self) -> str:
        """The client's secret, read each time so that a new one needs no restart."""
        return read_secret(self.file("client.secret_file"))

    def api(self, path: str) -> str:
        """The full address of an API path such as "queue/receive/"."""
        return f"{self.text('platform.url').rstrip('/')}/api/v1/{path}"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a file and of ANTIFRAUD_CONNECTOR_<SECTION>_<FIELD>. Raises ConnectorError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConnectorError(
            str(path), f"cannot be read ({error.strerror}).", "Give the file with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConnectorError(str(path), f"is not TOML: {error}.", "Correct that line.") from error
    values = _defaults() | _given(document)
    for name, default in _defaults().items():
        variable = PREFIX + name.replace(".", "_").upper()
        if variable in environment:
            values[name] = _from_text(name, default, environment[variable])
    config = Config(values, path.resolve().parent)
    _check(config)
    return config


def read_secret(path: Path) -> str:
    """The first line of a secret's file. Raises ConnectorError."""
    step = "Write the secret that the platform's administrator gave you into this file."
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectorError("client.secret_file", f"{path} cannot be read.", step) from error
    if not secret or "\n" in secret:
        raise ConnectorError("client.secret_file", f"{path} must hold one line.", step)
    return secret


def _defaults() -> dict[str, Any]:
    return {f"{section}.{name}": default for section, fields in FIELDS.items() for name, default in fields.items()}


def _given(document: dict[str, Any]) -> dict[str, Any]:
    found = {}
    known = _defaults()
    for section, fields in document.items():
        if section not in FIELDS or not isinstance(fields, dict):
            raise ConnectorError(section, "is no section of this file.", f"Use one of: {', '.join(FIELDS)}.")
        for name, value in fields.items():
            if f"{section}.{name}" not in known:
                raise ConnectorError(f"{section}.{name}", "is not known.", f"Use one of: {', '.join(FIELDS[section])}.")
            found[f"{section}.{name}"] = _typed(f"{section}.{name}", known[f"{section}.{name}"], value)
    return found


def _typed(name: str, default: Any, value: Any) -> Any:
    wanted = str if default is None else type(default)
    if type(value) is not wanted or (wanted is list and not all(isinstance(part, str) for part in value)):
        words = {str: "a text in quotes", int: "a whole number", bool: "true or false", list: "a list of texts"}
        raise ConnectorError(name, f"must be {words[wanted]}.", "Correct its value.")
    return value


def _from_text(name: str, default: Any, text: str) -> Any:
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise ConnectorError(name, "must be true or false.", "Correct the environment variable.")
        return text == "true"
    if isinstance(default, int):
        if not text.isascii() or not text.isdigit():
            raise ConnectorError(name, "must be a whole number.", "Correct the environment variable.")
        return int(text)
    return text.split() if isinstance(default, list) else text


def _check(config: Config) -> None:
    _check_values(config)
    for name in ("institution.code", "platform.code"):
        if not RECIPIENT.fullmatch(config.text(name)):
            raise ConnectorError(
                name, "is 1 to 64 letters, digits, dots, dashes.", "Use the code that the platform shows."
            )
    check_url("platform.url", config.text("platform.url"))
    wanted = f"plugin.{PLUGIN_FIELD[config.text('plugin.kind')]}"
    if not config.values[wanted]:
        raise ConnectorError(
            wanted, f'is missing, and plugin.kind is "{config.text("plugin.kind")}".', "Add it to the file."
        )
    if bool(config.values["signing.key_id"]) != bool(config.values["signing.key_file"]):
        raise ConnectorError("signing", "needs both key_id and key_file.", "Add the missing one, or remove both.")
    if 0 < config.number("journal.keep_rows_days") < LEAST_ROWS_DAYS:
        rule = f"must be 0 (for ever), or at least {LEAST_ROWS_DAYS}."
        raise ConnectorError("journal.keep_rows_days", rule, "Choose a larger number, or 0.")
    if config.text("door.kind") == "webhook":
        _check_webhook(config)


def _check_values(config: Config) -> None:
    """Each field by itself."""
    for name, default in _defaults().items():
        if default is None and not config.values[name]:
            raise ConnectorError(name, "is missing.", "Add it to the file.")
    for name, (least, most) in RANGES.items():
        if not least <= config.number(name) <= most:
            raise ConnectorError(name, f"must be {least} to {most}.", "Choose a number in this range.")
    for name, choices in CHOICES.items():
        if config.text(name) not in choices:
            raise ConnectorError(name, f"must be one of: {', '.join(choices)}.", "Choose one.")


def _check_webhook(config: Config) -> None:
    check_url("door.url", config.text("door.url"))
    listen(config.text("door.listen"))
    if bool(config.values["door.tls_cert_file"]) != bool(config.values["door.tls_key_file"]):
        raise ConnectorError(
            "door", "needs both tls_cert_file and tls_key_file.", "Add the missing one, or remove both."
        )


def check_url(field: str, url: str) -> None:
    """https, except to this machine itself. Raises ConnectorError."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.username or parts.fragment:
        raise ConnectorError(field, "must be an https address (http only to this machine).", "Correct the address.")


def listen(text: str, field: str = "door.listen") -> tuple[str, int]:
    """Host and port of "127.0.0.1:8443". Raises ConnectorError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConnectorError(field, 'must be an address and a port, as in "127.0.0.1:8443".', "Correct it.")
    return host.strip("[]"), int(port)
