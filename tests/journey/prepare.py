"""An empty migrated database gets the cast and two machine clients; prints their credentials as JSON for the journey."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from antifraud.db import unit_of_work  # noqa: E402
from banks.services.clients import client_create  # noqa: E402
from tests.cast import World, build  # noqa: E402


def main() -> None:
    """Build the cast, then one machine client for each bank, through the administrator's own service."""
    build()
    world = World()
    clients = {}
    for bank in (world.bank_a, world.bank_b):
        with unit_of_work(world.admin):
            client, secret = client_create(by=world.admin, institution=bank, name=f"journey {bank.code}")
        clients[bank.code] = {"client_id": client.client_id, "secret": secret, "institution": str(bank.id)}
    people = {name: str(getattr(world, name).id) for name in ("analyst_a", "second_a", "approver_a")}
    json.dump({"clients": clients, "people": people}, sys.stdout)


if __name__ == "__main__":
    main()
