"""People and systems of institutions and what they were told; what they may do is the policy's business."""

from __future__ import annotations

from uuid import UUID

from axes.models import AccessAttempt
from django.db.models import Q, QuerySet, Sum

from antifraud import policy
from banks.models import Institution, MachineClient, Notification, User
from banks.policy import POLICE, Action
from banks.selectors.institutions import centre_institutions, superiors

DECIDING = (User.Role.APPROVER, User.Role.SUPERVISOR)


def users_list(*, user: User, search: str = "", role: str = "", institution_id: UUID | None = None) -> QuerySet[User]:
    """People that the reader may see, by institution and name; the platform's own actor is nobody to manage."""
    rows = policy.scope(user, Action.USER_VIEW, User.objects.exclude(role=User.Role.SYSTEM))
    if role:
        rows = rows.filter(role=role)
    if institution_id:
        rows = rows.filter(institution=institution_id)
    if search:
        rows = rows.filter(
            Q(username__icontains=search) | Q(full_name__icontains=search) | Q(badge_number__iexact=search)
        )
    return rows.select_related("institution", "home_institution").order_by("institution__code", "username")


def user_detail(*, user: User, user_id: UUID) -> User:
    """One person; raises NotFound."""
    queryset = User.objects.exclude(role=User.Role.SYSTEM).select_related("institution", "home_institution")
    return policy.get(user, Action.USER_VIEW, queryset, user_id)


def failed_log_ins(person: User) -> int:
    """Wrong passwords that count towards the lock-out at present."""
    rows = AccessAttempt.objects.filter(username=person.username)
    return int(rows.aggregate(total=Sum("failures_since_start"))["total"] or 0)


def clients_list(*, user: User) -> QuerySet[MachineClient]:
    """Machine clients that the reader may see, with institution and machine user."""
    rows = policy.scope(user, Action.CLIENT_VIEW, MachineClient.objects.select_related("institution", "user"))
    return rows.order_by("institution__code", "id")


def notifications_list(*, user: User) -> QuerySet[Notification]:
    """The reader's own notifications, newest first."""
    return policy.scope(user, Action.NOTIFICATION_VIEW, Notification.objects.all()).order_by("-created_at", "-id")


def second_officers(*, user: User) -> QuerySet[User]:
    """Colleagues of the same institution who may be named second officer (domain.md §3)."""
    return (
        User.objects.filter(institution=user.institution_id, is_active=True, role__in=POLICE)
        .exclude(pk=user.pk)
        .order_by("full_name", "username")
    )


def approvers(unit: Institution) -> QuerySet[User]:
    """Who may decide on the unit's orders: approvers and supervisors of the unit, of bodies above it, and of the centres."""
    deciding = Q(institution__in=superiors(unit)) | Q(institution__in=centre_institutions().values("pk"))
    return User.objects.filter(deciding, is_active=True, role__in=DECIDING).order_by("full_name", "username")


def supervisors(institution: Institution) -> QuerySet[User]:
    """The active supervisors of one institution (police, centre, oversight or bank)."""
    roles = (User.Role.SUPERVISOR, User.Role.RISK_SUPERVISOR)
    return User.objects.filter(institution=institution, is_active=True, role__in=roles).order_by("username")


def risk_people(institution_ids: list[UUID]) -> QuerySet[User]:
    """The active people of executing institutions who read notifications (never their machines)."""
    roles = (User.Role.RISK_OFFICER, User.Role.RISK_SUPERVISOR)
    return User.objects.filter(institution__in=institution_ids, is_active=True, role__in=roles).order_by("username")


def supervisors_of(institution_ids: list[UUID]) -> QuerySet[User]:
    """The active supervisors of these institutions."""
    roles = (User.Role.SUPERVISOR, User.Role.RISK_SUPERVISOR)
    return User.objects.filter(institution__in=institution_ids, is_active=True, role__in=roles).order_by("username")


def duty_officers(institution_ids: list[UUID]) -> QuerySet[User]:
    """The active duty officers of these institutions."""
    rows = User.objects.filter(institution__in=institution_ids, is_active=True, role=User.Role.DUTY_OFFICER)
    return rows.order_by("username")


def platform_watchers() -> QuerySet[User]:
    """Who must know that the platform stands still: administrators, and the supervisors of centres and oversight."""
    kinds = (Institution.Kind.CENTRE, Institution.Kind.OVERSIGHT)
    above = Q(role=User.Role.SUPERVISOR, institution__kind__in=kinds)
    return User.objects.filter(above | Q(role=User.Role.ADMINISTRATOR), is_active=True).order_by("username")


def administrators() -> QuerySet[User]:
    """The active administrators of the platform."""
    return User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).order_by("username")


def administrator_named(username: str) -> User | None:
    """The active administrator of that user name, for commands; None where there is none."""
    return User.objects.filter(username__iexact=username, role=User.Role.ADMINISTRATOR, is_active=True).first()


def lane_people(institution_id: UUID) -> QuerySet[User]:
    """Who hears of a lane in trouble: the institution's own people, and the supervisors of the centres."""
    own = Q(institution=institution_id, role__in=(User.Role.RISK_OFFICER, User.Role.RISK_SUPERVISOR))
    above = Q(role=User.Role.SUPERVISOR, institution__kind=Institution.Kind.CENTRE)
    return User.objects.filter(own | above, is_active=True).order_by("username")


def people_of(user_ids: list[UUID]) -> QuerySet[User]:
    """Active users by id, for telling them something."""
    return User.objects.filter(pk__in=user_ids, is_active=True).order_by("username")
