"""Who stands on a return's worksheet and who does not: victims without a line, payees of another name than the victim's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.models import Refund, RefundRound, RefundShare
from antifraud.crypto.fields import preload_rows
from antifraud.crypto.normal import normal_name
from cases.models import Victim


@dataclass(frozen=True)
class LeftOut:
    """A victim of the case without a line. `round_number`, `loss_minor`: their last line in this return, if they had one."""

    victim: Victim
    round_number: int | None
    loss_minor: int | None
    is_since: bool  # had a line in the round right before
    name: str = ""  # in clear, for who decides


def victims_left_out(refund: Refund, current: RefundRound) -> list[LeftOut]:
    """Victims of the case that this round gives no line, in the order of their entry; three statements.

    Only those who were known before the next round or the decision: the paper of a decision does not change with what is found
    later. The caller has let the reader see the return, and with it the case's victims.
    """
    inside = RefundShare.objects.filter(round=current).values("victim")
    rows = Victim.objects.filter(case=refund.case_id).exclude(pk__in=inside).order_by("created_at", "pk")
    until = _until(refund, current)
    victims = list(rows.filter(created_at__lte=until) if until else rows)
    earlier = RefundShare.objects.filter(refund=refund, victim__in=victims, round__number__lt=current.number)
    last: dict[UUID, tuple[int, int]] = {}
    for pk, number, loss in earlier.order_by("round__number").values_list("victim", "round__number", "loss_minor"):
        last[pk] = (number, loss)
    found = []
    for victim in victims:
        line = last.get(victim.pk)
        is_since = line is not None and line[0] == current.number - 1
        found.append(LeftOut(victim, line[0] if line else None, line[1] if line else None, is_since))
    return found


def named(found: Iterable[LeftOut]) -> list[LeftOut]:
    """With their names in clear, whatever keys they lie under by one statement; the caller has written the audit row."""
    rows = list(found)
    preload_rows(each.victim for each in rows)
    return [replace(each, name=each.victim.name.open()) for each in rows]


def is_another_name(share: RefundShare) -> bool:
    """Whether the payee is called otherwise than the victim. Both are opened here and compared, nothing is shown."""
    return normal_name(share.payee_name.open()) != normal_name(share.victim.name.open())


def other_names(shares: Iterable[RefundShare]) -> list[RefundShare]:
    """Those that pay somebody of another name than the victim's."""
    return [share for share in shares if is_another_name(share)]


def _until(refund: Refund, current: RefundRound) -> datetime | None:
    later = [each.opened_at for each in refund.rounds.all() if each.number > current.number]
    return min(later) if later else refund.decided_at
