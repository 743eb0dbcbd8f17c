"""An empty migrated database gets twenty banks, twenty units, machine clients and people with passwords; as a process.

Prints one JSON object: {"people": {name: id}, "banks": {code: {"id", "client_id", "secret"}}}.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402

from antifraud.db import unit_of_work  # noqa: E402
from banks.models import Institution, User  # noqa: E402
from banks.services.clients import client_create  # noqa: E402
from tests.bench.seed import World  # noqa: E402
from tests.cast import PASSWORD  # noqa: E402
from tests.chaos.load import UNIT  # noqa: E402


def main() -> None:
    """The bench's world; unit 00 may log in, and each bank has a machine client."""
    world = World()
    hashed = make_password(PASSWORD)
    User.objects.filter(institution__code=UNIT).update(password=hashed)
    admin = User.objects.create(
        username="admin", full_name="Admin", role="administrator", language="en", password=hashed,
        institution=Institution.objects.get(kind="platform"),
    )  # fmt: skip
    banks = {}
    for bank in world.banks:
        with unit_of_work(admin):
            client, secret = client_create(by=admin, institution=bank, name=f"system of {bank.code}")
        banks[bank.code] = {"id": str(bank.id), "client_id": client.client_id, "secret": secret}
    people = {user.username: str(user.id) for user in User.objects.filter(institution__code=UNIT)}
    json.dump({"people": people, "banks": banks}, sys.stdout)


if __name__ == "__main__":
    main()
