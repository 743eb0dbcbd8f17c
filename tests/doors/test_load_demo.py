"""The demo city: every state is there, the clock shows the real time again, and the walls between units stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from accounts.models import (
    Alert,
    AlertNotice,
    Answer,
    Hold,
    InvolvedAccount,
    Involvement,
    LedgerAccount,
    LedgerChain,
    LedgerMatch,
    Order,
    StatementFile,
)
from accounts.selectors.holds import in_force, lifts_due
from accounts.selectors.orders import OrderFilters, narrowed
from antifraud import db, policy
from antifraud.audit.models import AuditEntry
from antifraud.crypto import data_keys
from antifraud.doors.demo.bodies import BODIES, DISTRICTS, LOG_INS
from antifraud.doors.demo.city import DEMO_PASSWORD
from antifraud.outbox.models import OutboxMessage
from banks.models import AppClock, Institution, User
from banks.selectors.prefixes import bank_candidates
from cases.models import Case, CaseStep
from tests import servers

pytestmark = pytest.mark.django_db


def told(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """What the command said; loaded once for this file and thrown away after it."""
    with django_db_blocker.unblock():
        try:
            yield told("load_demo")
        finally:
            for alias in connections:
                connections[alias].close()
            servers.recreate_database()
            data_keys.forget()


def person(username: str) -> User:
    return User.objects.get(username=username)


def test_the_city_is_complete(loaded: str) -> None:
    codes = {body.code for body in BODIES}
    found = Counter(Institution.objects.filter(code__in=codes, parent=None).values_list("kind", "connected"))
    assert found == {
        ("centre", True): 1, ("police", True): 1, ("bank", True): 8, ("bank", False): 1, ("payment", True): 1,
        ("telecom", True): 1, ("oversight", True): 1,
    }  # fmt: skip
    assert Institution.objects.filter(parent__code="yh-bureau").count() == 3
    assert Institution.objects.filter(parent__code="icbc").count() == 1
    roles = set(User.objects.filter(institution__code__in=codes).values_list("role", flat=True))
    assert roles == {*User.Role.values} - {"system", "administrator"}
    assert bank_candidates("6228480000012345678")[0][1:] == ("ABC", "中国农业银行", "high")


def test_sixty_cases_in_the_real_mix(loaded: str) -> None:
    assert loaded.startswith("Loaded 60 cases; ")
    types = Counter(Case.objects.values_list("fraud_type", flat=True))
    assert types.total() == 60
    assert [code for code, _n in types.most_common(2)] == ["rebate", "ecommerce_service"]
    assert types["rebate"] == 21  # 34.5 of a hundred
    assert len(types) >= 10
    assert set(Case.objects.values_list("unit__code", flat=True)) == {*DISTRICTS, "yh-centre"}
    assert Counter(Involvement.objects.values_list("level", flat=True)).keys() >= {0, 1, 2}


def test_orders_in_every_state(loaded: str) -> None:
    assert {*Order.objects.values_list("status", flat=True)} == {*Order.Status.values}
    assert {*Order.objects.values_list("outcome", flat=True)} == {"", *Answer.Outcome.values}
    kinds = {*Order.objects.values_list("kind", flat=True)}
    assert kinds >= {*Order.Kind.values} - {"freeze_extend", "freeze_release", "restore_number"}
    assert narrowed(Order.objects.all(), OrderFilters(overdue=True)).count() >= 3
    assert Order.objects.filter(status="awaiting_approval", emergency=True).exists()
    assert Order.objects.filter(emergency=True, approved_at=None, approval_due_at__gt=db.app_now()).exists()
    assert Order.objects.filter(emergency=True, approved_at=None, approval_due_at__lt=db.app_now()).exists()
    assert AuditEntry.objects.filter(verb="order.escalate").exists()
    assert Order.objects.filter(error_found_at__isnull=False).exists()
    assert Order.objects.filter(routed_to__code="icbc-binhe", status="acknowledged").exists()
    assert Order.objects.filter(status="draft", trigger="not_filed", due_at__gt=db.app_now()).exists()
    recorded = Answer.objects.filter(source="recorded")
    assert recorded.filter(confirmed_by=None).exists()
    assert recorded.filter(confirmed_by__isnull=False).exists()
    assert Answer.objects.filter(source="api").exists()
    assert Involvement.objects.filter(state="proposed").exists()


def test_holds_in_every_state(loaded: str) -> None:
    # An executed release confirms the lift in the same act: "released" is passed through and never stood in.
    assert {*Hold.objects.values_list("status", flat=True)} == {*Hold.Status.values} - {"released"}
    assert AuditEntry.objects.filter(verb="hold.release").exists()
    soon = db.app_now() + timedelta(hours=2)
    assert in_force(Hold.objects.filter(legal_expires_at__lt=soon)).exists()
    unconfirmed = lifts_due(Hold.objects.all())
    assert unconfirmed.filter(lift_due_at__lt=db.app_now()).exists()
    assert unconfirmed.filter(lift_due_at__gt=db.app_now()).exists()
    assert {*Hold.objects.values_list("kind", flat=True)} == {*Hold.Kind.values}


def test_alerts_on_both_sides(loaded: str) -> None:
    assert Counter(Alert.objects.values_list("status", flat=True)) == {"issued": 2, "awaiting_approval": 1}
    assert {*AlertNotice.objects.values_list("status", flat=True)} == {"issued", "acknowledged", "reported_back"}


def test_the_clock_shows_the_real_time_again(loaded: str) -> None:
    assert AppClock.objects.values_list("offset", flat=True).get() == timedelta(0)
    now = timezone.now()
    assert abs(db.app_now() - now) < timedelta(seconds=5)
    times = list(AuditEntry.objects.filter(request_id="load_demo").values_list("at", flat=True))
    assert timedelta(days=29) < now - min(times) < timedelta(days=32)
    assert max(times) <= now
    for model, column in ((Order, "issued_at"), (Order, "answered_at"), (Case, "logged_at"), (Hold, "lifted_at")):
        assert not model._base_manager.filter(**{f"{column}__gt": now}).exists()
    assert len({at.date() for at in Case.objects.values_list("reported_at", flat=True)}) >= 15
    assert not OutboxMessage.objects.filter(done_at=None).exists()


def test_no_unit_sees_a_case_of_another(loaded: str) -> None:
    passed_on = set(CaseStep.objects.filter(verb="transfer").values_list("case_id", flat=True))
    for code in DISTRICTS:
        seen = policy.scope(person(f"{code.removeprefix('yh-')}.analyst"), "case.view", Case.objects.all())
        assert seen.filter(unit__code=code).count() == Case.objects.filter(unit__code=code).count() > 0
        assert {case.pk for case in seen.exclude(unit__code=code)} <= passed_on
    assert policy.scope(person("centre.analyst"), "case.view", Case.objects.all()).count() == 60


def test_no_bank_sees_an_order_of_another(loaded: str) -> None:
    for short in ("icbc", "abc", "yunfu", "mobile"):
        officer = person(f"{short}.officer")
        assert not policy.scope(officer, "case.view", Case.objects.all()).exists()
        seen = policy.scope(officer, "order.view", Order.objects.all())
        assert {*seen.values_list("institution", flat=True)} == {officer.institution_id}
        accounts = policy.scope(officer, "account.view", InvolvedAccount.objects.all())
        assert {*accounts.values_list("institution", flat=True)} == {officer.institution_id}


def test_everybody_of_the_list_can_log_in(loaded: str) -> None:
    shown = told("demo_logins")
    assert DEMO_PASSWORD in shown
    for row in LOG_INS:
        assert row.username in shown
        assert person(row.username).check_password(DEMO_PASSWORD)
    assert not person("icbc.system").has_usable_password()


def test_loading_again_changes_nothing(loaded: str) -> None:
    before = (Case.objects.count(), Order.objects.count(), AuditEntry.objects.count(), User.objects.count())
    assert "Nothing was loaded" in told("load_demo", "--if-empty")
    with pytest.raises(CommandError, match="holds cases already"):
        told("load_demo")
    assert (Case.objects.count(), Order.objects.count(), AuditEntry.objects.count(), User.objects.count()) == before


def test_an_interrupted_loading_is_told(loaded: str) -> None:
    User.objects.filter(username="platform.admin").update(username="somebody.else")
    AppClock.objects.update(offset=timedelta(days=-3))
    assert "was interrupted" in told("load_demo", "--if-empty")
    assert AppClock.objects.values_list("offset", flat=True).get() == timedelta(0)
    assert "was interrupted" in told("demo_logins")


def test_the_money_of_a_case_was_followed_through_two_statements(loaded: str) -> None:
    files = StatementFile.objects.filter(status="committed")
    assert files.count() == 2
    (case,) = {file.case_id for file in files}
    assert set(files.values_list("source", flat=True)) == {"answer"}
    assert list(LedgerMatch.objects.filter(case=case, rule="parties").values_list("seconds_apart", flat=True)) == [2]
    assert LedgerMatch.objects.filter(case=case, rule="told").count() >= 1
    assert LedgerAccount.objects.filter(case=case, kind="cash").count() == 1
    assert all(not chain.breaks for chain in LedgerChain.objects.filter(case=case))
