"""Who may do what with institutions, people, lanes and deliveries."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from antifraud.policy import Actor, Reach, anywhere, by_kind, himself, own, register
from banks.models import Delivery, Institution, InstitutionKey, Lane, MachineClient, Notification, User, WebhookEndpoint

M = TypeVar("M", bound=Model)
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


# UNION, not UNION ALL: a tree that somebody made into a circle must not turn for ever.
_SUBTREE = """
WITH RECURSIVE down(id) AS (
  SELECT %s UNION SELECT i.id FROM banks_institution i JOIN down d ON i.parent_id = d.id
) SELECT id FROM down
"""


def own_tree(path: str) -> Reach:
    """Rows whose institution at `path` is the reader's own or stands below it, however deep; never one above or beside."""

    def reach(user: Actor, queryset: QuerySet[M]) -> QuerySet[M]:
        below = RawSQL(_SUBTREE, [user.institution_id])  # noqa: S611  the text is a constant, the value is bound
        return queryset.filter(**{f"{path}__in": below})

    return reach


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
    KEY_VIEW = "key.view"
    KEY_PROPOSE = "key.propose"
    KEY_APPROVE = "key.approve"
    KEY_REVOKE = "key.revoke"
    LANE_VIEW = "lane.view"
    LANE_PAUSE = "lane.pause"
    LANE_RESUME = "lane.resume"
    LANE_LIMIT = "lane.limit"
    LANE_PUSH_RESUME = "lane.push_resume"
    LANE_CHOOSE_DOOR = "lane.choose_door"
    LANE_VIEW_DOORS = "lane.view_doors"
    ENDPOINT_VIEW = "endpoint.view"
    ENDPOINT_PROPOSE = "endpoint.propose"
    ENDPOINT_APPROVE = "endpoint.approve"
    ENDPOINT_REJECT = "endpoint.reject"
    ENDPOINT_WITHDRAW = "endpoint.withdraw"
    DELIVERY_VIEW = "delivery.view"
    DELIVERY_REDRIVE = "delivery.redrive"
    QUEUE_RECEIVE = "queue.receive"
    QUEUE_ACK = "queue.ack"
    QUEUE_EXTEND = "queue.extend"
    QUEUE_NACK = "queue.nack"
    NOTIFICATION_VIEW = "notification.view"
    PLATFORM_BUMP = "platform.bump"
    PLATFORM_RESUME = "platform.resume"


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
# A bank's own supervisors and the administrator; that the second person is another one, the service sees to (R33).
_keys = rows((R.RISK_SUPERVISOR, own("institution")), (R.ADMINISTRATOR, anywhere))
register(Action.KEY_VIEW, model=InstitutionKey, rows=_keys)
register(
    Action.KEY_PROPOSE,
    model=Institution,
    rows=rows((R.RISK_SUPERVISOR, own("pk")), (ADMINISTRATION, anywhere)),
    known_by=Action.INSTITUTION_VIEW,
)
register(Action.KEY_APPROVE, model=InstitutionKey, rows=_keys, known_by=Action.KEY_VIEW)
register(Action.KEY_REVOKE, model=InstitutionKey, rows=_keys, known_by=Action.KEY_VIEW)
register(
    Action.LANE_VIEW,
    model=Lane,
    rows=rows((POLICE, everyone_by_kind), (BANK, own("institution")), (R.AUDITOR, everyone_by_kind)),
)
# Pausing keeps orders from an institution, limits slow it down: the centre's supervisors alone. An institution turns its
# own push on again.
_centre = by_kind(centre=anywhere)
_people = (R.RISK_OFFICER, R.RISK_SUPERVISOR)
for _action in (Action.LANE_PAUSE, Action.LANE_RESUME, Action.LANE_LIMIT):
    register(_action, model=Lane, rows=rows((R.SUPERVISOR, _centre)), known_by=Action.LANE_VIEW)
register(
    Action.LANE_PUSH_RESUME,
    model=Lane,
    rows=rows((R.SUPERVISOR, _centre), (R.RISK_SUPERVISOR, own("institution"))),
    known_by=Action.LANE_VIEW,
)
for _action in (Action.LANE_CHOOSE_DOOR, Action.ENDPOINT_PROPOSE):
    register(_action, model=Lane, rows=rows((_people, own("institution"))), known_by=Action.LANE_VIEW)
_endpoints = rows((R.SUPERVISOR, _centre), (_people, own("institution")))
register(Action.LANE_VIEW_DOORS, model=Lane, rows=_endpoints, known_by=Action.LANE_VIEW)
register(Action.ENDPOINT_VIEW, model=WebhookEndpoint, rows=_endpoints)
_deciding = rows((R.SUPERVISOR, _centre), (R.RISK_SUPERVISOR, own("institution")))
for _action in (Action.ENDPOINT_APPROVE, Action.ENDPOINT_REJECT, Action.ENDPOINT_WITHDRAW):
    register(_action, model=WebhookEndpoint, rows=_deciding, known_by=Action.ENDPOINT_VIEW)
register(Action.DELIVERY_REDRIVE, model=Delivery, rows=rows((R.SUPERVISOR, _centre), (_people, own("institution"))))
_deliveries = rows((BANK, own("institution")), (R.SYSTEM, anywhere))
register(Action.DELIVERY_VIEW, model=Delivery, rows=_deliveries)
for _action in (Action.QUEUE_RECEIVE, Action.QUEUE_ACK, Action.QUEUE_EXTEND, Action.QUEUE_NACK):
    register(_action, model=Delivery, rows=rows((BANK, own("institution"))))
register(Action.PLATFORM_BUMP, rows=rows((ADMINISTRATION, anywhere)))
register(Action.PLATFORM_RESUME, rows=rows((R.ADMINISTRATOR, anywhere)))
register(Action.NOTIFICATION_VIEW, model=Notification, rows=rows((EVERYBODY, himself("user"))))
