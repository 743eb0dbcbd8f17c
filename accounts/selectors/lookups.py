""" "Is this account in another case?": audited, paid from token buckets in PostgreSQL, and answered with little (R36).

The one selector that writes: an answer that is not paid for and noted is not given.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountAlias, InvolvedAccount, Involvement
from accounts.policy import Action
from accounts.selectors.identity import indexes_of
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid, RateLimited
from banks.models import Institution, User

MISS, HIT = 20, 1
MOST_NUMBERS = 100


@dataclass(frozen=True)
class Bucket:
    """Tokens at most, and how many flow in per minute."""

    capacity: float
    per_minute: float


# An officer pastes a hundred lines at once; who tries numbers out is stopped after some hundred misses.
USER = Bucket(capacity=4_000, per_minute=20)
INSTITUTION = Bucket(capacity=20_000, per_minute=100)

# The clock is read when the row's lock is held, and never runs backwards in the row.
_FILLED = "LEAST(%(capacity)s, tokens + GREATEST(0, EXTRACT(epoch FROM clock_timestamp() - filled_at)) / 60 * %(rate)s)"
_OPEN = """
INSERT INTO accounts_lookupbudget (holder_id, holder, tokens, filled_at) VALUES
  (%s, 'institution', %s, clock_timestamp()), (%s, 'user', %s, clock_timestamp())
ON CONFLICT (holder_id) DO NOTHING
"""
_SPEND = f"""
UPDATE accounts_lookupbudget SET tokens = {_FILLED} - %(cost)s, filled_at = GREATEST(filled_at, clock_timestamp())
WHERE holder_id = %(holder)s AND {_FILLED} >= %(cost)s RETURNING tokens
"""
_BACK = "UPDATE accounts_lookupbudget SET tokens = LEAST(%(capacity)s, tokens + %(back)s) WHERE holder_id = %(holder)s"
_BALANCE = f"SELECT {_FILLED} FROM accounts_lookupbudget WHERE holder_id = %(holder)s"


@dataclass(frozen=True)
class Known:
    """In how many other cases a number is involved, and which units work them; nothing of the cases themselves."""

    cases: int
    units: tuple[str, ...]


class Row(NamedTuple):
    """How many cases of one unit involve one account."""

    account: UUID
    unit: UUID
    name: str
    cases: int


@dataclass(frozen=True)
class Balance:
    """Tokens left; a miss costs 20, a hit 1."""

    user: int
    institution: int


def account_known_elsewhere(*, user: User, numbers: list[str], but_case: UUID | None = None) -> dict[str, Known]:
    """For each number as it was given: its other cases (`but_case` left out), whatever bank it is at.

    The full price of misses is taken first and given back for hits, so that a refusal says nothing about the
    numbers. Raises RateLimited where a bucket is too low (nothing is answered), Forbidden for others than police,
    Invalid for more than 100 numbers. Needs a unit of work.
    """
    policy.require(user, Action.ACCOUNT_LOOKUP)
    db.require_unit_of_work()
    wanted = {number: indexes_of(number) for number in dict.fromkeys(numbers)}
    asked = {number: indexes for number, indexes in wanted.items() if indexes}
    if len(asked) > MOST_NUMBERS:
        raise Invalid(fields={"numbers": [_("At most a hundred numbers can be looked up at once. Send fewer.")]})
    if not asked:
        return {number: Known(0, ()) for number in wanted}
    _spend(user, MISS * len(asked))
    by_index = _known({index for indexes in asked.values() for index in indexes}, but_case)
    found = {number: _merged([by_index[i] for i in indexes if i in by_index]) for number, indexes in wanted.items()}
    hits = sum(1 for number in asked if found[number].cases)
    _give_back(user, (MISS - HIT) * hits)
    diary.record("account.lookup", by=user, detail={"numbers": len(asked), "known": hits})
    return found


def lookup_balance(*, user: User) -> Balance:
    """What the reader and the reader's institution have left now."""
    policy.require(user, Action.ACCOUNT_LOOKUP)
    return Balance(_balance(user.id, USER), _balance(user.institution_id, INSTITUTION))


def _known(indexes: set[bytes], but_case: UUID | None) -> dict[bytes, list[Row]]:
    """Index -> its rows; numbers lead over aliases and merges to the account they mean."""
    roots: dict[UUID, set[bytes]] = defaultdict(set)
    for pk, into, index in InvolvedAccount.objects.filter(number_index__in=indexes).values_list(
        "pk", "merged_into", "number_index"
    ):
        roots[into or pk].add(bytes(index))
    aliases = AccountAlias.objects.filter(number_index__in=indexes, ended_at__isnull=True)
    for pk, into, index in aliases.values_list("account", "account__merged_into", "number_index"):
        roots[into or pk].add(bytes(index))
    rows = Involvement.objects.filter(account__in=roots).exclude(state=Involvement.State.DISMISSED)
    if but_case is not None:
        rows = rows.filter(~Q(case=but_case))
    counted = rows.values("account", "case__unit").annotate(cases=Count("case", distinct=True))
    names = {unit.id: unit.title for unit in Institution.objects.filter(pk__in={row["case__unit"] for row in counted})}
    known: dict[bytes, list[Row]] = defaultdict(list)
    for row in counted:
        for index in roots[row["account"]]:
            known[index].append(Row(row["account"], row["case__unit"], names[row["case__unit"]], row["cases"]))
    return known


def _merged(parts: list[list[Row]]) -> Known:
    rows = {row for part in parts for row in part}
    return Known(sum(row.cases for row in rows), tuple(sorted({row.name for row in rows})))


def _spend(user: User, cost: int) -> None:
    """Institution first, then user: one order for everybody, so that nobody waits in a ring."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [user.institution_id, INSTITUTION.capacity, user.id, USER.capacity])
        for holder, bucket in ((user.institution_id, INSTITUTION), (user.id, USER)):
            cursor.execute(
                _SPEND, {"holder": holder, "cost": cost, "capacity": bucket.capacity, "rate": bucket.per_minute}
            )
            if cursor.fetchone() is None:
                raise RateLimited(
                    _("The budget of look-ups is used up. It fills again with time; ask for fewer numbers.")
                )


def _give_back(user: User, tokens: int) -> None:
    if not tokens:
        return
    with connection.cursor() as cursor:
        for holder, bucket in ((user.institution_id, INSTITUTION), (user.id, USER)):
            cursor.execute(_BACK, {"holder": holder, "back": tokens, "capacity": bucket.capacity})


def _balance(holder: UUID, bucket: Bucket) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"holder": holder, "capacity": bucket.capacity, "rate": bucket.per_minute})
        row = cursor.fetchone()
    return int(row[0]) if row else int(bucket.capacity)
