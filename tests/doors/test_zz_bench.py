import time, pytest
from antifraud.deliveries import lane_push
@pytest.mark.django_db(transaction=True)
def test_b(world, issued):
    orders=[issued() for _ in range(60)]
    t=time.monotonic(); c=time.process_time(); n=lane_push(world.bank_a.id); d=time.monotonic()-t
    print("ISSUED",n, n/d, "cpu per order ms", (time.process_time()-c)/n*1000)
