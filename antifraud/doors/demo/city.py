"""Who takes part in the demo city: bodies, their people, prefixes; made by the services, found again where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import make_password

from antifraud import db
from antifraud.doors.demo.bodies import BODIES, DISTRICTS, MADE_LAST, NAMES, PREFIXES, ROLES, Body
from antifraud.doors.demo.invented import Inventor
from banks.models import Institution, User
from banks.selectors.institutions import institution_by_code, system_user
from banks.services.institutions import institution_create
from banks.services.prefixes import bank_names_import, prefixes_import
from banks.services.users import user_create

# Published on purpose: it opens invented people in a drill database and nothing else.
DEMO_PASSWORD = "yunhai-demo-2026"  # noqa: S105
NO_LOG_IN = "machine"


@dataclass
class City:
    """Institutions by code, people by user name, and how often accounts are kept where."""

    inventor: Inventor
    system: User
    institutions: dict[str, Institution] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    @property
    def districts(self) -> list[Institution]:
        """The police units that file most cases."""
        return [self.institutions[code] for code in DISTRICTS]

    @property
    def banks(self) -> list[Institution]:
        """Connected head offices."""
        return [self.institutions[body.code] for body in BODIES if body.weight]

    def any_bank(self) -> Institution:
        """A bank, large ones more often."""
        weights = [body.weight for body in BODIES if body.weight]
        return self.inventor.random.choices(self.banks, weights)[0]

    def person(self, institution: Institution, part: str) -> User:
        """Somebody of an institution: analyst, second, approver, officer, supervisor …"""
        return self.people[f"{_body(institution.code).short}.{part}"]


def _body(code: str) -> Body:
    return next(body for body in BODIES if body.code == code)


def city_build(seed: int, at: datetime) -> City:
    """The bodies and people that are missing, in one unit of work; `at` is the legal time that it is done at."""
    system = system_user()
    city = City(Inventor(seed), system)
    with db.unit_of_work(system):
        for body in BODIES:
            city.institutions[body.code] = institution_by_code(body.code) or _institution(city, body)
        known = {user.username: user for user in User.objects.exclude(role=User.Role.SYSTEM)}
        for body in BODIES:
            for part, role in ROLES[body.kind]:
                username = f"{body.short}.{part}"
                city.people[username] = known.get(username) or _person(
                    city, username, role, city.institutions[body.code]
                )
        _open_log_ins([user for user in city.people.values() if user.role != NO_LOG_IN], at)
        prefixes_import(by=system, rows=PREFIXES)
        bank_names_import(by=system, rows=NAMES)
    return city


def administrator_make(city: City) -> User:
    """The last thing that is made: where this person exists, the demo data is complete."""
    with db.unit_of_work(city.system):
        platform = city.system.institution
        made = _person(city, MADE_LAST, "administrator", platform)
        _open_log_ins([made], None)
    return made


def _institution(city: City, body: Body) -> Institution:
    return institution_create(
        by=city.system, kind=body.kind, code=body.code, name=body.name, name_zh=body.name_zh, bank_code=body.bank_code,
        parent=city.institutions[body.parent] if body.parent else None, connected=body.connected,
        phone=f"0990-0000{city.inventor.random.randint(1000, 9999)}",
    )  # fmt: skip


def _person(city: City, username: str, role: str, institution: Institution) -> User:
    is_machine = role == NO_LOG_IN
    return user_create(
        by=city.system, username=username, role=role, institution=institution,
        full_name=f"{institution.name} system" if is_machine else city.inventor.name(),
        badge_number=f"{city.inventor.random.randint(100000, 999999)}" if institution.is_police else "",
        language="en" if is_machine else "zh-hans",
    )  # fmt: skip


def _open_log_ins(people: list[User], at: datetime | None) -> None:
    """One password for all, hashed once: a slow hash for each of seventy people would take longer than their cases."""
    ids = [user.pk for user in people]
    columns = {"password": make_password(DEMO_PASSWORD)} | ({"date_joined": at} if at else {})
    User.objects.filter(pk__in=ids).update(**columns)
