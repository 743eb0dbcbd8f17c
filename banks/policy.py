"""Who may do what with institutions, people, lanes and deliveries."""

from __future__ import annotations

from enum import StrEnum

from antifraud.policy import Reach, anywhere, by_kind, himself, own, register
from banks.models import Delivery, Institution, Lane, MachineClient, Notification, User

R = User.Role
EVERYBODY = tuple(R)
POLICE = (R.ANALYST, R.APPROVER, R.DUTY_OFFICER, R.SUPERVISOR)
BANK = (R.RISK_OFFICER, R.RISK_SUPERVISOR, R.MACHINE)
ADMINISTRATION = (R.ADMINISTRATOR, R.SYSTEM)  # the platform itself: commands and demo data, never a log-in


def rows(*parts: tuple[tuple[str, ...] | str, Reach]) -> dict[str, Reach]:
    """(roles, reach) pairs as one policy row."""
    table: dict[str, Reach] = {}
    for roles, reach in parts:
        for role in (roles,) if isinstance(roles, str) else roles:
            table[str(role)] = reach
    return table


class Action(StrEnum):
    """The actions of floor 1."""

    INSTITUTION_VIEW = "institution.view"
    INSTITUTION_CREATE = "institution.create"
    INSTITUTION_UPDATE = "institution.update"
    USER_VIEW = "user.view"
    USER_CREATE = "user.create"
    USER_UPDATE = "user.update"
    CLIENT_VIEW = "client.view"
    CLIENT_CREATE = "client.create"
    LANE_VIEW = "lane.view"
    DELIVERY_VIEW = "delivery.view"
    QUEUE_RECEIVE = "queue.receive"
    QUEUE_ACK = "queue.ack"
    QUEUE_EXTEND = "queue.extend"
    QUEUE_NACK = "queue.nack"
    NOTIFICATION_VIEW = "notification.view"


_own = own("institution")
everyone_by_kind = by_kind(centre=anywhere, police=anywhere, oversight=anywhere, bank=_own, payment=_own, telecom=_own)

register(Action.INSTITUTION_VIEW, model=Institution, rows=rows((EVERYBODY, anywhere)))
register(Action.INSTITUTION_CREATE, rows=rows((ADMINISTRATION, anywhere)))
register(
    Action.INSTITUTION_UPDATE,
    model=Institution,
    rows=rows((ADMINISTRATION, anywhere)),
    known_by=Action.INSTITUTION_VIEW,
)
register(Action.USER_VIEW, model=User, rows=rows((R.ADMINISTRATOR, anywhere), (POLICE, own("institution"))))
register(Action.USER_CREATE, rows=rows((ADMINISTRATION, anywhere)))
register(Action.USER_UPDATE, model=User, rows=rows((ADMINISTRATION, anywhere)), known_by=Action.USER_VIEW)
register(Action.CLIENT_VIEW, model=MachineClient, rows=rows((R.ADMINISTRATOR, anywhere)))
register(Action.CLIENT_CREATE, rows=rows((ADMINISTRATION, anywhere)))
register(
    Action.LANE_VIEW,
    model=Lane,
    rows=rows((POLICE, everyone_by_kind), (BANK, own("institution")), (R.AUDITOR, everyone_by_kind)),
)
_deliveries = rows((BANK, own("institution")), (R.SYSTEM, anywhere))
register(Action.DELIVERY_VIEW, model=Delivery, rows=_deliveries)
for _action in (Action.QUEUE_RECEIVE, Action.QUEUE_ACK, Action.QUEUE_EXTEND, Action.QUEUE_NACK):
    register(_action, model=Delivery, rows=rows((BANK, own("institution"))))
register(Action.NOTIFICATION_VIEW, model=Notification, rows=rows((EVERYBODY, himself("user"))))
