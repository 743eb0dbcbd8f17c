"""Draft orders for one or many accounts in one go, and change a draft; submitting is in `submit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Involvement, Order
from accounts.models.order import OPEN
from accounts.policy import Action
from accounts.rules.order_kinds import ORDER_KINDS, OrderKind
from accounts.selectors.identity import root_id
from accounts.services.accounts import case_groups
from accounts.services.orders.checks import check_terms
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.orders.lines import Target, read_lines
from accounts.services.payload import ROWS
from accounts.states import order_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Conflict, Forbidden, Invalid, Superseded, WrongState
from banks.models import Institution, LegalProfile, User
from banks.rules.legal_profile import URGENCIES, effective_answer_minutes
from banks.selectors.profiles import current_agreement, profile_of
from cases.models import Case

COUNTED = frozenset({"stop", "stop_extend"})  # an extension counts as a stop (domain.md §4)
_URGENCY = {code: word for word, code in URGENCIES.items()}
TERMS = frozenset(field.name for field in fields(OrderTerms))


def orders_draft(*, by: User, case: Case, kind: str, lines: list[OrderLine], terms: OrderTerms) -> list[Order]:
    """One draft per line, in the name of the officer's unit, to each account's institution.

    Raises Invalid with every problem of the terms by field and of the lines under `lines.<n>.<field>`; nothing is
    drafted then. Raises Conflict `duplicate_order` (naming the open order) or `stop_count_exceeded`.
    """
    return draft_lines(by=by, case_id=case.id, kind=kind, lines=lines, terms=terms)


def draft_lines(
    *, by: User, case_id: UUID, kind: str, lines: list[OrderLine], terms: OrderTerms, corrects: Order | None = None
) -> list[Order]:
    """`orders_draft`, and the corrected order of `order_correct`."""
    case, targets = _checked(by, case_id, kind, lines, terms, corrects)
    unit = by.institution
    profile = unit.legal_profile
    batch = uuid4()
    groups = case_groups(case.id)
    agreed: dict[UUID, tuple[int | None, int]] = {}
    numbers = order_numbers(unit, len(targets))
    made = []
    for number, target in zip(numbers, targets, strict=True):
        if target.institution.id not in agreed:
            agreed[target.institution.id] = answer_terms(target.institution, profile, kind, terms.urgency)
        version, minutes = agreed[target.institution.id]
        order = Order(
            number=number, kind=kind, case=case, unit=unit, operator=by, corrects=corrects, batch_id=batch, legal_profile=profile,
            agreement_version=version, answer_minutes=minutes, **_target_columns(target), **_term_columns(terms),
        )  # fmt: skip
        made.append(order_open(order, by=by, groups=groups))
    return made


def orders_check(*, by: User, case: Case, kind: str, lines: list[OrderLine], terms: OrderTerms) -> list[Target]:
    """What `orders_draft` would write to whom, for a last look before it; raises like it and writes nothing."""
    return _checked(by, case.id, kind, lines, terms, None)[1]


def _checked(
    by: User, case_id: UUID, kind: str, lines: list[OrderLine], terms: OrderTerms, corrects: Order | None
) -> tuple[Case, list[Target]]:
    # The case's lock lets two officers draft one after the other, so that the second sees the first's orders.
    case = policy.get(by, Action.ORDER_DRAFT, Case.objects.all(), case_id, lock=True)
    row = kind_row(kind)
    found = check_terms(by=by, case=case, row=row, terms=terms, profile=by.institution.legal_profile)
    targets = read_lines(case, row, lines, terms, found)
    if found:
        raise Invalid(fields=found)
    refuse_duplicates(case.id, by.institution_id, row, targets)
    for target in targets:
        refuse_beyond_limit(kind, target, corrects)
    return case, targets


def order_open(order: Order, *, by: User, groups: list[int]) -> Order:
    """Insert a draft with its audit row and let the case's units see it. The caller has authorised and checked."""
    order.created_at = db.require_unit_of_work().now
    order_flow.begin(
        order, by=by, verb="draft", legal_basis=order.legal_basis,
        detail={
            "kind": order.kind, "number": order.number, "account": order.account_id, "institution": order.institution_id,
            "amount_minor": order.amount_minor, "currency": order.currency, "corrects": order.corrects_id,
            "original": order.original_id, "trigger": order.trigger,
        },
    )  # fmt: skip
    policy.grant(
        groups, order, by=by, purpose=f"order {order.kind}", legal_basis=grant_basis(order), sort_at=order.created_at,
        case_id=order.case_id,
    )  # fmt: skip
    return order


def order_update(*, by: User, order_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None) -> Order:
    """Change a draft: any of the names of OrderTerms, `amount_minor`, `transfer_id`. Checked like a new one.

    The draft is addressed anew to where its account is kept now, and whoever changes it is its operator. Raises
    Invalid by field (the line's under `lines.0.<field>`), WrongState, Superseded.
    """
    order = policy.get(by, Action.ORDER_UPDATE, ROWS, order_id, lock=True)
    require_unit(by, order)
    if order.status != Order.Status.DRAFT:
        raise WrongState(extra={"state": order.status, "verb": "update"})
    if expected_version is not None and expected_version != order.version:
        raise Superseded
    unknown = set(changes) - TERMS - {"amount_minor", "transfer_id"}
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    terms = replace(OrderTerms.of(order), **{name: value for name, value in changes.items() if name in TERMS})
    target = recheck(order, by=by, terms=terms, **{name: changes[name] for name in changes.keys() - TERMS})
    version, minutes = answer_terms(target.institution, order.legal_profile, order.kind, terms.urgency)
    columns = {"operator": by, "agreement_version": version, "answer_minutes": minutes}
    columns |= _target_columns(target) | _term_columns(terms)
    for name, value in columns.items():
        setattr(order, name, value)
    order.version += 1
    order.save(update_fields=[*columns, "version"])
    diary.record("order.update", by=by, obj=order, case_id=order.case_id, detail={"fields": sorted(changes)})
    return order


def recheck(order: Order, *, by: User, terms: OrderTerms, **changes: Any) -> Target:
    """Check a draft as if it were new, with `changes` of its line; raises like `orders_draft`."""
    row = kind_row(order.kind)
    line, involvement = line_of(order)
    given = [involvement] if involvement else []
    found = check_terms(by=by, case=order.case, row=row, terms=terms, profile=order.legal_profile)
    targets = read_lines(order.case, row, [replace(line, **changes)], terms, found, given)
    if found:
        raise Invalid(fields=found)
    refuse_duplicates(order.case_id, order.unit_id, row, targets, but=order.id)
    refuse_beyond_limit(order.kind, targets[0], order.corrects)
    return targets[0]


def line_of(order: Order) -> tuple[OrderLine, Involvement | None]:
    """The line that an order came from: the involvement of its account as it is today, or the hold that it follows."""
    if ORDER_KINDS[order.kind].references_original:
        hold = Hold.objects.filter(order=order.original_id).order_by("-created_at").values_list("pk", flat=True).first()
        return OrderLine(hold_id=hold, amount_minor=order.amount_minor), None
    rows = Involvement.objects.filter(case=order.case_id, account=root_id(order.account))
    involved = rows.exclude(state=Involvement.State.DISMISSED).select_related("account__institution").first()
    line = OrderLine(
        involvement_id=involved.id if involved else None, amount_minor=order.amount_minor, transfer_id=order.transfer_id
    )
    return line, involved


def kind_row(kind: str) -> OrderKind:
    """The kind's row of the table; raises Invalid for a kind that is not offered."""
    if kind not in ORDER_KINDS:
        raise Invalid(fields={"kind": [_("Choose one of the order kinds in the list.")]})
    return ORDER_KINDS[kind]


def refuse_duplicates(
    case_id: UUID, unit_id: UUID, row: OrderKind, targets: list[Target], *, but: UUID | None = None
) -> None:
    """One open order per case, unit, account and kind (R7), under whatever number of the account it was written.

    What follows a hold is one for each hold: an account may bear several, and each has a release of its own.
    """
    if row.references_original:
        same = Q(original__in=[target.original for target in targets])
        text = _("An open order of this kind exists for this hold: {number}. Continue that one or cancel it first.")
    else:
        accounts = [target.account.id for target in targets]
        same = Q(account__in=accounts) | Q(account__merged_into__in=accounts)
        text = _("An open order of this kind exists for this account: {number}. Continue that one or cancel it first.")
    rows = Order.objects.filter(same, case=case_id, unit=unit_id, kind=row.name, status__in=OPEN)
    numbers = sorted(number for pk, number in rows.values_list("pk", "number") if pk != but)
    if numbers:
        raise Conflict(format_lazy(text, number=", ".join(numbers)), code="duplicate_order", extra={"orders": numbers})


def refuse_beyond_limit(kind: str, target: Target, corrects: Order | None) -> None:
    """Raise Conflict where the case has used up its stops of this account. The count itself is taken at issue."""
    involvement = target.involvement
    if kind not in COUNTED or involvement is None or takes_over(corrects, kind, target.account.id):
        return
    if involvement.stop_count >= involvement.stop_limit:
        raise stops_used_up()


def stops_used_up() -> Conflict:
    """The refusal of one stop too many."""
    return Conflict(
        _("This account was stopped as often in this case as the law allows. Ask for a freeze instead."),
        code="stop_count_exceeded",
    )


def takes_over(corrects: Order | None, kind: str, account_id: UUID) -> bool:
    """Whether a corrected stop uses the count of the one that it replaces: issued, for this account, never executed."""
    return (
        corrects is not None
        and corrects.kind == kind
        and corrects.issued_at is not None
        and corrects.outcome not in {"executed", "partial"}
        and account_id in {corrects.account_id, root_id(corrects.account)}
    )


def answer_terms(institution: Institution, profile: LegalProfile, kind: str, urgency: str) -> tuple[int | None, int]:
    """(agreement version or None, minutes to answer) of an institution today; one statement."""
    agreement = current_agreement(institution)
    agreed = agreement.overrides if agreement else None
    minutes = effective_answer_minutes(profile_of(profile), agreed, kind, _URGENCY[urgency])
    return (agreement.version if agreement else None), minutes


def order_numbers(unit: Institution, count: int) -> list[str]:
    """The next numbers, `O<year>-<8 digits>`; the year is that of the unit's own calendar."""
    year = db.require_unit_of_work().now.astimezone(ZoneInfo(unit.time_zone)).year
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('order_number_seq') FROM generate_series(1, %s)", [count])
        return [f"O{year}-{number:08d}" for (number,) in cursor.fetchall()]


def grant_basis(order: Order) -> str:
    """What a grant on the order rests on (R35)."""
    return f"{order.legal_basis} {order.instrument_number}".strip()[:200]


def require_unit(by: User, order: Order) -> None:
    """Raise Forbidden for officers of other units: a superior approves, the issuing unit writes."""
    if by.institution_id != order.unit_id:
        raise Forbidden(_("Only officers of the issuing unit may do this."))


def _target_columns(target: Target) -> dict[str, Any]:
    return {
        "account": target.account, "institution": target.institution, "original": target.original, "transfer": target.transfer,
        "amount_minor": target.amount_minor,
    }  # fmt: skip


def _term_columns(terms: OrderTerms) -> dict[str, Any]:
    columns = {name: getattr(terms, name) for name in TERMS}
    return columns | {"reason": terms.reason.strip() or None}
