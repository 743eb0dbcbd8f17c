"""How every process connects to the one database, and what its sessions may do; which role it is comes from the address."""

from __future__ import annotations

from typing import Any

from antifraud.settings import env

# The session's settings, one reason each:
_SESSION = {
    # R44: a page may not hold the database; workers and commands raise their own limit where they need it.
    "statement_timeout": env.integer("ANTIFRAUD_STATEMENT_TIMEOUT_MS", 5000),
    "lock_timeout": 2000,
    "idle_in_transaction_session_timeout": 10000,
    # One object with all that belongs to it joins up to 22 tables by their keys; at the server's default of 8 planning
    # takes ten times as long as running it. Lists have their grants among the first 5 tables.
    "join_collapse_limit": 5,
    # What is prepared by name (`selectors.prepared`) keeps one plan: a trace takes less time than planning it.
    "plan_cache_mode": "force_generic_plan",
}

# The application role serves every request; the owner role is used by `migrate` alone (DATABASE_URL is replaced for it).
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.database(env.text("DATABASE_URL")),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.integer("ANTIFRAUD_CONN_MAX_AGE", 300),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"]["options"] = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
