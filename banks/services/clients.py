"""Machine clients: an institution's system with a secret that is shown once, acting as a machine user of its own."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_id, generate_client_secret

from antifraud import policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import Institution, MachineClient, User
from banks.policy import Action
from banks.rules import roles
from banks.services.users import user_create

LONGEST_NAME = 80


def client_create(*, by: User, institution: Institution, name: str) -> tuple[MachineClient, str]:
    """A client for the client-credentials grant and its secret; only the secret's hash is kept.

    Raises Forbidden, Invalid (an institution that executes nothing, a missing or long name).
    """
    policy.require(by, Action.CLIENT_CREATE)
    problems = {}
    if institution.kind not in roles.MACHINE_KINDS:
        problems["institution"] = [_("Only banks, payment institutions and telecom operators have systems here.")]
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        problems["name"] = [_("Name the system in 1 to 80 characters.")]
    if problems:
        raise Invalid(fields=problems)
    client_id, secret = generate_client_id(), generate_client_secret()
    user = user_create(
        by=by,
        username=_username(institution, client_id),
        full_name=name.strip(),
        role=roles.MACHINE,
        institution=institution,
        language="en",
    )
    client = MachineClient.objects.create(
        name=name.strip(),
        institution=institution,
        user=user,
        client_id=client_id,
        client_secret=secret,
        client_type=MachineClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=MachineClient.GRANT_CLIENT_CREDENTIALS,
    )
    diary.record(
        "client.create",
        by=by,
        object_type="machineclient",
        object_id=user.id,
        detail={"client_id": client_id, "institution": institution.code},
    )
    return client, secret


def _username(institution: Institution, client_id: str) -> str:
    return f"{institution.code[:40]}.{re.sub(r'[^A-Za-z0-9]', '', client_id)[:12].lower()}"
