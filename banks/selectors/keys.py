"""Institutions' signing keys and signed messages: what people may see, and which keys a message is checked against."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from antifraud import policy
from banks.models import Institution, InstitutionKey, SignedMessage, User
from banks.policy import Action


def keys_list(*, user: User) -> QuerySet[InstitutionKey]:
    """The keys that the reader may see, by institution, the newest first."""
    rows = InstitutionKey.objects.select_related("institution", "registered_by", "approved_by", "revoked_by")
    return policy.scope(user, Action.KEY_VIEW, rows).order_by("institution__code", "-registered_at", "-id")


def key_detail(*, user: User, key_id: UUID) -> InstitutionKey:
    """One key with the people who registered, approved and revoked it; raises NotFound."""
    rows = InstitutionKey.objects.select_related("institution", "registered_by", "approved_by", "revoked_by")
    return policy.get(user, Action.KEY_VIEW, rows, key_id)


def key_places(*, user: User) -> QuerySet[Institution]:
    """The institutions for which the reader may propose a key: executing ones that take part."""
    executing = (Institution.Kind.BANK, Institution.Kind.PAYMENT, Institution.Kind.TELECOM)
    rows = Institution.objects.filter(kind__in=executing, is_active=True)
    return policy.scope(user, Action.KEY_PROPOSE, rows).order_by("code")


def keys_of(institution_id: UUID) -> list[InstitutionKey]:
    """Every approved key of one institution, also the revoked ones: a signature by one of those is told as such.

    Asked for each signed message and never cached, so that a revocation holds from its commit on (R24).
    """
    return list(InstitutionKey.objects.filter(institution=institution_id, approved_at__isnull=False))


def must_sign(institution_id: UUID) -> bool:
    """Whether the institution's system must sign: it has an approved key whose time has begun.

    Once it signs it signs for good: if all keys are revoked or expired, unsigned messages are not let in again,
    or the revocation of a stolen key would open the door that it should close.
    """
    begun = Q(approved_at__isnull=False, not_before__lte=timezone.now())
    return InstitutionKey.objects.filter(begun, institution=institution_id).exists()


def signed_messages(subject_id: UUID) -> QuerySet[SignedMessage]:
    """The signed originals about one order, hold, notice …, oldest first; the caller has asked whether they may be read."""
    rows = SignedMessage.objects.filter(subject_id=subject_id).select_related("key", "institution")
    return rows.order_by("received_at", "id")
