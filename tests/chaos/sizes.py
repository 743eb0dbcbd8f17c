"""How big each scenario is: the smoke of the suite, the run of every day, and the full sizes of the acceptance tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts and seconds; each bounded, so that a run ends whatever the platform does."""

    kills: int  # T1: SIGKILLs of relays, and as many of workers
    postmaster_kills: int
    crash_orders: int  # T1: in flight
    crash_rate: float
    database_orders: int  # T2
    database_rate: float
    outage: float  # seconds that a server or duty is away
    outage_orders: int
    delivery_p99: (
        float  # seconds while Valkey is away; in the suite, on a shared machine, only that nothing waits for a lease
    )
    web_kills: int
    web_orders: int  # T5: POSTs under keys of their own
    stall: float  # T6: longer than the lease of a post, 30 s
    pairs: int  # T10: interleaved pairs
    pair_seconds: float
    event_rate: float
    backlog: int  # T11
    copies: int  # T12: orders that come three times
    parallel: int  # T13
    decisions: int  # T14
    grace: float = 1.0  # T16: seconds after a lease's end; in the suite only that it comes by itself


SMOKE = Sizes(
    kills=4, postmaster_kills=1, crash_orders=40, crash_rate=10, database_orders=30, database_rate=10, outage=8,
    outage_orders=30, delivery_p99=60, web_kills=4, web_orders=30, stall=35, pairs=1, pair_seconds=4, event_rate=20, backlog=100,
    copies=10, parallel=40, decisions=20, grace=8.0,
)  # fmt: skip
SHORT = Sizes(
    kills=50, postmaster_kills=10, crash_orders=400, crash_rate=4, database_orders=500, database_rate=8, outage=60,
    outage_orders=200, delivery_p99=5, web_kills=50, web_orders=300, stall=35, pairs=5, pair_seconds=12, event_rate=40, backlog=2_000,
    copies=40, parallel=200, decisions=100,
)  # fmt: skip
FULL = Sizes(
    kills=200, postmaster_kills=20, crash_orders=1_000, crash_rate=10, database_orders=12_000, database_rate=50, outage=600,
    outage_orders=2_000, delivery_p99=5, web_kills=1_000, web_orders=4_000, stall=35, pairs=5, pair_seconds=120, event_rate=40,
    backlog=10_000, copies=200, parallel=200, decisions=100,
)  # fmt: skip
