"""Issues orders at set times whatever the platform does (open loop), several threads of one process; as a process.

Each issue is the service's: the order's row (read before) is locked, all effects of issuing are written, the bells rung
after the commit. What goes before it on the approval page is measured there (`make bench-pages`). Reads lines {"orders": [ids],
"rate"} or {"ring": [institution ids]}; answers a line {"sent": {order: [due, committed]}, "cpu": seconds}.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from accounts.models import Order  # noqa: E402
from accounts.services.orders.issue import order_issue  # noqa: E402
from antifraud.db import lock, unit_of_work  # noqa: E402
from antifraud.outbox import bell  # noqa: E402
from banks.models import User  # noqa: E402
from banks.services.deliveries import LANE_TASK  # noqa: E402
from tests.chaos.load import UNIT  # noqa: E402

THREADS = 6
LEAD = 0.3  # seconds until the first is due
GRACE = 5.0
ROWS = Order.objects.select_related("case", "account", "institution")


class Producer:
    """The approver of unit 00, six at once."""

    def __init__(self) -> None:
        self.by = User.objects.select_related("institution").get(username=f"{UNIT}.2")
        self.pool = ThreadPoolExecutor(THREADS)
        ready = threading.Barrier(THREADS)
        list(self.pool.map(lambda _n: self._warm(ready), range(THREADS)))

    def _warm(self, ready: threading.Barrier) -> None:
        """A thread that has its connection; the barrier makes sure that each has."""
        with unit_of_work(self.by):
            ready.wait(30)

    def feed(self, orders: list[str], rate: float) -> dict[str, list[float]]:
        """Issue the n-th at begin + n / rate, or as soon after it as a thread is free; both times, by the wall clock.

        What could not be issued in twice the time (and five seconds) is left out: the rate was not kept.
        """
        rows = {str(order.pk): order for order in ROWS.filter(pk__in=orders)}
        begin = time.time() + LEAD
        end = begin + 2 * len(orders) / rate + GRACE

        def one(place: int) -> tuple[str, list[float]] | None:
            due = begin + place / rate
            time.sleep(max(0.0, due - time.time()))
            return (orders[place], [due, self._issue(rows[orders[place]])]) if time.time() < end else None

        return dict(sent for sent in self.pool.map(one, range(len(orders))) if sent is not None)

    def _issue(self, order: Order) -> float:
        committed: list[float] = []
        with unit_of_work(self.by) as work:
            transaction.on_commit(lambda: committed.append(time.time()))  # the first hook: before any bell is rung
            lock(Order.objects.filter(pk=order.pk)).values_list("pk").get()
            changes = {"approver": self.by, "approved_at": work.now}
            order_issue(order, by=self.by, verb="approve", changes=changes, detail={})
        return committed[0]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Line by line until the input ends."""
    producer = Producer()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        for institution in asked.get("ring", []):
            bell.ring(LANE_TASK, institution)
        before = _cpu()
        sent = producer.feed(asked.get("orders", []), asked.get("rate", 1))
        print(json.dumps({"sent": sent, "cpu": _cpu() - before}), flush=True)


if __name__ == "__main__":
    main()
