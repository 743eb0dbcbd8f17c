"""Risk features of a case's ledger accounts for readers: the ranked list, one account, and what the ranking rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BigIntegerField, F, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from accounts.models import CaseLedger, LedgerAccount, LedgerFeature, LedgerFeatureRun
from accounts.policy import FeatureAction, FlowAction
from accounts.rules.features import FEATURES
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from banks.models import User
from cases.models import Case

KEYSET = ("-rank", "-id")
MOST_COUNTED = 1_000
MOST_EXPORTED = 10_000
LAST = -(2**62)  # where there is not enough data
SMALL_IS_GRAVE = frozenset(feature.code for feature in FEATURES if feature.grave < feature.calm)
SORTS = ("score", "in_minor", "out_minor", *(feature.code for feature in FEATURES))


@dataclass(frozen=True)
class State:
    """Whether the features describe the ledger as it is: versions are equal where they do; None where there are none."""

    run: LedgerFeatureRun | None
    ledger_version: int

    @property
    def is_current(self) -> bool:
        """Nothing came since."""
        return self.run is not None and self.run.ledger_version == self.ledger_version


def features_list(
    *, user: User, case: Case, sort: str = "score", covered: bool = False, currency: str = ""
) -> QuerySet[LedgerFeature]:
    """Accounts of the case by `sort` (one of SORTS), the gravest first, those without data for it last; see KEYSET.

    `covered`: only accounts whose own statement is in the ledger.
    """
    rows = policy.scope(user, FeatureAction.FEATURE_VIEW, LedgerFeature.objects.filter(case=case))
    if covered:
        rows = rows.filter(is_covered=True)
    if currency:
        rows = rows.filter(currency=currency)
    if sort == "score":
        return rows.annotate(rank=F("score"))
    value = Cast(F(sort if sort in SORTS else "score"), BigIntegerField())
    return rows.annotate(rank=Coalesce(Value(0) - value if sort in SMALL_IS_GRAVE else value, Value(LAST)))


def features_count(rows: QuerySet[LedgerFeature]) -> int:
    """At most MOST_COUNTED + 1: then there are more."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def features_state(*, user: User, case: Case) -> State:
    """Which state of the ledger the stored features describe. The case's reader may know it."""
    policy.require(user, "case.view", case)
    run = LedgerFeatureRun.objects.filter(pk=case.pk).first()
    version = CaseLedger.objects.filter(pk=case.pk).values_list("version", flat=True).first()
    return State(run, version or 0)


def features_accounts(*, user: User, rows: Iterable[LedgerFeature]) -> dict[int, LedgerAccount]:
    """Node -> ledger account of the rows, with its institution, ready to be shown masked."""
    nodes = {row.node for row in rows}
    found = policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.select_related("institution"))
    by_node = {row.node: row for row in found.filter(node__in=nodes)}
    preload_rows(by_node.values())
    return by_node


def features_of_account(*, user: User, ledger_id: UUID) -> tuple[LedgerAccount, QuerySet[LedgerFeature]]:
    """One ledger account and its features, a row for each currency, not read yet. NotFound out of reach."""
    related = LedgerAccount.objects.select_related("case__unit", "institution", "account")
    account = policy.get(user, FlowAction.LEDGER_VIEW, related, ledger_id)
    rows = policy.scope(user, FeatureAction.FEATURE_VIEW, LedgerFeature.objects.filter(node=account.node))
    return account, rows.order_by("currency")


def features_by_node(*, user: User, case: Case, nodes: Iterable[int], currency: str) -> dict[int, LedgerFeature]:
    """Node -> features in one currency, for lists that rank by them; one statement."""
    rows = policy.scope(user, FeatureAction.FEATURE_VIEW, LedgerFeature.objects.filter(case=case, currency=currency))
    return {row.node: row for row in rows.filter(node__in=list(nodes))}
