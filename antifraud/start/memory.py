"""What a data folder remembers of its servers: passwords and ports, in servers.json (mode 0600)."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from antifraud.start import ports
from antifraud.start.faults import StartError

OWNER, APP, SUPERUSER, DATABASE = "antifraud_owner", "antifraud_app", "postgres", "antifraud"


@dataclass
class Memory:
    """Passwords by account name (and one for `valkey`), ports by server name (`postgres`, `valkey`)."""

    path: Path
    passwords: dict[str, str]
    ports: dict[str, int]

    def keep(self) -> None:
        """Write the file so that it is there whole or not at all."""
        half = self.path.with_suffix(".half")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({"passwords": self.passwords, "ports": self.ports}, stream, indent=1)
        half.replace(self.path)

    def port(self, server: str) -> int:
        """The server's port while it is free, else a new one, which is remembered from now on."""
        port = ports.remembered_or_new(self.ports.get(server))
        if port != self.ports.get(server):
            self.ports[server] = port
            self.keep()
        return port

    def postgres_url(self, user: str, database: str = DATABASE) -> str:
        """The address over TCP; passwords consist of characters that need no escaping in an URL."""
        return f"postgresql://{user}:{self.passwords[user]}@127.0.0.1:{self.ports['postgres']}/{database}"

    def valkey_url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self.passwords['valkey']}@127.0.0.1:{self.ports['valkey']}/0"


def recall(data: Path) -> Memory:
    """The folder's memory, made at its first use; raises StartError when it was lost beside a database."""
    path = data / "servers.json"
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        return Memory(path, known["passwords"], known["ports"])
    if (data / "postgres").exists():
        raise StartError(f"{path} with the passwords of the database is missing: put it back from a backup.")
    memory = Memory(path, {name: secrets.token_urlsafe(24) for name in (SUPERUSER, OWNER, APP, "valkey")}, {})
    memory.keep()
    return memory
