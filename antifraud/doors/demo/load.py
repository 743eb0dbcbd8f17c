"""Load the demo city: sixty cases of thirty days, past ones by chance and today's by script, on a moved clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Hold, Order
from antifraud import db
from antifraud.doors.demo.alerts import alerts_tell
from antifraud.doors.demo.bodies import MADE_FIRST, MADE_LAST
from antifraud.doors.demo.city import City, administrator_make, city_build
from antifraud.doors.demo.clock import move_to, moved_clock
from antifraud.doors.demo.filing import Plan
from antifraud.doors.demo.past import past_case
from antifraud.doors.demo.stage import Stage
from antifraud.doors.demo.today import SCRIPTS, today_case
from banks.models import Institution, User
from cases.models import Case

CASES = 60
DAYS = 30
SEED = 20_261_122
ZONE = ZoneInfo("Asia/Shanghai")
# How many reports come in by the hour of the day.
HOURS = (1, 1, 0, 0, 0, 0, 1, 2, 4, 7, 9, 8, 6, 6, 8, 9, 9, 7, 5, 6, 8, 8, 5, 3)
ENDINGS = {"solved": 7, "refuse": 2, "withdraw": 1, "clear": 1, "transfer": 2}


@dataclass(frozen=True)
class Loaded:
    """What the database holds now."""

    cases: int
    orders: dict[str, int]
    holds: dict[str, int]
    moments: int


def is_empty() -> bool:
    """No case at all."""
    return not Case.objects.exists()


def is_interrupted() -> bool:
    """Loading began here and did not come to its end; what is there cannot be taken back (the audit log keeps it)."""
    begun = User.objects.filter(username=MADE_FIRST).exists() and not is_empty()
    return begun and not User.objects.filter(username=MADE_LAST).exists()


def load(seed: int = SEED) -> Loaded:
    """Play the thirty days up to this moment; afterwards the legal clock shows the real time again.

    The same seed gives the same people and the same mix of cases. Raises the database's refusal in production mode.
    """
    end = db.app_now()
    with moved_clock():
        start = end - timedelta(days=DAYS, hours=2)
        move_to(start)
        city = city_build(seed, start)
        stage = Stage(city, seed, end)
        types = city.inventor.fraud_types(CASES)
        for plan in past_plans(city, end, types[: CASES - len(SCRIPTS)]):
            stage.timeline.add(past_case(stage, plan))
        for serial, (hours, script, paper) in enumerate(SCRIPTS, CASES - len(SCRIPTS) + 1):
            plan = today_plan(city, end, serial, hours, fraud_type=types[serial - 1], paper=paper)
            stage.timeline.add(today_case(stage, plan, script))
        alerts_tell(stage)
        stage.timeline.run()
        move_to(end)
        administrator_make(city)
    return Loaded(
        Case.objects.count(),
        dict(Counter(Order.objects.values_list("status", flat=True))),
        dict(Counter(Hold.objects.values_list("status", flat=True))),
        stage.timeline.moments,
    )


def past_plans(city: City, end: datetime, types: list[str]) -> list[Plan]:
    """The cases of the last days but three, spread over days and hours, units and classes of fraud."""
    inventor = city.inventor
    chance = inventor.random
    endings = [name for name, number in ENDINGS.items() for _n in range(number)]
    days = sorted((chance.uniform(2.2, DAYS - 0.2) for _type in types), reverse=True)
    plans = []
    for serial, (day, fraud_type) in enumerate(zip(days, types, strict=True), 1):
        # What ended in law is among the older half, so that its time has passed.
        ending = endings.pop(chance.randrange(len(endings))) if endings and day > 9 and chance.random() < 0.6 else ""
        plans.append(
            Plan(
                serial, _daytime(end - timedelta(days=day), chance.choices(range(24), HOURS)[0], chance.uniform(0, 60)), fraud_type,
                _unit(city), ending=ending, emergency=chance.random() < 0.15, phone=chance.random() < 0.12,
                paper=serial in {6, 21}, query=chance.random() < 0.18,
            )
        )  # fmt: skip
    return plans


def _daytime(at: datetime, hour: int, minute: float) -> datetime:
    """The same local day at an hour when people call."""
    local = at.astimezone(ZONE).replace(hour=hour, minute=0, second=0, microsecond=0)
    return local + timedelta(minutes=minute)


def _unit(city: City) -> Institution:
    """Who takes the report: mostly a district, now and then the centre itself."""
    units = [*city.districts, city.institutions["yh-centre"]]
    return city.inventor.random.choices(units, (34, 28, 24, 14))[0]


def today_plan(city: City, end: datetime, serial: int, hours: float, *, fraud_type: str, paper: bool) -> Plan:
    """A plan for one of today's scripts; districts in turn, the centre now and then."""
    units = [*city.districts, city.institutions["yh-centre"]]
    return Plan(serial, end - timedelta(hours=hours), fraud_type, units[serial % 4], paper=paper)
