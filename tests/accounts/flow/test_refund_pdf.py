"""The decision as PDF: worksheet, officers, approver, digest, pages counted; the same return gives the same bytes."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from accounts.services.refunds.reveals import decision_print
from accounts.views.refund_pdf import decision_pdf
from antifraud import db
from antifraud.audit.diary import detail_of
from antifraud.audit.models import AuditEntry
from tests.accounts.flow import refunding as make


def drawn(pdf: bytes) -> str:
    """All text of the content streams; STSong-Light is written as UCS-2."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(a85decode(stream.strip(), adobe=False) if not stream.strip().endswith(b"~>") else a85decode(b"<~" + stream.strip(), adobe=True))  # fmt: skip  # noqa: E501
        except (ValueError, zlib.error):
            continue
        for text in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content, re.DOTALL):
            raw = re.sub(rb"\\([0-7]{3})", lambda hit: bytes([int(hit[1], 8)]), text)
            raw = re.sub(rb"\\([()\\])", rb"\1", raw)
            found.append(raw.decode("utf-16-be", "replace"))
    return "\n".join(found)


def paper(world: Any, refund: Any, language: str = "en") -> bytes:
    with translation.override(language), db.unit_of_work(world.analyst_a):
        return decision_pdf(*decision_print(by=world.analyst_a, refund_id=refund.id))


def test_it_names_everything_that_was_decided(world: Any) -> None:
    refund = make.decided(world)
    pdf = paper(world, refund)
    text = drawn(pdf)
    assert pdf.startswith(b"%PDF-")
    for word in (
        refund.number,
        refund.case.number,
        "Analyst A",
        "Second A",
        "Approver A",
        make.PAYEE,
        "王小明",
        "3,000.00",
    ):
        assert word in text, word
    assert make.sha_of(refund).hex() in text.replace("\n", "")
    assert "Page 1 of 1" in text


def test_pages_are_counted(world: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world, *[100_000 + at for at in range(60)]))
    move_clock(timedelta(days=31))
    text = drawn(paper(world, make.decided(world, refund)))
    pages = re.findall(r"Page (\d+) of (\d+)", text)
    assert len(pages) >= 2
    assert [int(page) for page, _of in pages] == list(range(1, len(pages) + 1))
    assert {of for _page, of in pages} == {str(len(pages))}


def test_the_same_return_gives_the_same_bytes(world: Any) -> None:
    refund = make.decided(world)
    assert paper(world, refund) == paper(world, refund)


def test_in_chinese(world: Any) -> None:
    assert "东城分局" in drawn(paper(world, make.decided(world), "zh-hans"))


def test_only_after_the_decision_and_audited(world: Any, log_in: Any) -> None:
    refund = make.direct(world)
    client = log_in(world.analyst_a)
    assert client.get(f"/refunds/{refund.id}/decision.pdf").status_code == 409
    make.decided(world, refund)
    answer = client.get(f"/refunds/{refund.id}/decision.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    entry = AuditEntry.objects.get(verb="refund.print", object_id=refund.id)
    told, (share,) = detail_of(entry), make.shares(refund)
    assert (told["field"], told["shares"], told["victims"], told["account"]) == (
        "payees, victims, held account", [str(share.id)], [str(share.victim_id)], str(refund.hold.account_id),
    )  # fmt: skip
    assert share.victim.name.open().encode() not in bytes(entry.payload)


@pytest.mark.parametrize("who", ["risk_a", "analyst_b"])
def test_a_bank_gets_its_own_extract_only(world: Any, log_in: Any, who: str) -> None:
    refund = make.decided(world)
    assert log_in(getattr(world, who)).get(f"/refunds/{refund.id}/decision.pdf").status_code in {403, 404}
