import time, pytest
from antifraud.deliveries import lane_push
from tests.banks.lanes import enqueue
from banks.models import Lane, Delivery
from banks.selectors.lanes import lanes_waiting
from django.db import connection
@pytest.mark.django_db(transaction=True)
def test_b(world, issued):
    enqueue(world.bank_a, 400, topic="order.cancelled")
    t=time.monotonic(); n=lane_push(world.bank_a.id); d=time.monotonic()-t
    print("CANCELLED",n, n/d)
    orders=[issued() for _ in range(60)]
    t=time.monotonic(); n=lane_push(world.bank_a.id); d=time.monotonic()-t
    print("ISSUED",n, n/d)
    with connection.cursor() as c:
        c.execute("insert into banks_delivery (id,institution_id,topic,subject_id,priority,state,attempt,lease_total_seconds,door,error) select gen_random_uuid(), %s,'x',gen_random_uuid(),1,'ready',0,0,'','' from generate_series(1,20000)",[world.bank_b.id])
    with connection.cursor() as c: c.execute("select indexname from pg_indexes where tablename='banks_delivery'"); print("IDX",[r[0] for r in c.fetchall()])
    t=time.monotonic(); lanes_waiting(); print("WAITING ms",(time.monotonic()-t)*1000)
    t=time.monotonic(); lanes_waiting(); print("WAITING ms",(time.monotonic()-t)*1000)
