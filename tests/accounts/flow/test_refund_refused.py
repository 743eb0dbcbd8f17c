"""A refused act on a return: what was typed stands at its own place, and the page that is shown then can be sent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Refund, RefundShare
from tests.accounts.flow import refunding as make

REASON = "payee cannot be found"


def dialogs(page: str) -> dict[str, str]:
    """Each share's dialog by its id."""
    return dict(re.findall(r'<dialog class="ui-dialog" id="dlg-give-([^"]+)"(.*?)</dialog>', page, re.DOTALL))


def test_one_of_two_failed_shares_is_refused_alone(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world))
    move_clock(timedelta(days=31))
    refund = make.decided(world, refund)
    first, second = make.shares(refund)
    make.report(world, refund, make.failed(first), make.failed(second))
    url = reverse("accounts:share_give_up", args=[refund.pk, second.pk])
    answer = log_in(world.analyst_a).post(url, {"reason": "x" * 301})
    page = answer.content.decode()
    shown = dialogs(page)
    assert answer.status_code == 422
    assert "x" * 301 in shown[str(second.pk)]
    assert "data-error-summary" in shown[str(second.pk)]
    assert "data-open" in shown[str(second.pk)]
    for sign in ("xxx", "data-error-summary", "data-open", "is-invalid"):
        assert sign not in shown[str(first.pk)]
    ids = re.findall(r' id="(give_up_[^"]+)"', page)
    assert len(ids) == len(set(ids)) >= 2


def test_a_share_that_was_paid_meanwhile_keeps_the_message_and_the_word(world: Any, log_in: Any) -> None:
    refund = make.decided(world, make.direct(world))
    (share,) = make.shares(refund)
    make.report(world, refund, make.failed(share))
    make.report(world, refund, make.paid(share))
    answer = log_in(world.analyst_a).post(
        reverse("accounts:share_give_up", args=[refund.pk, share.pk]), {"reason": REASON}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Only a share whose payment failed can be closed." in page
    assert REASON in page
    assert dialogs(page) == {}
    assert RefundShare.objects.get(pk=share.pk).outcome == "paid"


@pytest.mark.parametrize("verb", ["submit", "notice"])
def test_a_page_that_was_too_old_is_shown_anew_and_can_be_sent(world: Any, log_in: Any, verb: str) -> None:
    refund = make.direct(world) if verb == "submit" else make.shared(world)
    client, url = log_in(world.analyst_a), reverse("accounts:refund_step", args=[refund.pk, verb])
    typed = {"submit": {"second_officer": str(world.second_a.pk)}, "notice": {"text": make.NOTICE}}[verb]
    with make.nothing_happens():
        answer = client.post(url, typed | {"version": refund.version - 1})
    assert answer.status_code == 409
    found = re.search(rf'name="version" value="(-?\d+)" id="{verb}_version"', answer.content.decode())
    assert found is not None
    assert int(found[1]) == refund.version
    assert client.post(url, typed | {"version": found[1]}).status_code == 303
    assert Refund.objects.get(pk=refund.pk).version > refund.version


def test_a_round_typed_on_an_old_page_can_be_sent_after_the_refusal(world: Any, log_in: Any) -> None:
    refund = make.direct(world)
    (share,) = make.shares(refund)
    client, url = log_in(world.analyst_a), reverse("accounts:refund_renew", args=[refund.pk])
    data = {
        "legal_basis": refund.legal_basis, "cause": "changed", "reason": "the loss was corrected", "version": refund.version - 1,
        f"claim-{share.victim_id}-picked": "on", f"claim-{share.victim_id}-loss": "1,000.00",
    }  # fmt: skip
    with make.nothing_happens():
        answer = client.post(url, data)
    assert answer.status_code == 409
    assert f'name="version" value="{refund.version}"' in answer.content.decode()
    assert client.post(url, data | {"version": refund.version}).status_code == 303
