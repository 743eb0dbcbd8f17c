"""`make secrets`: the passwords and addresses that docker-compose.yml hands to its containers as files; made once."""

from __future__ import annotations

import os
import secrets

from antifraud.start.memory import APP, DATABASE, OWNER
from antifraud.start.steps import PROJECT, say

FOLDER = PROJECT / "secrets"


def contents() -> dict[str, str]:
    """File name to text; passwords consist of characters that need no escaping in an URL."""
    admin, owner, app, valkey = (secrets.token_urlsafe(24) for _ in range(4))
    return {
        "postgres_password": admin,
        "owner_password": owner,
        "app_password": app,
        "database_owner_url": f"postgresql://{OWNER}:{owner}@postgres:5432/{DATABASE}",
        "database_url": f"postgresql://{APP}:{app}@postgres:5432/{DATABASE}",
        "redis_url": f"redis://:{valkey}@valkey:6379/0",
        "valkey_conf": (
            f"requirepass {valkey}\nappendonly yes\nappendfsync everysec\n"
            'save ""\nmaxmemory-policy noeviction\ndir /data\n'
        ),
        "secret_key": secrets.token_urlsafe(48),
    }


def secrets_folder() -> int:
    """Fill ./secrets unless it exists: existing passwords are those of existing databases and are never replaced."""
    if FOLDER.exists():
        say(f"{FOLDER} exists already; nothing was changed.")
        return 0
    FOLDER.mkdir(mode=0o700)
    for name, text in contents().items():
        # Containers run as another user and see the single file: the closed folder is what keeps others out.
        descriptor = os.open(FOLDER / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
            os.fchmod(descriptor, 0o444)
    say(f"Secrets are in {FOLDER}; keep a copy of it elsewhere. Next: docker compose up --build")
    return 0
