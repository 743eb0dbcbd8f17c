"""Puts deliveries into lanes at a steady rate, as services do it: a unit of work each, the bell after the commit.

As a process: reads one JSON line {"rate", "count", "banks": [codes], "priorities": [numbers]} and prints, after each commit,
{"delivery", "subject", "bank", "priority", "at"}. What they are about is nothing: the notice of a cancelled order, whose
arrival changes no order, so that the lanes alone are measured.
"""

from __future__ import annotations

import json
import sys
import time
from uuid import uuid4

import django

django.setup()

from antifraud.db import unit_of_work  # noqa: E402
from banks.models import Institution  # noqa: E402
from banks.selectors.institutions import system_user  # noqa: E402
from banks.services.deliveries import delivery_enqueue  # noqa: E402

TOPIC = "order.cancelled"


def main() -> None:
    """Feed until told to stop; `rate` 0 is as fast as it goes."""
    by = system_user()
    for line in sys.stdin:
        wanted = json.loads(line)
        banks = [Institution.objects.get(code=code) for code in wanted["banks"]]
        began = time.monotonic()
        for number in range(wanted["count"]):
            if wanted["rate"]:
                time.sleep(max(0.0, began + number / wanted["rate"] - time.monotonic()))
            bank = banks[number % len(banks)]
            priority = wanted["priorities"][number // len(banks) % len(wanted["priorities"])]
            with unit_of_work(by):
                sent = delivery_enqueue(
                    institution=bank, topic=TOPIC, subject_id=uuid4(), case_id=None, priority=priority
                )
            told = {"delivery": str(sent.id), "subject": str(sent.subject_id), "bank": bank.code, "priority": priority}
            print(json.dumps(told | {"at": time.time()}), flush=True)
        print(json.dumps({"done": wanted["count"]}), flush=True)


if __name__ == "__main__":
    main()
