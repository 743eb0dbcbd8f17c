"""Involved accounts enter a case, learn names and are shown in clear; corrections of identity are in `identity`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import AccountName, InvolvedAccount, Involvement
from accounts.policy import Action
from accounts.rules import numbers
from accounts.selectors.identity import NAME_BUCKET, account_by_number, account_of_case, index_of, number_form
from accounts.services.identity import account_complete
from accounts.services.merging import lock_number
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.blind import INDEX_VERSION, blind_bucket
from antifraud.crypto.normal import normal_name
from antifraud.errors import Invalid, WrongState
from banks.models import Institution, User
from banks.selectors.profiles import profile_of
from cases.models import Case, CaseGrant
from cases.services.cases import case_count, first_account_seen
from cases.services.clues import case_clued

REVEALABLE = ("number", "holder_name", "holder_id_number")
LEVEL_LIMIT = 99


def involved_account_add(
    *,
    by: User,
    case: Case,
    number: str,
    institution: Institution | None = None,
    kind: str = "",
    holder_name: str = "",
    level: int = 1,
    role: str = "involved",
    state: str = "confirmed",
    source: str = "filed",
) -> Involvement:
    """Enter an account into a case; the same account of another case is found again, never doubled.

    `institution` may be None (unknown for now). Level 0 is the victim's own account, 1 the first receiver. Entered
    twice, the case keeps one involvement with the lower level. Raises Invalid (number, kind, level, role,
    institution) and WrongState for a closed case.
    """
    policy.require(by, Action.ACCOUNT_ADD, case)
    return account_involve(
        by=by, case=case, number=number, institution=institution, kind=kind, holder_name=holder_name,
        level=level, role=role, state=state, source=source,
    )  # fmt: skip


def account_involve(
    *,
    by: User,
    case: Case,
    number: str,
    institution: Institution | None,
    kind: str,
    holder_name: str,
    level: int,
    role: str,
    state: str,
    source: str,
) -> Involvement:
    """The act itself, for filing and for the next hops of an answer. The caller has authorised.

    A number told without its bank means the account that the case has of it, if that is one; told with its bank by an
    officer, it completes the account that the case alone has of it without one. A proposal (a bank's word) does not.
    """
    # The case's counters change anyway: locking first lets two officers enter the same account one after the other.
    status = db.lock(Case.objects.filter(pk=case.pk)).values_list("status", flat=True).first()
    if status == Case.Status.CLOSED:
        raise WrongState(_("The case is closed; nothing can be added to it."), extra={"state": status})
    kind = kind or _likely_kind(number, institution)
    _check(kind, level, role, institution)
    form = number_form(number, kind)
    mine = None
    if institution is None:
        mine = account_of_case(case.id, {index_of(form)})
    elif institution.is_active and state == Involvement.State.CONFIRMED:
        account_complete(by=by, case_id=case.id, index=index_of(form), institution=institution)
    account = mine or _find_or_create(institution, form, kind)
    _let_case_see(account, case, by)
    if holder_name.strip():
        name_learn(account=account, name=holder_name, source=source)
    return _involve(by, case, account, level=level, role=role, state=state, source=source)


def name_learn(*, account: InvolvedAccount, name: str, source: str) -> None:
    """Note a holder's name with its date (domain.md §2: names are dated, never overwritten).

    The newest name is what orders carry, but a filed one does not displace a bank's or a corrected one.
    The caller has authorised.
    """
    form = normal_name(name)
    if not form:
        return
    bucket = blind_bucket(NAME_BUCKET, form)
    known = list(account.names.all())
    same = any(row.name_bucket == bucket and normal_name(row.name.open()) == form for row in known)
    official = any(row.source != "filed" for row in known)
    if not same:
        AccountName(
            account=account, name=name.strip(), name_bucket=bucket, source=source, learnt_at=db.require_unit_of_work().now
        ).save(force_insert=True)  # fmt: skip
    if account.holder_name is None or source != "filed" or not official:
        account.holder_name = name.strip()
        account.save(update_fields=["holder_name"])


def account_reveal(*, by: User, account_id: UUID, field: str, purpose: str, case_id: UUID | None = None) -> str:
    """One value of an account in clear; writes the audit row first (R29). Raises Invalid without a reason.

    A case that is named as the ground must be visible to the reader and must involve the account.
    """
    if field not in REVEALABLE:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    account = policy.get(by, Action.ACCOUNT_REVEAL, InvolvedAccount.objects.all(), account_id)
    if case_id is not None:
        case = policy.get(by, "case.view", Case.objects.all(), case_id)
        ids = [account.id] if account.merged_into_id is None else [account.id, account.merged_into_id]
        if not Involvement.objects.filter(case=case, account__in=ids).exists():
            raise Invalid(fields={"case": [_("This case does not involve the account. Name a case that does.")]})
    if getattr(account, field) is None:
        return ""
    return diary.reveal(account, field, by=by, purpose=purpose, case_id=case_id)


def case_groups(case_id: UUID) -> list[int]:
    """The groups that see a case now: whoever sees the case sees its accounts and orders."""
    live = CaseGrant.objects.filter(content_object=case_id, revoked_at__isnull=True)
    return sorted(live.values_list("group_id", flat=True))


def _likely_kind(number: str, institution: Institution | None) -> str:
    if institution is not None and institution.kind == Institution.Kind.TELECOM:
        return InvolvedAccount.Kind.PHONE
    if institution is not None and institution.kind == Institution.Kind.PAYMENT:
        return InvolvedAccount.Kind.WALLET
    looks = numbers.read_number(number).kind
    return looks if looks in InvolvedAccount.Kind.values else InvolvedAccount.Kind.CARD


def _check(kind: str, level: int, role: str, institution: Institution | None) -> None:
    problems: dict[str, list[Any]] = {}
    if kind not in InvolvedAccount.Kind.values:
        problems["kind"] = [_("Choose one of the account kinds in the list.")]
    if role not in Involvement.Role.values:
        problems["role"] = [_("Say whether it is the victim's account or an involved one.")]
    elif (role == Involvement.Role.VICTIM) != (level == 0) or not 0 <= level <= LEVEL_LIMIT:
        problems["level"] = [_("The victim's own account has level 0, every other one a level from 1 on.")]
    if institution is not None and not institution.is_executing:
        problems["institution"] = [_("Accounts are kept by banks, payment institutions and operators. Choose one.")]
    if problems:
        raise Invalid(fields=problems)


def _find_or_create(institution: Institution | None, form: str, kind: str) -> InvolvedAccount:
    index = index_of(form)
    institution_id = institution.id if institution else None
    account = account_by_number(institution_id, index)
    if account is None:
        lock_number(index)
        account = account_by_number(institution_id, index)
    if account is None:
        account = InvolvedAccount(
            institution=institution, kind=kind, number=form, number_index=index, index_version=INDEX_VERSION,
            created_at=db.require_unit_of_work().now,
        )  # fmt: skip
        account.save(force_insert=True)
    return account


def _let_case_see(account: InvolvedAccount, case: Case, by: User) -> None:
    """Give the case's audience the account, where it does not see it yet."""
    seeing = set(account.grants.filter(revoked_at__isnull=True).values_list("group_id", flat=True))
    missing = [group for group in case_groups(case.id) if group not in seeing]
    if missing:
        policy.grant(
            missing, account, by=by, purpose="case work", legal_basis=f"incident {case.incident_number or case.number}",
            sort_at=db.require_unit_of_work().now, case_id=case.id,
        )  # fmt: skip


def _involve(
    by: User, case: Case, account: InvolvedAccount, *, level: int, role: str, state: str, source: str
) -> Involvement:
    now = db.require_unit_of_work().now
    found = db.lock(Involvement.objects.filter(case=case, account=account)).first()
    if found is None:
        limit = profile_of(case.legal_profile).clocks.stop_max_per_account_case
        made = Involvement(
            case=case, account=account, role=role, level=level, state=state, stop_limit=limit, entered_by=by, entered_at=now
        )  # fmt: skip
        made.save(force_insert=True)
        case_count(case.id, accounts_total=1)
    else:
        made = _again(found, level=level, role=role, state=state)
        made.account, made.case = account, case
    if level == 1 and state == Involvement.State.CONFIRMED:
        first_account_seen(case.id)
    case_clued(case.id)
    diary.record(
        "account.add", by=by, obj=account, case_id=case.id, subject_hmac=bytes(account.number_index),
        detail={"level": made.level, "role": made.role, "state": made.state, "source": source, "new": found is None},
    )  # fmt: skip
    return made


def _again(found: Involvement, *, level: int, role: str, state: str) -> Involvement:
    """The same account named once more: an officer's word confirms a proposal, the lower level stands.

    What was only proposed, or dismissed, may turn out to be the account of a victim found later.
    """
    if role == Involvement.Role.VICTIM and found.state != Involvement.State.CONFIRMED:
        found.role, found.level = role, 0
    found.level = min(found.level, level) if found.role == Involvement.Role.INVOLVED and level > 0 else found.level
    if state == Involvement.State.CONFIRMED:
        if found.state == Involvement.State.DISMISSED:
            case_count(found.case_id, accounts_total=1)
        found.state = state
    found.save(update_fields=["role", "level", "state"])
    return found
