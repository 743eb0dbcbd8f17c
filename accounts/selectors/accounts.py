"""Involved accounts that a reader may see: the list, one account, its cases and history. Look-ups are in `lookups`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.models import AccountAlias, AccountChange, Hold, InvolvedAccount, Involvement, Order, Transfer
from accounts.policy import Action
from accounts.selectors.identity import family_rows, indexes_of
from antifraud import policy
from banks.models import User
from cases.models import Case

KEYSET = ("-listed_at", "-id")


@dataclass(frozen=True)
class AccountFilters:
    """What narrows the list of accounts; empty values do not. `number` is any spelling of a whole number or alias."""

    number: str = ""
    institution: UUID | None = None
    kind: str = ""
    risk: str = ""
    unknown_institution: bool = False


def accounts_list(*, user: User, filters: AccountFilters | None = None) -> QuerySet[InvolvedAccount]:
    """Accounts newest first by `listed_at` (grants are read first); merged ones are shown as what they turned out to be."""
    wanted = filters or AccountFilters()
    rows = policy.scope(user, Action.ACCOUNT_VIEW, InvolvedAccount.objects.select_related("institution"))
    rows = rows.filter(merged_into__isnull=True)
    if wanted.number.strip():
        rows = rows.filter(pk__in=_roots_of_number(wanted.number))
    if wanted.institution:
        rows = rows.filter(institution=wanted.institution)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.risk:
        rows = rows.filter(risk=wanted.risk)
    if wanted.unknown_institution:
        rows = rows.filter(institution__isnull=True)
    return rows.annotate(listed_at=F("grants__sort_at"))


def account_detail(*, user: User, account_id: UUID) -> InvolvedAccount:
    """One account with its institution and what it was merged into; NotFound out of reach."""
    queryset = InvolvedAccount.objects.select_related("institution", "merged_into__institution")
    return policy.get(user, Action.ACCOUNT_VIEW, queryset, account_id)


def case_accounts(*, user: User, case: Case) -> QuerySet[Involvement]:
    """The accounts of a case by level, proposed ones included; dismissed ones and rows that were merged away are not."""
    rows = policy.scope(user, Action.INVOLVEMENT_VIEW, Involvement.objects.select_related("account__institution"))
    rows = rows.filter(case=case, account__merged_into__isnull=True)
    return rows.exclude(state=Involvement.State.DISMISSED).order_by("level", "entered_at", "pk")


def case_transfers(*, user: User, case: Case) -> QuerySet[Transfer]:
    """The money's steps that a case knows, oldest first."""
    related = ("from_account__institution", "to_account__institution")
    rows = policy.scope(user, Action.TRANSFER_VIEW, Transfer.objects.select_related(*related))
    return rows.filter(case=case).order_by(F("at").asc(nulls_last=True), "recorded_at", "pk")


def account_cases(*, user: User, account: InvolvedAccount) -> QuerySet[Involvement]:
    """The account's part in those cases that the reader may see, newest first."""
    rows = policy.scope(user, Action.INVOLVEMENT_VIEW, Involvement.objects.select_related("case__unit"))
    return rows.filter(account__in=family_rows(account)).order_by("-entered_at", "pk")


def account_orders(*, user: User, account: InvolvedAccount) -> QuerySet[Order]:
    """Orders on the account under any of its numbers that the reader may see, newest first."""
    rows = policy.scope(user, Action.ORDER_VIEW, Order.objects.select_related("institution", "unit", "case"))
    return rows.filter(account__in=family_rows(account)).order_by("-created_at", "pk")


def account_holds(*, user: User, account: InvolvedAccount) -> QuerySet[Hold]:
    """Holds on the account under any of its numbers that the reader may see, newest first."""
    rows = policy.scope(user, Action.HOLD_VIEW, Hold.objects.select_related("institution", "unit", "order"))
    return rows.filter(account__in=family_rows(account)).order_by("-created_at", "pk")


def account_changes(*, user: User, account: InvolvedAccount) -> QuerySet[AccountChange]:
    """The history of the account's identity, newest first. For police: it names other institutions."""
    policy.require(user, Action.ACCOUNT_VIEW, account)
    related = ("from_institution", "to_institution", "account__institution", "other__institution", "by", "undone_by")
    rows = AccountChange.objects.select_related(*related)
    if not user.institution.is_police:
        return rows.none()
    return rows.filter(Q(account=account) | Q(other=account)).order_by("-at", "pk")


def _roots_of_number(text: str) -> set[UUID]:
    """Ids of the accounts that a number may mean; what the reader may see of them is the scope's business."""
    indexes = indexes_of(text)
    by_alias = AccountAlias.objects.filter(number_index__in=indexes, ended_at__isnull=True).values("account")
    rows = InvolvedAccount.objects.filter(Q(number_index__in=indexes) | Q(pk__in=by_alias))
    return {into or pk for pk, into in rows.values_list("pk", "merged_into")}
