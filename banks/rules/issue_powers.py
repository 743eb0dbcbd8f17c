"""Who may issue which order kind on which legal basis, as configured for profile CN; read second hand, no claim
of conformity. Shown to all as a table (domain.md §1); whether an order keeps to it is checked by floor 3."""

from __future__ import annotations

from typing import NamedTuple

from banks.rules.legal_profile import ORDER_KINDS

LEGAL_BASIS_LABELS: dict[str, str] = {
    "fraud_20": "Anti-Telecom-Fraud Law art. 20",
    "fraud_11": "Anti-Telecom-Fraud Law art. 11",
    "procedure_144": "Criminal Procedure Law art. 144",
    "procedure_145": "Criminal Procedure Law art. 145",
}
ISSUERS = ("police", "centre")


class Power(NamedTuple):
    """One line of the table; `instrument_required`: the order must name a legal instrument."""

    institution_kind: str
    order_kind: str
    legal_basis: str
    instrument_required: bool


# order kind -> (legal basis, instrument required). A stop needs only the incident number; a freeze needs papers.
_BASES: dict[str, tuple[tuple[str, bool], ...]] = {
    "stop": (("fraud_20", False),),
    "stop_release": (("fraud_20", False),),
    "stop_extend": (("fraud_20", False),),
    "freeze": (("procedure_144", True),),
    "freeze_release": (("procedure_145", True),),
    "freeze_extend": (("procedure_144", True),),
    "query_transactions": (("procedure_144", True), ("fraud_20", False)),
    "query_holder": (("procedure_144", True), ("fraud_20", False)),
    "watch": (("procedure_144", True), ("fraud_20", False)),
    "watch_end": (("fraud_20", False),),
    "suspend_number": (("fraud_11", False),),
    "restore_number": (("fraud_11", False),),
}

POWERS: tuple[Power, ...] = tuple(
    Power(issuer, kind, LEGAL_BASIS_LABELS[basis], required)
    for issuer in ISSUERS
    for kind in ORDER_KINDS
    for basis, required in _BASES[kind]
)
