"""What a merge of two accounts moves and what its undoing moves back; whether it may happen is decided in `identity`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Greatest, Least

from accounts.models import InvolvedAccount, Involvement, Transfer
from antifraud import db, policy
from banks.models import Institution, User
from cases.models import CaseGrant
from cases.services.cases import case_count
from cases.services.clues import case_clued

DISMISSED = Involvement.State.DISMISSED


def lock_number(index: bytes) -> None:
    """Let one unit at a time decide what a number means: identities cover aliases, which no constraint can."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(index[:8], signed=True)])


def move_over(*, by: User, account: InvolvedAccount, into: InvolvedAccount) -> dict[str, Any]:
    """Move involvements, transfers and earlier merges to `into` and let its new cases see it; returns what was moved.

    A case that involves both keeps the older involvement where it is (it is hidden with its account); its stops count
    on the surviving one, and the case counts one account less. Transfers between the two stay.
    """
    taken = set(db.lock(Involvement.objects.filter(account=into)).values_list("case_id", flat=True))
    mine = list(db.lock(Involvement.objects.filter(account=account)))
    free = [row.id for row in mine if row.case_id not in taken]
    doubled = [row for row in mine if row.case_id in taken]
    Involvement.objects.filter(pk__in=free).update(account=into)
    incoming = Transfer.objects.filter(to_account=account).exclude(from_account=into)
    outgoing = Transfer.objects.filter(from_account=account).exclude(to_account=into)
    moved: dict[str, Any] = {
        "involvements": _texts(free),
        "stops": _count_stops(doubled, into),
        "hidden": [],
        "transfers_in": _texts(incoming.values_list("pk", flat=True)),
        "transfers_out": _texts(outgoing.values_list("pk", flat=True)),
        "merged_before": _texts(account.merged_from.values_list("pk", flat=True)),
        "groups": _share(by, account, into),
    }
    for row in doubled:
        if row.state != DISMISSED:
            case_count(row.case_id, accounts_total=-1)
            moved["hidden"].append(str(row.case_id))
    Transfer.objects.filter(pk__in=moved["transfers_in"]).update(to_account=into)
    Transfer.objects.filter(pk__in=moved["transfers_out"]).update(from_account=into)
    InvolvedAccount.objects.filter(merged_into=account).update(merged_into=into)
    cases_tell(account, into)
    return moved


def move_back(*, by: User, account: InvolvedAccount, into: InvolvedAccount, moved: dict[str, Any]) -> None:
    """Return exactly what `move_over` noted; what reached `into` since stays there."""
    Involvement.objects.filter(pk__in=moved["involvements"], account=into).update(account=account)
    Transfer.objects.filter(pk__in=moved["transfers_in"], to_account=into).update(to_account=account)
    Transfer.objects.filter(pk__in=moved["transfers_out"], from_account=into).update(from_account=account)
    InvolvedAccount.objects.filter(pk__in=moved["merged_before"], merged_into=into).update(merged_into=account)
    for involvement, added in moved["stops"].items():
        Involvement.objects.filter(pk=involvement).update(stop_count=Greatest(F("stop_count") - added, Value(0)))
    cases_tell(account, into)
    for case_id in moved["hidden"]:
        case_count(UUID(case_id), accounts_total=1)
    entitled = set(
        CaseGrant.objects.filter(
            content_object__involvements__account=into, revoked_at__isnull=True, group__in=moved["groups"]
        ).values_list("group_id", flat=True)
    )
    leaving = [group for group in moved["groups"] if group not in entitled]
    if leaving:
        policy.revoke(leaving, into, by=by, reason="account.unmerge")


def cases_tell(*accounts: InvolvedAccount) -> None:
    """Cases are linked, and their ledgers led, by what the accounts are now."""
    touched = Involvement.objects.filter(account__in=accounts).values_list("case_id", flat=True)
    for case_id in sorted(set(touched)):
        case_clued(case_id)


def _count_stops(doubled: list[Involvement], into: InvolvedAccount) -> dict[str, int]:
    """Stops that were asked under both numbers are stops of one account: what was added, by involvement."""
    added: dict[str, int] = {}
    for row in doubled:
        if not row.stop_count:
            continue
        kept = Involvement.objects.get(case=row.case_id, account=into)
        more = min(row.stop_count, kept.stop_limit - kept.stop_count)
        Involvement.objects.filter(pk=kept.pk).update(stop_count=Least(F("stop_count") + more, F("stop_limit")))
        added[str(kept.pk)] = more
    return added


def _share(by: User, account: InvolvedAccount, into: InvolvedAccount) -> list[int]:
    """Police groups that saw the old row and not yet the surviving one; they see it now. Banks see by their orders."""
    police = (Institution.Kind.POLICE, Institution.Kind.CENTRE)
    seeing = into.grants.filter(revoked_at__isnull=True).values("group")
    live = account.grants.filter(revoked_at__isnull=True, group__institution__kind__in=police)
    groups = sorted(live.exclude(group__in=seeing).values_list("group_id", flat=True))
    if groups:
        policy.grant(
            groups, into, by=by, purpose="case work", legal_basis=f"account.merge {account.id}",
            sort_at=db.require_unit_of_work().now,
        )  # fmt: skip
    return groups


def _texts(ids: Any) -> list[str]:
    return sorted(str(each) for each in ids)
