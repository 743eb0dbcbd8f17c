"""Signed originals of comparisons end after ninety days; nothing else of the evidence can be deleted, not by the duty either."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from antifraud import db
from antifraud.schedule import DUTIES, duty_run
from banks.models import InstitutionKey, SignedMessage
from banks.selectors.institutions import system_user
from banks.services.keys import originals_prune
from tests import servers
from tests.banks.signing import Bank
from tests.cast import World

pytestmark = pytest.mark.django_db
TERM = timedelta(days=90)


def kept(world: World, action: str, age: timedelta) -> SignedMessage:
    """An original that came so long ago."""
    now = timezone.now()
    return SignedMessage.objects.create(
        institution=world.bank_a, key=InstitutionKey.objects.get(), user=world.machine_a, action=action, subject_id=uuid4(),
        message_id=uuid4().hex, method="POST", target_uri="https://platform.example/", headers={}, body="e30=",
        signed_at=now - age, received_at=now - age,
    )  # fmt: skip


@pytest.fixture
def originals(world: World) -> list[SignedMessage]:
    """Of a comparison long ago, of another of yesterday, of an answer long ago."""
    Bank(world).with_key()
    hour = timedelta(hours=1)
    wanted = (("sync.compare", TERM + hour), ("sync.compare", TERM - hour), ("order.answer", 9 * TERM))
    return [kept(world, action, age) for action, age in wanted]


def test_only_old_originals_of_comparisons_go(originals: list[SignedMessage]) -> None:
    duty = next(duty for duty in DUTIES if duty.name == "originals_prune")
    assert duty_run(duty, system_user()) == 1
    assert set(SignedMessage.objects.values_list("pk", flat=True)) == {row.pk for row in originals[1:]}
    assert duty_run(duty, system_user()) == 0


def test_it_goes_on_in_pieces(world: World, originals: list[SignedMessage]) -> None:
    kept(world, "sync.compare", 2 * TERM)
    done = []
    for _ in range(3):
        with db.unit_of_work(system_user()):
            done.append(originals_prune(1))
    assert done == [1, 1, 0]


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[Any]:
    """A cursor of the tables' owner, whom no missing right stops; rolled back. What a row points at is asked at commit."""
    with contextlib.closing(psycopg2.connect(servers.owner_url())) as link, link.cursor() as cursor:
        yield cursor
        link.rollback()


INSERT = """
INSERT INTO banks_signedmessage (id, institution_id, key_id, user_id, action, subject_id, message_id, method, target_uri,
  headers, body, signed_at, received_at)
SELECT v, v, v, v, %(action)s, v, 'one', 'POST', 'https://platform.example/', '{}', '', now(), clock_timestamp() - %(age)s
FROM (SELECT %(id)s::uuid AS v) AS x
"""


@pytest.mark.parametrize(
    ("action", "age", "is_kept"),
    [
        ("sync.compare", TERM + timedelta(hours=1), False),
        ("sync.compare", TERM - timedelta(hours=1), True),
        ("order.answer", 9 * TERM, True),
    ],
)
def test_the_triggers_stop_the_owner_too(owner: Any, action: str, age: timedelta, is_kept: bool) -> None:
    key = str(uuid4())
    owner.execute(INSERT, {"id": key, "action": action, "age": age})
    owner.execute("SAVEPOINT inserted")
    with pytest.raises(psycopg2.DatabaseError, match="Cannot update"):
        owner.execute("UPDATE banks_signedmessage SET action = 'sync.compare' WHERE id = %s", [key])
    owner.execute("ROLLBACK TO inserted")
    if is_kept:
        with pytest.raises(psycopg2.DatabaseError, match="Cannot delete"):
            owner.execute("DELETE FROM banks_signedmessage WHERE id = %s", [key])
        return
    owner.execute("DELETE FROM banks_signedmessage WHERE id = %s", [key])
    assert owner.rowcount == 1


def test_the_function_is_the_applications_alone_and_finds_only_the_real_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proconfig, proacl IS NOT NULL, (SELECT count(*) FROM aclexplode(proacl) WHERE grantee = 0)"
            " FROM pg_proc WHERE proname = 'banks_comparisons_forget'"
        )
        assert cursor.fetchall() == [(["search_path=public, pg_temp"], True, 0)]


def test_the_applications_role_deletes_by_the_function_alone(originals: list[SignedMessage]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosecdef FROM pg_proc WHERE proname = 'banks_comparisons_forget'")
        assert cursor.fetchall() == [(True,)]
        cursor.execute("SELECT FROM pg_roles WHERE rolname = 'antifraud_app'")
        if cursor.fetchone() is None:
            return
        cursor.execute("SELECT has_table_privilege('antifraud_app', 'banks_signedmessage', 'DELETE')")
        assert cursor.fetchone() == (False,)
        cursor.execute("SELECT has_function_privilege('antifraud_app', 'banks_comparisons_forget(int)', 'EXECUTE')")
        assert cursor.fetchone() == (True,)
