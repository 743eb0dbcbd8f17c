"""Recognised transfers: both sides beside each other, undone with a reason, by those who may."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import ActReason, LedgerChain, LedgerEntry, LedgerMatch
from accounts.services.ledger import undo as service
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Unavailable
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow.files import csv_file, fresh, receive, row, work
from tests.cast import World


@pytest.fixture
def matched(world: World) -> LedgerMatch:
    """A paid B 500.00; both banks say so, seven seconds apart."""
    case = factories.new_case(world.analyst_a)
    a, b = card(), card("621700")
    for bank, entry in (
        (world.bank_a, row(a, b, "out", 50_000, name="王一", counter_name="赵二")),
        (world.bank_b, row(b, a, "in", 50_000, second=7, name="赵二", counter_name="王一")),
    ):
        file = receive(world.analyst_a, case, csv_file(entry), institution=bank)
        work()
        with db.unit_of_work(world.analyst_a):
            statement_commit(by=world.analyst_a, file_id=file.id, leave_out_repeats=False)
        work()
        assert fresh(file).status == "committed"
    return LedgerMatch.objects.get()


def undo(client: Any, match: LedgerMatch, reason: str) -> Any:
    return client.post(reverse("accounts:match_undo", args=[match.id]), {"reason": reason})


def test_both_sides_stand_beside_each_other(world: World, matched: LedgerMatch, log_in: Any) -> None:
    assert LedgerEntry.objects.count() == 1
    page = log_in(world.analyst_a).get(reverse("accounts:case_matches", args=[matched.case_id])).content.decode()
    line = page.split(f"row-{matched.id}")[1]
    for word in (world.bank_a.title, world.bank_b.title, "500.00", "00:07", "Same amount and parties"):
        assert word in line, word
    assert "王一" not in page
    tab = log_in(world.analyst_a).get(reverse("accounts:case_statements", args=[matched.case_id])).content.decode()
    assert "(1)" in tab


def test_an_undone_match_is_kept_with_its_reason(world: World, matched: LedgerMatch, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    assert undo(client, matched, "two different payments").status_code == 303
    matched.refresh_from_db()
    assert (matched.undone_by_id, matched.undone_reason) == (world.analyst_a.id, "two different payments")
    assert LedgerEntry.objects.count() == 2
    url = reverse("accounts:case_matches", args=[matched.case_id])
    assert f"row-{matched.id}" not in client.get(url).content.decode()
    assert "two different payments" in client.get(f"{url}?state=undone").content.decode()


def test_twice_and_without_a_reason_change_nothing(world: World, matched: LedgerMatch, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    assert undo(client, matched, "").status_code == 422
    assert LedgerEntry.objects.count() == 1
    undo(client, matched, "two different payments")
    again = undo(client, matched, "once more")
    assert again.status_code in {409, 422}
    matched.refresh_from_db()
    assert matched.undone_reason == "two different payments"


def test_a_refusal_keeps_what_was_typed(
    world: World, matched: LedgerMatch, log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def hold(case_id: Any) -> None:
        """An import made the entry anew while the ledger was waited for."""
        if refusal is not None:
            raise refusal
        LedgerMatch.objects.filter(case=case_id).delete()

    monkeypatch.setattr(service, "ledger_hold_now", hold)
    client = log_in(world.analyst_a)
    for refusal in (Conflict(code="ledger_changing"), Unavailable(), None):
        answer = undo(client, matched, "two different payments")
        assert (answer.status_code, "two different payments" in answer.content.decode()) == (409, True), refusal
    assert LedgerEntry.objects.count() == 1


def test_a_long_chain_has_the_time_that_it_needs(
    world: World, matched: LedgerMatch, log_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    limits: list[str] = []

    def rebuild(_nodes: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            limits.append(cursor.fetchone()[0])

    monkeypatch.setattr(service, "chains_rebuild", rebuild)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5s'")
    assert undo(log_in(world.analyst_a), matched, "two different payments").status_code == 303
    assert limits == ["0"]


def test_what_was_undone_wrongly_is_restored_and_counts_once(world: World, matched: LedgerMatch, log_in: Any) -> None:
    client = log_in(world.analyst_a)
    restore = reverse("accounts:match_restore", args=[matched.id])
    before = list(LedgerEntry.objects.values("src", "dst", "amount_minor", "out_line", "in_line"))
    assert client.post(restore, {"reason": "it stands already"}).status_code == 409
    undo(client, matched, "two different payments")
    assert LedgerEntry.objects.count() == 2
    assert (
        restore
        in client.get(reverse("accounts:case_matches", args=[matched.case_id]) + "?state=undone").content.decode()
    )
    assert client.get(restore).status_code == 200
    assert client.post(restore, {"reason": ""}).status_code == 422
    assert LedgerEntry.objects.count() == 2
    assert client.post(restore, {"reason": "the bank confirms one payment"}).status_code == 303
    assert list(LedgerEntry.objects.values("src", "dst", "amount_minor", "out_line", "in_line")) == before
    again = LedgerMatch.objects.get()
    assert (again.undone_at, again.rule) == (None, matched.rule)
    assert set(LedgerChain.objects.values_list("in_minor", "out_minor")) == {(50_000, 0), (0, 50_000)}
    assert (
        "the bank confirms one payment"
        in client.get(reverse("accounts:case_matches", args=[matched.case_id])).content.decode()
    )
    assert undo(client, again, "two different payments").status_code == 303, "it may be undone once more"


def test_the_words_of_a_reason_stay_with_the_match_and_not_in_the_audit_log(
    world: World, matched: LedgerMatch, log_in: Any
) -> None:
    client, words = log_in(world.analyst_a), "王小明 told us so, 13800138000"
    kept = "王小明 told us so"
    undo(client, matched, words)
    client.post(reverse("accounts:match_restore", args=[matched.id]), {"reason": words})
    assert LedgerMatch.objects.get().undone_at is None
    for verb in ("match.undo", "match.restore"):
        entry = AuditEntry.objects.get(verb=verb)
        assert "王" not in bytes(entry.payload).decode()
        assert json.dumps(words)[1:7] not in bytes(entry.payload).decode(), "nor escaped"
        found = ActReason.objects.get(pk=detail_of(entry)["why"])
        assert (found.verb, found.object_id, found.by_id) == (verb, entry.object_id, world.analyst_a.id)
        assert found.reason.startswith(kept)
        assert "13800138000" not in found.reason


def test_what_is_matched_otherwise_by_now_is_not_restored(world: World, matched: LedgerMatch, log_in: Any) -> None:
    client, line = log_in(world.analyst_a), matched.in_line
    undo(client, matched, "two different payments")
    other = LedgerMatch.objects.get()
    LedgerMatch.objects.filter(pk=other.pk).update(in_line=uuid4())
    assert client.post(reverse("accounts:match_restore", args=[other.pk]), {"reason": "one payment"}).status_code == 409
    assert LedgerMatch.objects.get().undone_at is not None
    assert LedgerEntry.objects.filter(in_line=line).exists()


def test_leaders_see_it_and_others_find_nothing(world: World, matched: LedgerMatch, log_in: Any) -> None:
    leader = log_in(world.approver_a)
    url = reverse("accounts:match_undo", args=[matched.id])
    page = leader.get(reverse("accounts:case_matches", args=[matched.case_id])).content.decode()
    assert f"row-{matched.id}" in page
    assert url not in page
    assert undo(leader, matched, "not mine to say").status_code == 403
    restore = reverse("accounts:match_restore", args=[matched.id])
    assert leader.post(restore, {"reason": "not mine to say"}).status_code == 403
    for role in ("analyst_b", "risk_a", "machine_a", "auditor"):
        client = log_in(getattr(world, role))
        assert client.get(reverse("accounts:case_matches", args=[matched.case_id])).status_code == 404, role
        assert undo(client, matched, "not mine to say").status_code == 404, role
        assert client.post(restore, {"reason": "not mine to say"}).status_code == 404, role
    matched.refresh_from_db()
    assert matched.undone_at is None
