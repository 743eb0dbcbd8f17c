"""Why the limits or seeds of a trace are refused: codes and English texts, nothing else."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    "trace_unknown_field": "A trace has no such limit. Leave it out.",
    "trace_choice": "This is not one of the choices. Use one of: {choices}.",
    "trace_number": "This must be a whole number from {least} to {most}. Enter such a number.",
    "trace_until": "This must be a time with its offset, such as 2026-11-01T08:00:00+08:00. Enter it so or leave it out.",
    "seeds_missing": "A trace starts from at least one and at most {most} payments. Choose the payments.",
    "seed_numbers": "Each payment needs its number and the part of it in minor units, from and to. Enter whole numbers.",
    "seed_unknown": "Payment {entry} is not in the ledger of this case. Choose one that is.",
    "seed_range": "The part of payment {entry} must lie within its amount, and its end above its beginning. Correct the part.",
    "seed_overlap": "Two parts of payment {entry} overlap. Choose each cent once.",
    "seed_both_sides": "Payment {entry} goes into an account that payment {other} goes out of: the same money would count twice. "
    "Choose the payments on one side of the account.",
    "seed_currencies": "The payments are in several currencies. Trace each currency by itself.",
}
