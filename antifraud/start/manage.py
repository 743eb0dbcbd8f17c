"""`make manage ARGS="…"`: a command with the variables of `make run`, beside it or with its own servers."""

from __future__ import annotations

import subprocess

from antifraud import embedded
from antifraud.start import environment
from antifraud.start.steps import MANAGE, PROJECT

OWNERS = ("migrate", "clock_mode")  # commands of the role that owns the tables


def command(arguments: list[str]) -> int:
    """Run manage.py with `arguments` (those of OWNERS as the owner role) and return its exit status."""
    data = environment.data_folder()
    want_postgres = not environment.is_set("DATABASE_URL")
    want_redis = not environment.is_set("REDIS_URL")
    try:
        servers = embedded.ensure(data, want_postgres=want_postgres, want_redis=want_redis)
    except embedded.InUseError:
        servers = embedded.beside(data, want_postgres=want_postgres, want_redis=want_redis)
    try:
        web = environment.wanted_port("ANTIFRAUD_PORT", 8000)
        live = environment.wanted_port("ANTIFRAUD_LIVE_PORT", web + 1)
        env = environment.for_development(data, servers, web, live)
        if arguments and arguments[0] in OWNERS:
            env = environment.for_owner(env)
        return subprocess.run([*MANAGE, *arguments], cwd=PROJECT, env=env, check=False).returncode
    finally:
        servers.stop()
