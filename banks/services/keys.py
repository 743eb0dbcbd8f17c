"""Signing keys of institutions (two persons register, one revokes), and the bookkeeping of signed messages (R23, R24)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.api.signing import SignedRequest
from antifraud.audit import diary
from antifraud.crypto.signature_errors import MessageReplayed
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, Text, WrongState
from banks.models import Institution, InstitutionKey, SignedMessage, User
from banks.policy import Action
from banks.rules.signing_keys import KEY_ID, fingerprint, read_public_key

PROPOSAL_LASTS = timedelta(days=7)
LONGEST_LIFE = timedelta(days=2 * 366)
LONGEST_REASON = 200
SEEN_KEPT_SECONDS = 3600  # R23 asks for two windows of 300 s; the rest is for clocks that were wrong

_ACCEPT = """
INSERT INTO banks_seenmessage (institution_id, message_id)
SELECT %(institution)s::uuid, %(message)s::text WHERE NOT EXISTS (
  SELECT FROM banks_signedmessage WHERE institution_id = %(institution)s::uuid AND message_id = %(message)s::text
) ON CONFLICT DO NOTHING
"""


def key_propose(
    *, by: User, institution: Institution, key_id: str, public_key: str,
    not_before: datetime | None = None, not_after: datetime | None = None,
) -> InstitutionKey:  # fmt: skip
    """Register a public key (base64, hexadecimal or PEM); it is good for nothing until a second person approves it.

    Raises NotFound, Forbidden, Invalid naming each field. Without `not_before` it may be used once approved.
    """
    policy.require(by, Action.KEY_PROPOSE, institution)
    db.require_unit_of_work()
    # One proposal at a time looks and writes, so that of two equal ones the second is told which field is taken.
    db.lock(Institution.objects.filter(pk=institution.pk)).get()
    now = timezone.now()
    # Signatures count whole seconds: a key that began in the middle of one would be refused for the rest of it.
    raw, begins = read_public_key(public_key), (not_before or now).replace(microsecond=0)
    if problems := _problems(institution, key_id.strip(), raw, begins, not_after, now):
        raise Invalid(fields=problems)
    key = InstitutionKey(
        institution=institution, key_id=key_id.strip(), public_key=raw or b"", not_before=begins, not_after=not_after,
        registered_by=by, registered_at=now,
    )  # fmt: skip
    key.save(force_insert=True)
    diary.record(Action.KEY_PROPOSE, by=by, obj=key, detail=_named(key))
    return key


def key_approve(*, by: User, key_id: UUID, fingerprint_seen: str) -> InstitutionKey:
    """Another person than the proposer approves exactly the key whose fingerprint they compared.

    Raises NotFound, Forbidden `same_person`, WrongState, Conflict `approval_lapsed`, Superseded.
    """
    key = _locked(by, Action.KEY_APPROVE, key_id)
    now = timezone.now()
    if key.approved_at is not None or key.revoked_at is not None:
        raise WrongState
    if key.registered_by_id == by.id:
        raise Forbidden(_("Somebody else than the person who registered the key must approve it."), code="same_person")
    if now - key.registered_at > PROPOSAL_LASTS:
        raise Conflict(
            _("The proposal is older than seven days. Withdraw it and register a new key."), code="approval_lapsed"
        )
    if "".join(fingerprint_seen.split()) != "".join(fingerprint(bytes(key.public_key)).split()):
        raise Superseded
    key.approved_by, key.approved_at = by, now
    key.save(update_fields=["approved_by", "approved_at"])
    diary.record(Action.KEY_APPROVE, by=by, obj=key, detail=_named(key))
    return key


def key_revoke(*, by: User, key_id: UUID, reason: str) -> InstitutionKey:
    """End a key at once and for ever, or withdraw a proposal; one person is enough, for a stolen key cannot wait.

    Raises NotFound, WrongState where it is revoked already, Invalid without a reason.
    """
    key = _locked(by, Action.KEY_REVOKE, key_id)
    if key.revoked_at is not None:
        raise WrongState
    if not 4 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(fields={"reason": [_("Say why, in 4 to 200 characters.")]})
    key.revoked_by, key.revoked_at, key.revoked_reason = by, timezone.now(), reason.strip()
    key.save(update_fields=["revoked_by", "revoked_at", "revoked_reason"])
    diary.record(Action.KEY_REVOKE, by=by, obj=key, detail=_named(key))
    return key


def message_accept(*, by: User, message_id: str) -> None:
    """Note that a verified message of the institution's system arrived; raises MessageReplayed the second time.

    The unique index decides between parallel twins, and the row is committed before any handler starts. Evidence is
    kept longer than the ids that were seen, and its ids do not come again either.
    """
    db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, {"institution": by.institution_id, "message": message_id})
        if cursor.rowcount == 0:
            raise MessageReplayed


def message_refuse(*, by: User, code: str) -> None:
    """Leave a mark of a refused signature: the token was right, so somebody of that institution should know."""
    diary.record("message.refuse", by=by, outcome="denied", detail={"code": code})


def message_keep(
    *, by: User, signed: SignedRequest | None, action: str, subject_id: UUID, case_id: UUID | None
) -> SignedMessage | None:
    """File the exact original beside what it brought about, in the same unit of work; None for an unsigned message."""
    db.require_unit_of_work()
    if signed is None:
        return None
    message = SignedMessage(
        institution_id=by.institution_id, key_id=signed.key, user=by, action=action, subject_id=subject_id, case_id=case_id,
        message_id=signed.verified.message_id, method=signed.method, target_uri=signed.target_uri, headers=signed.headers,
        body=base64.b64encode(signed.body).decode(), signed_at=datetime.fromtimestamp(signed.verified.created, UTC),
    )  # fmt: skip
    message.save(force_insert=True)
    # The row names what it is about, so that an order's timeline tells of the evidence.
    diary.record(
        "message.keep", by=by, object_type=action.partition(".")[0], object_id=subject_id, case_id=case_id,
        detail={"message": message.id, "action": action, "key": signed.verified.key_id, "headers": signed.headers},
    )  # fmt: skip
    return message


def messages_prune() -> int:
    """Forget message ids whose signatures are long out of time. For the scheduler."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM banks_seenmessage WHERE seen_at < clock_timestamp() - make_interval(secs => %s)",
            [SEEN_KEPT_SECONDS],
        )
        return int(cursor.rowcount)


def originals_prune(limit: int) -> int:
    """Delete signed originals of comparisons that came ninety days ago; every other original is evidence and kept.

    For the scheduler. The database refuses to delete anything else, and younger ones (migration 0006).
    """
    db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute("SELECT banks_comparisons_forget(%s)", [limit])
        return int(cursor.fetchone()[0])


def _locked(by: User, action: str, key_id: UUID) -> InstitutionKey:
    db.require_unit_of_work()
    return policy.get(by, action, InstitutionKey.objects.all(), key_id, lock=True)


def _problems(
    institution: Institution, key_id: str, raw: bytes | None, begins: datetime, ends: datetime | None, now: datetime
) -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = {}
    own = InstitutionKey.objects.filter(institution=institution)
    if not institution.is_executing:
        found["institution"] = [_("Only banks, payment institutions and telecom operators have systems here.")]
    if not KEY_ID.fullmatch(key_id):
        found["key_id"] = [_("A key id has 1 to 64 letters, digits, dots, hyphens or underscores. Correct it.")]
    elif own.filter(key_id=key_id).exists():
        found["key_id"] = [_("The institution has, or had, a key with this id. Choose another one.")]
    if raw is None:
        found["public_key"] = [_("This is not an Ed25519 public key: 32 bytes in base64 or hexadecimal, or PEM.")]
    elif own.filter(public_key=raw).exists():
        found["public_key"] = [_("The institution has, or had, this very key. Make a new pair.")]
    if ends is not None and not max(begins, now) < ends <= begins + LONGEST_LIFE:
        found["not_after"] = [_("A key ends after it begins, and within two years.")]
    return found


def _named(key: InstitutionKey) -> dict[str, str]:
    """What the diary says of a key; all of it is public."""
    return {
        "institution": key.institution.code,
        "key_id": key.key_id,
        "fingerprint": fingerprint(bytes(key.public_key)).replace(" ", ""),
    }
