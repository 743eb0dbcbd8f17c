"""Which account a number means: normal form, blind index, aliases and merges; who may see it is asked elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import AccountAlias, InvolvedAccount, Involvement
from accounts.rules import numbers
from antifraud.crypto.blind import INDEX_VERSION, blind_index
from antifraud.crypto.normal import normal_account
from antifraud.errors import Invalid

NUMBER_INDEX = "account.number"
NAME_BUCKET = "account.name"
PHONE_REGION = "CN"  # of numbers that are written without a country code
# Their "numbers" may be mail addresses or names: only the strict normal form is asked of them.
FREE_KINDS = frozenset({"wallet", "merchant", "digital_yuan"})


def number_form(text: str, kind: str = "", *, field: str = "number") -> str:
    """The normal form of an account's number; raises Invalid on `field` for what cannot be one."""
    if kind == InvolvedAccount.Kind.PHONE:
        phone = numbers.read_phone(text, region=PHONE_REGION)
        form, problems = phone.number, phone.problems
    elif kind in FREE_KINDS:
        form = normal_account(text)
        problems = () if numbers.MIN_LENGTH <= len(form) <= 64 else ("number_empty",)
    else:
        number = numbers.read_number(text)
        form, problems = number.number, number.problems
    if problems:
        raise Invalid(fields={field: [_(numbers.MESSAGES[code]) for code in problems]})
    return form


def index_of(form: str) -> bytes:
    """The blind index of a normal form."""
    return blind_index(NUMBER_INDEX, form)


def indexes_of(text: str) -> set[bytes]:
    """Every index that a number of unknown kind may stand under: as account, as wallet name, as phone number."""
    forms = {numbers.read_number(text).number, normal_account(text)}
    phone = numbers.read_phone(text, region=PHONE_REGION)
    if not phone.problems:
        forms.add(phone.number)
    return {index_of(form) for form in forms if form}


def account_by_number(institution_id: UUID | None, index: bytes) -> InvolvedAccount | None:
    """The account of this identity: by its own number or a live alias, led on to what it was merged into."""
    mine = Q(institution=institution_id) if institution_id else Q(institution__isnull=True)
    account = (
        InvolvedAccount.objects.filter(mine, number_index=index, index_version=INDEX_VERSION)
        .select_related("merged_into", "institution")
        .first()
    )
    if account is None and institution_id is not None:
        alias = (
            AccountAlias.objects.filter(account__institution=institution_id, number_index=index, ended_at__isnull=True)
            .select_related("account__merged_into", "account__institution")
            .first()
        )
        account = alias.account if alias else None
    return root_of(account) if account else None


def accounts_meant(indexes: Iterable[bytes]) -> set[UUID]:
    """The accounts that a number may mean, at whatever institution: own numbers and live aliases, led on through merges."""
    wanted = list(indexes)
    own = InvolvedAccount.objects.filter(number_index__in=wanted, index_version=INDEX_VERSION)
    aliases = AccountAlias.objects.filter(number_index__in=wanted, ended_at__isnull=True)
    rows = {*own.values_list("id", "merged_into")}
    rows |= {*aliases.values_list("account", "account__merged_into")}
    return {into or account for account, into in rows}


def account_of_case(case_id: UUID, indexes: Iterable[bytes]) -> InvolvedAccount | None:
    """The account that a case has under a number told without its bank; None where it has none, or two at two banks."""
    part = Involvement.objects.filter(case=case_id, account__in=accounts_meant(indexes))
    found = [each.account for each in part.select_related("account__institution")]
    known = [account for account in found if account.institution_id is not None]
    return next((rows[0] for rows in (known, found) if len(rows) == 1), None)


def root_of(account: InvolvedAccount) -> InvolvedAccount:
    """The account that this one turned out to be; merges are kept one level deep."""
    return account.merged_into if account.merged_into_id and account.merged_into else account


def root_id(account: InvolvedAccount) -> UUID:
    """The same without a query."""
    return account.merged_into_id or account.id


def family(account_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Row id -> root id of the given accounts, their roots, and all that was merged into those roots (one query).

    Orders and holds stay on the row that they were written for; who asks about an account asks for its family.
    """
    wanted = list(set(account_ids))
    named = InvolvedAccount.objects.filter(pk__in=wanted).values("merged_into")
    rows = InvolvedAccount.objects.filter(
        Q(pk__in=wanted) | Q(merged_into__in=wanted) | Q(pk__in=named) | Q(merged_into__in=named)
    ).values_list("id", "merged_into")
    return {row: into or row for row, into in rows}


def family_rows(account: InvolvedAccount) -> QuerySet[InvolvedAccount, Any]:
    """The same for one account, as a part of another query."""
    root = root_id(account)
    return InvolvedAccount.objects.filter(Q(pk=root) | Q(merged_into=root)).values("pk")
