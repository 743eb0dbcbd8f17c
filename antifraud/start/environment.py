"""Where the data lies and which variables the platform's processes get; the settings modules read them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from antifraud.embedded import Servers
from antifraud.start.faults import StartError
from antifraud.start.steps import PROJECT, say

HOST = "127.0.0.1"
# The C library would give each of a process's many threads a heap of its own, which it keeps when the thread is idle.
ARENAS = {"MALLOC_ARENA_MAX": "2"}


def data_folder() -> Path:
    """ANTIFRAUD_DATA, else /var/lib/antifraud for root and the project's .data for everyone else."""
    chosen = os.environ.get("ANTIFRAUD_DATA")
    if chosen:
        return Path(chosen).expanduser().resolve()
    return Path("/var/lib/antifraud") if os.geteuid() == 0 else PROJECT / ".data"


def is_set(name: str) -> bool:
    """Whether the variable, or the name of a file that holds it, was given from outside."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def wanted_port(name: str, default: int) -> int:
    """A port number from the environment; raises StartError when it is none."""
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise StartError(f"{name} must be a port number from 1024 to 65535, not {text!r}.")
    return int(text)


def _secret_key(data: Path) -> str:
    path = data / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")


def for_development(data: Path, servers: Servers, web: int, live: int) -> dict[str, str]:
    """The variables of every process of `make run`: the caller's, filled up with what was started here."""
    env = dict(os.environ)
    if servers.app_url:
        env |= {"DATABASE_URL": servers.app_url, "DATABASE_OWNER_URL": servers.owner_url}
    if servers.redis_url:
        env["REDIS_URL"] = servers.redis_url
    if not is_set("SECRET_KEY"):
        env["SECRET_KEY"] = _secret_key(data)
    env.setdefault("DJANGO_SETTINGS_MODULE", "antifraud.settings.dev")
    env.setdefault("ANTIFRAUD_KEY_FILE", str(data / "keys.json"))
    return env | {
        "ANTIFRAUD_DATA": str(data),
        "ANTIFRAUD_PORT": str(web),
        "ANTIFRAUD_LIVE_PORT": str(live),
        "ANTIFRAUD_WEB_ORIGIN": f"http://{HOST}:{web}",
        "ANTIFRAUD_LIVE_ORIGIN": f"http://{HOST}:{live}",
        "PYTHONUNBUFFERED": "1",
        **ARENAS,
    }


def for_owner(env: dict[str, str]) -> dict[str, str]:
    """The same for `migrate`: the role that owns the tables, and no limit on a statement's time."""
    env = env | {"ANTIFRAUD_STATEMENT_TIMEOUT_MS": "0"}
    if env.get("DATABASE_OWNER_URL"):
        return env | {"DATABASE_URL": env["DATABASE_OWNER_URL"]}
    if env.get("DATABASE_OWNER_URL_FILE"):
        env.pop("DATABASE_URL", None)
        return env | {"DATABASE_URL_FILE": env["DATABASE_OWNER_URL_FILE"]}
    say("  DATABASE_OWNER_URL is not set: the role of DATABASE_URL makes the tables and owns them.")
    return env


def for_tools(data: Path) -> dict[str, str]:
    """Variables for commands that load the settings but open neither server: nothing listens on port 1."""
    return dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "antifraud.settings.test",
        "DATABASE_URL": f"postgresql://nobody@{HOST}:1/none",
        "REDIS_URL": f"redis://{HOST}:1/0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ANTIFRAUD_DATA": str(data),
        "ANTIFRAUD_KEY_FILE": str(data / "keys.json"),
    }
