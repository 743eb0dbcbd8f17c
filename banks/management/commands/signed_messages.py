"""`manage.py signed_messages ID`: the signed originals about one subject, checked again, as JSON lines for a court."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from antifraud import db
from antifraud.audit import diary
from antifraud.crypto import signing
from antifraud.crypto.signature_errors import SignatureRefused
from antifraud.crypto.signing import PublicKey
from antifraud.errors import Forbidden
from banks.models import SignedMessage
from banks.selectors.institutions import system_user
from banks.selectors.keys import signed_messages


class Command(BaseCommand):
    """Writes an audit row first: what comes out holds personal data."""

    help = "Print the signed originals about one subject, with the key and whether the signature holds."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose evidence, and for what."""
        parser.add_argument(
            "subject",
            type=UUID,
            help="id of the order, hold, return, notice of an alert, comparison, or (repairs) of the institution",
        )
        parser.add_argument("--purpose", required=True, help="why, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        """One line for each message, oldest first."""
        if len(options["purpose"].strip()) < 4:
            raise CommandError("say why, in at least four characters")
        by = system_user()
        with db.unit_of_work(by):
            found = list(signed_messages(options["subject"]))
            for message in found:
                diary.record("message.open", by=by, obj=message, case_id=message.case_id, purpose=options["purpose"])
            lines = [json.dumps(_shown(message), ensure_ascii=False) for message in found]
        self.stdout.writelines(f"{line}\n" for line in lines)
        self.stderr.write(f"{len(lines)} signed messages")


def _shown(message: SignedMessage) -> dict[str, Any]:
    key = message.key
    return {
        "institution": message.institution.code,
        "action": message.action,
        "message_id": message.message_id,
        "received_at": message.received_at.isoformat(),
        "signed_at": message.signed_at.isoformat(),
        "method": message.method,
        "target_uri": message.target_uri,
        "headers": message.headers,
        "body_base64": message.body.open(),
        "key_id": key.key_id,
        "public_key": base64.b64encode(bytes(key.public_key)).decode(),
        "key_revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "received_before_revocation": key.revoked_at is None or message.received_at < key.revoked_at,
        "signature_holds": _holds(message),
    }


def _holds(message: SignedMessage) -> bool:
    """As on the day it came: the key as it was then, a later revocation changes nothing (R24)."""
    key = PublicKey(message.key.key_id, bytes(message.key.public_key), message.key.not_before, message.key.not_after)
    try:
        signing.verify_request(
            method=message.method, target_uri=message.target_uri, headers=message.headers,
            body=base64.b64decode(message.body.open()), recipient=settings.PLATFORM_CODE, keys=[key],
            now=int(message.received_at.timestamp()),
        )  # fmt: skip
    except (SignatureRefused, Forbidden):
        return False
    return True
