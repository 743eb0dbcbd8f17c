"""Whether a file that answers a query is about what was asked: the account and the period, told as facts; it refuses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.models import AccountAlias, InvolvedAccount, LedgerAccount, Order, StatementFile, StatementLine
from accounts.selectors.identity import family

SHOWING = (StatementFile.Status.PREVIEW, StatementFile.Status.COMMITTED)


@dataclass(frozen=True)
class Doubts:
    """`account`: the asked number, masked, where no row is of it, else "". `outside` of `rows` good rows are not of the asked days."""

    account: str
    outside: int
    rows: int
    first: date | None
    last: date | None

    def __bool__(self) -> bool:
        return bool(self.account or self.outside)


def statement_doubts(file: StatementFile, order: Order) -> Doubts | None:
    """None where nothing can be said: a query of another kind, no good row, a file that was not read. The caller has authorised."""
    if order.kind != Order.Kind.QUERY_TRANSACTIONS or file.status not in SHOWING or not file.rows_good:
        return None
    lines = StatementLine.objects.filter(file=file).order_by()
    account = "" if _is_of_account(file, order) else order.account.number.masked()
    asked = _outside(order, file.zone)
    outside = lines.filter(asked).count() if asked else 0
    return Doubts(account, outside, file.rows_good, order.period_from, order.period_to)


def _is_of_account(file: StatementFile, order: Order) -> bool:
    """By any number that the platform knows the asked account under."""
    known = list(family([order.account_id]))
    own = InvolvedAccount.objects.filter(pk__in=known).values_list("number_index", flat=True)
    others = AccountAlias.objects.filter(account__in=known, ended_at__isnull=True).values_list(
        "number_index", flat=True
    )
    nodes = list(
        LedgerAccount.objects.filter(case=file.case_id, number_index__in=[*own, *others]).values_list("node", flat=True)
    )
    named = Q(node__in=nodes) | Q(named_node__in=nodes)
    return bool(nodes) and StatementLine.objects.filter(named, file=file, case_id=file.case_id).exists()


def _outside(order: Order, zone: str) -> Q:
    """Rows before the first or after the last asked day, as the file's own clock counts days."""
    outside, clock = Q(), ZoneInfo(zone)
    if order.period_from is not None:
        outside |= Q(at__lt=datetime.combine(order.period_from, time(), clock))
    if order.period_to is not None:
        outside |= Q(at__gte=datetime.combine(order.period_to + timedelta(days=1), time(), clock))
    return outside
