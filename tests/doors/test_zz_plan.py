from django.db import connection
from tests.banks.lanes import make_ready, let_pass
from banks.models import Delivery
from banks.services.queue import queue_receive
OLD="""UPDATE banks_delivery SET state = 'ready', lease_token = NULL, lease_until = NULL
WHERE id IN (SELECT id FROM banks_delivery WHERE state = 'leased' AND lease_until < clock_timestamp()
  ORDER BY lease_until LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id"""
def test_x(world, act):
    make_ready(world.bank_a, 5)
    with act(world.machine_a): queue_receive(by=world.machine_a, max_count=10, visibility_seconds=30)
    let_pass(31)
    with connection.cursor() as c:
        for off in ("enable_hashjoin","enable_mergejoin","enable_hashagg","enable_material","enable_sort","enable_indexscan","enable_bitmapscan"):
            c.execute(f"SET LOCAL {off}=off")
        c.execute("EXPLAIN "+OLD); print("PLAN", "\nPLAN ".join(r[0] for r in c.fetchall()))
        c.execute(OLD); print("PLAN rows", len(c.fetchall()))
