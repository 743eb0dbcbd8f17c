"""The post office's handlers for alerts and their notices; the tables and the machinery are in `deliveries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from accounts.models import Alert
from accounts.rules.paths import alert_path, notice_path
from accounts.selectors.alerts import alert_to_carry, notice_to_carry
from accounts.services.alerts.send import notices_make_available
from banks.models import Delivery, User
from banks.selectors.users import approvers, people_of, risk_people
from banks.services.notifications import notify, notify_each

if TYPE_CHECKING:
    from antifraud.deliveries import Fact, Handler, Hint
    from antifraud.lanes import Arrival

KIND = "alert"


def alert_submitted(fact: Fact) -> Iterable[Hint]:
    """Another person decides: the unit's approvers, bodies above it, the centre."""
    alert = alert_to_carry(user=fact.by, alert_id=fact.subject_id)
    if alert.status == Alert.Status.AWAITING_APPROVAL:
        deciding = approvers(alert.unit).exclude(pk__in=alert.written_by)
        notify(users=deciding, code="alert.submitted", params={"number": alert.number}, url=alert_path(alert.pk))
    return [(alert.unit_id, KIND)]


def alert_moved(fact: Fact) -> Iterable[Hint]:
    """The unit's pages look again."""
    return [(alert_to_carry(user=fact.by, alert_id=fact.subject_id).unit_id, KIND)]


def alert_rejected(fact: Fact) -> Iterable[Hint]:
    """The operator hears of it."""
    alert = alert_to_carry(user=fact.by, alert_id=fact.subject_id)
    people = people_of([alert.created_by_id])
    notify(users=people, code=fact.topic, params={"number": alert.number}, url=alert_path(alert.pk))
    return [(alert.unit_id, KIND)]


def notice_moved(fact: Fact) -> Iterable[Hint]:
    """Both sides' pages look again; nobody is told of every single acknowledgement."""
    notice = notice_to_carry(user=fact.by, notice_id=fact.subject_id)
    return [(notice.alert.unit_id, KIND), (notice.institution_id, KIND)]


def notice_reported_back(fact: Fact) -> Iterable[Hint]:
    """The operator hears that there is something to read."""
    notice = notice_to_carry(user=fact.by, notice_id=fact.subject_id)
    people = people_of([notice.alert.created_by_id])
    params = {"number": notice.alert.number}
    notify(users=people, code="alert.reported_back", params=params, url=alert_path(notice.alert_id))
    return [(notice.alert.unit_id, KIND), (notice.institution_id, KIND)]


def notices_come(deliveries: Sequence[Delivery], by: User, at: datetime) -> None:
    """The term to acknowledge runs from now, and the institution's people hear of it."""
    fresh = notices_make_available([delivery.subject_id for delivery in deliveries], by=by, at=at)
    if fresh:
        things = [({"number": notice.alert.number}, notice_path(notice.pk)) for notice in fresh]
        notify_each(users=risk_people([deliveries[0].institution_id]), code="alert.arrived", things=things)


ALERT_TOPICS: Mapping[str, Handler] = {
    "alert.submitted": alert_submitted,
    "alert.issued": alert_moved,
    "alert.rejected": alert_rejected,
    "alert.closed": alert_moved,
    "notice.read": notice_moved,
    "notice.acknowledged": notice_moved,
    "notice.reported_back": notice_reported_back,
    "notice.closed": notice_moved,
}
ALERT_DELIVERIES: Mapping[str, Arrival] = {"alert.issued": notices_come}
