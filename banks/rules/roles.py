"""Which roles the people of each kind of institution can have (domain.md §1); what a role may do is the policy's."""

from __future__ import annotations

_POLICE = ("analyst", "approver", "duty_officer", "supervisor")
_EXECUTING = ("risk_officer", "risk_supervisor")

PERSONS: dict[str, tuple[str, ...]] = {
    "centre": _POLICE,
    "police": _POLICE,
    "bank": _EXECUTING,
    "payment": _EXECUTING,
    "telecom": _EXECUTING,
    "oversight": ("supervisor", "auditor"),
    "platform": ("administrator",),
}
MACHINE = "machine"
MACHINE_KINDS = ("bank", "payment", "telecom")
SYSTEM = "system"
NOBODYS_LOGIN = (MACHINE, SYSTEM)  # these never log in by a form


def is_allowed(role: str, institution_kind: str) -> bool:
    """Whether a user of this kind of institution can have the role."""
    if role == SYSTEM:
        return institution_kind == "platform"
    if role == MACHINE:
        return institution_kind in MACHINE_KINDS
    return role in PERSONS.get(institution_kind, ())
