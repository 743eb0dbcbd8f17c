"""What an account really is: its institution corrected, other numbers, merges and their undoing; names are in `accounts`.

A merge keeps both rows. Involvements and transfers move to the surviving row (their ids stand in `AccountChange.moved`);
orders and holds stay on the row that they were written for, since that is the number the bank was told: selectors follow
`merged_into`, which is kept one level deep.
"""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import AccountAlias, AccountChange, InvolvedAccount, Involvement
from accounts.policy import Action
from accounts.selectors.identity import account_by_number, index_of, number_form
from accounts.services.merging import cases_tell, lock_number, move_back, move_over
from accounts.services.series.links import series_account_merged
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.blind import INDEX_VERSION
from antifraud.crypto.fields import reseal
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Conflict, Invalid, NotFound, WrongState
from antifraud.plain_text import without_numbers
from banks.models import Institution, User

ROWS = InvolvedAccount.objects.select_related("institution", "merged_into")
Kind = AccountChange.Kind


def account_correct(*, by: User, account_id: UUID, institution: Institution | None, reason: str) -> InvolvedAccount:
    """The account is kept by another institution than was thought (None: unknown again).

    Everything sealed of the account is sealed anew under the new institution's key. Where that institution's
    account of this number is known already, the two are one: this row is merged into it, and that one is returned.
    Drafts keep their old addressee until they are updated. Raises Invalid (institution, reason) and WrongState.
    """
    account = policy.get(by, Action.ACCOUNT_CORRECT, ROWS, account_id, lock=True)
    _reason(reason)
    return correct_apply(by=by, account=account, institution=institution, reason=reason)


def correct_apply(
    *, by: User, account: InvolvedAccount, institution: Institution | None, reason: str, case_id: UUID | None = None
) -> InvolvedAccount:
    """The act itself, also for an order's correction. The caller has authorised and holds the row.

    `case_id`: the case whose own act it is, for the audit row.
    """
    _not_merged(account)
    to_id = institution.id if institution else None
    if institution is not None and not (institution.is_executing and institution.is_active):
        raise Invalid(
            fields={"institution": [_("Accounts are kept by banks, payment institutions and operators. Choose one.")]}
        )
    if account.institution_id == to_id:
        raise Invalid(fields={"institution": [_("This is the institution it has already. Choose another one.")]})
    index = bytes(account.number_index)
    lock_number(index)
    same = account_by_number(to_id, index)
    if same is not None and same.id != account.id:
        into = db.lock(ROWS.filter(pk=same.pk)).get()
        _merge(by, account, into, reason, case_id)
        return into
    before = account.institution
    account.institution = institution
    _seal_anew(account)
    change = _note(by, account, Kind.INSTITUTION, reason, from_institution=before, to_institution=institution)
    if before is not None and account.grants.filter(group=before.group_id, revoked_at__isnull=True).exists():
        policy.revoke([before.group_id], account, by=by, reason="account.correct")
    diary.record(
        "account.correct", by=by, obj=account, case_id=case_id, subject_hmac=index,
        detail={"from": before.id if before else None, "to": to_id, "change": change.id},
    )  # fmt: skip
    return account


def account_complete(*, by: User, case_id: UUID, index: bytes, institution: Institution) -> None:
    """The case's account of this number that nobody knew the institution of, if there is one, is kept by this one.

    Where that institution's account of the number is known already, the two are one. Not for an account that the case
    dismissed, nor for one that other cases have too: whose that is, they find out. The change keeps no reason: what it
    rests on is the entry itself. The caller has authorised an officer's act.
    """
    rows = ROWS.filter(number_index=index, institution__isnull=True, merged_into__isnull=True)
    mine = Involvement.objects.filter(case=case_id).exclude(state=Involvement.State.DISMISSED)
    others = Involvement.objects.exclude(case=case_id)
    rows = rows.filter(pk__in=mine.values("account")).exclude(pk__in=others.values("account"))
    account = db.lock(rows).first()
    if account is not None:
        correct_apply(by=by, account=account, institution=institution, reason="", case_id=case_id)


def alias_add(*, by: User, account_id: UUID, number: str, reason: str) -> AccountAlias:
    """Another number of the same account (card, account, sub-account).

    Raises Conflict `account_exists` where the number is an account of its own at this institution: merge them instead.
    """
    account = policy.get(by, Action.ACCOUNT_CORRECT, ROWS, account_id, lock=True)
    _reason(reason)
    _not_merged(account)
    if account.institution_id is None:
        raise Invalid(fields={"number": [_("The institution of the account is unknown. Correct it first.")]})
    form = number_form(number, account.kind)
    index = index_of(form)
    lock_number(index)
    other = account_by_number(account.institution_id, index)
    if other is not None and other.id == account.id:
        raise Invalid(fields={"number": [_("This number is known as this account's already.")]})
    if other is not None:
        raise Conflict(
            _("This number is an account of its own here. Merge the two accounts instead."), code="account_exists"
        )
    alias = AccountAlias(
        account=account, number=form, number_index=index, index_version=INDEX_VERSION, added_by=by,
        added_at=db.require_unit_of_work().now,
    )  # fmt: skip
    alias.save(force_insert=True)
    cases_tell(account)
    diary.record("account.correct", by=by, obj=account, subject_hmac=index, purpose=reason, detail={"alias": alias.id})
    return alias


def account_merge(*, by: User, account_id: UUID, into_id: UUID, reason: str) -> InvolvedAccount:
    """The two rows are one account: `account_id` is led to `into_id`, which is returned.

    Both must be in the reader's reach, of one institution (the row that gives way may have none yet), and not merged.
    Raises Invalid (into, reason) and WrongState.
    """
    _reason(reason)
    if account_id == into_id:
        raise Invalid(fields={"into": [_("An account cannot be merged into itself. Choose the other one.")]})
    # Locked in one order, so that two merges of the same pair cannot wait for each other.
    held = {pk: policy.get(by, Action.ACCOUNT_MERGE, ROWS, pk, lock=True) for pk in sorted((account_id, into_id))}
    account, into = held[account_id], held[into_id]
    _not_merged(account)
    _not_merged(into)
    if account.institution_id not in {None, into.institution_id}:
        raise Invalid(
            fields={"into": [_("The two accounts are kept by different institutions. Correct the institution first.")]}
        )
    _merge(by, account, into, reason)
    return into


def account_unmerge(*, by: User, change_id: UUID, reason: str) -> InvolvedAccount:
    """Undo a merge exactly: what was moved by it returns, what came later stays. Returns the account set free.

    Raises WrongState for a change that is no merge or is undone, Conflict `merge_not_last` where a later merge
    must be undone first.
    """
    _reason(reason)
    change = AccountChange.objects.filter(pk=change_id).first()
    if change is None or change.other_id is None:
        raise NotFound
    account = policy.get(by, Action.ACCOUNT_UNMERGE, ROWS, change.account_id, lock=True)
    into = db.lock(ROWS.filter(pk=change.other_id)).get()
    change.refresh_from_db(fields=["undone_at"])
    if change.kind != Kind.MERGE or change.undone_at is not None:
        raise WrongState
    if account.merged_into_id != into.id:
        raise Conflict(_("A later merge changed this account again. Undo that one first."), code="merge_not_last")
    now = db.require_unit_of_work().now
    account.merged_into = None
    account.save(update_fields=["merged_into"])
    move_back(by=by, account=account, into=into, moved=change.moved)
    change.undone_at, change.undone_by = now, by
    change.save(update_fields=["undone_at", "undone_by"])
    diary.record(
        "account.unmerge", by=by, obj=account, subject_hmac=bytes(account.number_index), purpose=reason,
        detail={"from": into.id, "change": change.id},
    )  # fmt: skip
    return account


def _merge(
    by: User, account: InvolvedAccount, into: InvolvedAccount, reason: str, case_id: UUID | None = None
) -> AccountChange:
    moved = move_over(by=by, account=account, into=into)
    series_account_merged(account_id=account.id, into_id=into.id)
    account.merged_into = into
    account.save(update_fields=["merged_into"])
    change = _note(
        by, account, Kind.MERGE, reason, from_institution=account.institution, to_institution=into.institution,
        other=into, moved=moved,
    )  # fmt: skip
    diary.record(
        "account.merge", by=by, obj=account, case_id=case_id, subject_hmac=bytes(account.number_index),
        detail={"into": into.id, "change": change.id, "involvements": len(moved["involvements"])},
    )  # fmt: skip
    return change


def _seal_anew(account: InvolvedAccount) -> None:
    """Account, aliases and names under the key of the account's present institution (R17)."""
    account.save(update_fields=[*reseal(account), "institution"])
    for rows in (account.aliases.all(), account.names.all()):
        for row in rows:
            row.account = account
            row.save(update_fields=reseal(row))


def _note(by: User, account: InvolvedAccount, kind: str, reason: str, **facts: object) -> AccountChange:
    change = AccountChange(
        account=account, kind=kind, reason=without_numbers(reason).strip()[:300], by=by, at=db.require_unit_of_work().now, **facts
    )  # fmt: skip
    change.save(force_insert=True)
    return change


def _reason(reason: str) -> None:
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": [_("Say what the correction rests on, in at least four characters.")]})
    reject_forbidden(reason, field="reason")


def _not_merged(account: InvolvedAccount) -> None:
    if account.merged_into_id is not None:
        raise WrongState(_("This account was merged into another one. Work on that one, or undo the merge."))
