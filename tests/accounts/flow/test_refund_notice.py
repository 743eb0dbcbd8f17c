"""The public notice: only pro rata, its term by the legal profile, its text, its printed sheet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Refund, RefundRound
from accounts.services.refunds.notice import notice_print
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from banks.rules.legal_profile import public_language
from tests.accounts.flow import refunding as make


def test_the_term_ends_with_the_thirtieth_day(world: Any) -> None:
    refund = make.notice(world, make.shared(world))
    current = RefundRound.objects.get(refund=refund)
    assert (refund.status, current.notice_days, current.noticed_by) == ("noticed", 30, world.analyst_a)
    assert current.noticed_at is not None
    assert current.notice_ends_at is not None
    assert timedelta(days=30) < current.notice_ends_at - current.noticed_at <= timedelta(days=31)
    assert AuditEntry.objects.filter(verb="refund.notice", object_id=refund.id).count() == 1


def test_nothing_is_decided_before_its_end(world: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world))
    move_clock(timedelta(days=29))
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, refund)
    assert refused.value.code == "notice_running"
    move_clock(timedelta(days=2))
    assert make.approve(world, make.submit(world, refund)).status == "decided"


def test_a_return_pro_rata_is_announced_first(world: Any) -> None:
    refund = make.shared(world)
    with make.nothing_happens(), pytest.raises(Conflict) as refused:
        make.submit(world, refund)
    assert refused.value.code == "notice_missing"


def test_a_direct_return_is_not_announced(world: Any) -> None:
    refund = make.direct(world)
    with make.nothing_happens(), pytest.raises(WrongState):
        make.notice(world, refund)


def test_twice_is_refused(world: Any) -> None:
    refund = make.notice(world, make.shared(world))
    with make.nothing_happens(), pytest.raises(WrongState):
        make.notice(world, refund)


@pytest.mark.parametrize("text", ["short", "x" * 4001, "Call 13800138000 about the account in question."])
def test_a_text_that_cannot_be_published(world: Any, text: str) -> None:
    refund = make.shared(world)
    with make.nothing_happens(), pytest.raises(Invalid) as refused:
        make.notice(world, refund, text=text)
    assert list(refused.value.fields) == ["text"]


@pytest.mark.parametrize(
    ("who", "error"),
    [("analyst_b", NotFound), ("risk_a", NotFound), ("approver_a", Forbidden), ("centre_analyst", Forbidden)],
)
def test_others_do_not_announce(world: Any, who: str, error: type[Exception]) -> None:
    refund = make.shared(world)
    with make.nothing_happens(), pytest.raises(error):
        make.notice(world, refund, by=getattr(world, who))


def test_each_printing_is_audited(world: Any) -> None:
    refund = make.notice(world, make.shared(world))
    with db.unit_of_work(world.analyst_a):
        found, current = notice_print(by=world.analyst_a, refund_id=refund.id, round_number=1)
    assert (found.id, current.notice_text.open()) == (refund.id, make.NOTICE)
    assert AuditEntry.objects.filter(verb="refund.print", object_id=refund.id).count() == 1
    with pytest.raises(WrongState), db.unit_of_work(world.analyst_a):
        notice_print(by=world.analyst_a, refund_id=refund.id, round_number=2)
    assert Refund.objects.get(pk=refund.pk).status == "noticed"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_text_offered_and_the_sheet_are_in_the_publics_language(world: Any, log_in: Any, language: str) -> None:
    refund = make.shared(world)
    client = log_in(world.analyst_a)
    client.cookies["django_language"] = language
    page = client.get(f"/refunds/{refund.id}/").content.decode()
    assert f'lang="{language}"' in page
    assert f"因案件 {refund.case.number}，拟将" in page
    assert "In case " not in page
    assert refund.unit.name_zh in page.split("因案件", 1)[1].split("</textarea>", 1)[0]
    make.notice(world, refund)
    sheet = client.get(f"/refunds/{refund.id}/rounds/1/notice/").content.decode()
    assert '<html lang="zh-hans"' in sheet
    assert '<html lang="en"' in client.get(f"/refunds/{refund.id}/rounds/1/notice/?language=en").content.decode()


def test_a_profile_without_a_language_of_its_own_speaks_english() -> None:
    assert [public_language(code) for code in ("CN", "SG", "ZZ")] == ["zh-hans", "en", "en"]
