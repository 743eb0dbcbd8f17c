"""The cast of the tests: two police units under one bureau, a centre, two banks, a branch, an operator, an overseer, an administrator.

Built once into the template database; `World` reads it back. People are named by what they do: `analyst_a`, `risk_b`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

PASSWORD = "correct horse battery"

INSTITUTIONS = [
    # code, kind, name, name_zh, parent, bank_code, connected
    ("centre", "centre", "City Anti-Fraud Centre", "市反诈中心", None, "", True),
    ("bureau", "police", "City Police Bureau", "市公安局", None, "", True),
    ("unit_a", "police", "East District Police", "东城分局", "bureau", "", True),
    ("unit_b", "police", "West District Police", "西城分局", "bureau", "", True),
    ("bank_a", "bank", "Industrial and Commercial Bank", "中国工商银行", None, "ICBC", True),
    ("branch_a", "bank", "Industrial and Commercial Bank, East Branch", "中国工商银行东城支行", "bank_a", "", True),
    ("bank_b", "bank", "China Construction Bank", "中国建设银行", None, "CCB", True),
    ("bank_paper", "bank", "Village Bank", "村镇银行", None, "", False),
    ("payment", "payment", "Easy Pay", "易付", None, "", True),
    ("telecom", "telecom", "City Mobile", "城市移动", None, "", True),
    ("oversight", "oversight", "Joint Oversight Office", "联合监督办公室", None, "", True),
]
PEOPLE = [
    # username, role, institution
    *[
        (f"{role}_{unit[-1]}", real, unit)
        for unit in ("unit_a", "unit_b")
        for role, real in (
            ("analyst", "analyst"), ("second", "analyst"), ("approver", "approver"), ("duty", "duty_officer"), ("supervisor", "supervisor"),
        )
    ],
    ("bureau_approver", "approver", "bureau"),
    ("centre_analyst", "analyst", "centre"),
    ("centre_second", "analyst", "centre"),
    ("centre_approver", "approver", "centre"),
    ("centre_supervisor", "supervisor", "centre"),
    *[(f"risk_{x}", "risk_officer", f"bank_{x}") for x in "ab"],
    *[(f"risk_supervisor_{x}", "risk_supervisor", f"bank_{x}") for x in "ab"],
    *[(f"machine_{x}", "machine", f"bank_{x}") for x in "ab"],
    ("risk_branch", "risk_officer", "branch_a"),
    ("risk_paper", "risk_officer", "bank_paper"),
    ("risk_payment", "risk_officer", "payment"),
    ("risk_telecom", "risk_officer", "telecom"),
    ("overseer", "supervisor", "oversight"),
    ("auditor", "auditor", "oversight"),
    ("admin", "administrator", "platform"),
]  # fmt: skip


_read: dict[str, Any] = {}  # by name, as they stand in the template: every test's database is a copy of it


class World:
    """Institutions and people by their code or user name: `world.bank_a`, `world.analyst_a`; each test has its own objects."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        from banks.models import Institution, User

        if name.startswith("_"):
            raise AttributeError(name)
        if not _read:
            _read.update({found.username: found for found in User.objects.all()})
            _read.update({found.code: found for found in Institution.objects.all()})
        if name not in _read:
            raise AttributeError(f"nobody in the cast is called {name}")
        if name not in self._kept:
            self._kept[name] = deepcopy(_read[name])
        return self._kept[name]


def build() -> None:
    """Insert the cast; the legal profile, calendar and platform institution come from `lay_foundation`."""
    from django.contrib.auth.models import Group

    from banks.models import BankName, CardPrefix, Institution, Lane, LegalProfile, User, WorkCalendar

    profile, calendar = LegalProfile.objects.get(code="CN"), WorkCalendar.objects.get(code="CN")
    made: dict[str, Institution] = {"platform": Institution.objects.get(kind="platform")}
    for code, kind, name, name_zh, parent, bank_code, connected in INSTITUTIONS:
        made[code] = Institution.objects.create(
            code=code, kind=kind, name=name, name_zh=name_zh, parent=made.get(parent or ""), bank_code=bank_code, connected=connected,
            group=Group.objects.create(name=code), legal_profile=profile, calendar=calendar,
        )  # fmt: skip
        if made[code].is_executing:
            Lane.objects.create(institution=made[code])
    for username, role, institution in PEOPLE:
        user = User(
            username=username,
            full_name=username.replace("_", " ").title(),
            role=role,
            institution=made[institution],
            language="en",
        )
        user.set_password(PASSWORD)
        user.save()
    CardPrefix.objects.bulk_create(
        CardPrefix(prefix=prefix, bank_code=bank, card_kind="DC", number_length=19)
        for prefix, bank in (("622202", "ICBC"), ("621700", "CCB"), ("6228", "ABC"))
    )
    BankName.objects.bulk_create(
        BankName(bank_code=bank, name=name)
        for bank, name in (
            ("ICBC", "中国工商银行"),
            ("ICBC", "工行"),
            ("CCB", "中国建设银行"),
            ("CCB", "建行"),
            ("ABC", "中国农业银行"),
        )
    )


if __name__ == "__main__":
    import django

    django.setup()
    build()
