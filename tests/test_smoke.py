import pytest
def test_pages(world, log_in):
    c = log_in(world.analyst_a)
    r = c.get("/cases/"); assert r.status_code == 200, r.content[:500]
    r = c.get("/cases/new/"); assert r.status_code == 200
    r = c.post("/cases/new/preview/", {"accounts": "6222021234567890123 工行 李四 5万 2026-11-20 13:05\nfoo"})
    assert r.status_code == 200
    print(r.content.decode())
    r = c.post("/cases/new/", {"victim_name": "张三", "fraud_type": "rebate", "reported_at": "2026-11-20T13:05:00", "accounts": "6222021234567890123 工行 李四 5万 2026-11-20 12:05", "bad_lines": "refuse", "verb": "file"})
    print(r.status_code, r.content.decode()[:3000] if r.status_code != 302 else r["Location"])
    assert r.status_code == 302
    cid = r["Location"].split("/")[2]
    r = c.get(f"/cases/{cid}/"); print(r.content.decode()[:200]); assert r.status_code == 200
    r = c.get(f"/cases/{cid}/timeline/"); assert r.status_code == 200
    r = c.get(f"/cases/{cid}/edit/"); assert r.status_code == 200
    r = c.get(f"/cases/{cid}/step/accept/"); assert r.status_code == 200
    r = log_in(world.risk_a).get(f"/cases/{cid}/"); assert r.status_code == 404
