"""The demo city's returns of money: announced and objected to, paid with its proof, waiting to be paid, waiting for approval."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import Sum

from accounts.models import Hold, Involvement, LedgerEntry, Refund, RefundRound, RefundShare, TraceRun, Transfer
from accounts.selectors.joined_accounts import account_nodes
from accounts.services.accounts import involved_account_add
from accounts.services.refunds.decide import refund_approve, refund_submit
from accounts.services.refunds.draft import refund_draft
from accounts.services.refunds.inputs import ClaimInput, RefundInput, ShareResult
from accounts.services.refunds.notice import refund_notice
from accounts.services.refunds.objections import ObjectionInput, objection_lodge
from accounts.services.refunds.payout import refund_report
from accounts.services.refunds.proofs import payout_proof_announce, payout_proof_upload
from accounts.services.traces import trace_run
from accounts.services.transfers import transfer_record
from antifraud import db
from antifraud.deliveries import lane_push
from antifraud.doors.demo.papers import slip_pdf
from antifraud.doors.demo.police import Scene, carry_out, fresh, hold_of
from antifraud.doors.demo.replies import reply
from antifraud.doors.demo.stage import Mule
from antifraud.doors.demo.timeline import Story
from banks.rules.issue_powers import LEGAL_BASIS_LABELS
from cases.models import Case, Victim
from cases.services.cases import case_update

BASIS = LEGAL_BASIS_LABELS["fraud_20"]
PARTS = (0.45, 0.8)  # what the second and the third victim paid, beside the first
# Where one payment of one victim came to rest: paid back, waiting for the payout, waiting for approval.
SIDES = ("icbc", "abc", "psbc")
NOTICE = (
    "云海市东湖区公安分局拟按各被害人损失比例返还本案冻结资金。凡认为自己的款项转入下列账户的被害人，"
    "以及对返还方案有异议的当事人，可在公告期内持身份证件和转账凭证向本单位提出。"
)
OBJECTION = "本人当日也向该账户转账，尚未列入返还名单，请求核实后一并返还。"


def others_paid(scene: Scene, row: Involvement, paid: Transfer) -> list[Transfer]:
    """What the further victims paid into the first receiver's account within the same minute, as they tell it."""
    by, inventor = scene.person("analyst"), scene.stage.city.inventor
    told: list[Transfer] = []
    for victim, part in zip(_victims(scene)[1:], PARTS, strict=True):
        bank = scene.stage.city.any_bank()
        with db.unit_of_work(by):
            payer = involved_account_add(
                by=by, case=scene.known_case, number=inventor.card(bank.bank_code), institution=bank, level=0, role="victim",
                holder_name=victim.name.open(),
            )  # fmt: skip
            told.append(
                transfer_record(
                    by=by, case=scene.known_case, to_account=row.account, from_account=payer.account,
                    amount_minor=max(100, round(paid.amount_minor * part / 100) * 100),
                    at=(paid.at or db.app_now()) + timedelta(seconds=11 * (len(told) + 1)),
                )
            )  # fmt: skip
    return told


def returned(scene: Scene, resting: Involvement, amount_minor: int, paid: tuple[Transfer, ...]) -> Story:
    """The case is filed, what rests is frozen, and four returns are on their ways."""
    stage, pace = scene.stage, scene.pace
    runs = _traced(scene, paid)
    yield pace.after(hours=5)
    stage.step(scene.person("approver"), scene.known_case, "docket", "云公立字9012号")
    sides = [_side(scene, code, each) for code, each in zip(SIDES, paid, strict=True)]
    amounts = {resting.account_id: amount_minor} | {row.account_id: money for row, money in sides}
    holds = yield from _frozen(scene, [resting, *(row for row, _money in sides)], amounts)
    yield pace.after(hours=9)
    shared = _draft(scene, holds[0], [*zip(_victims(scene), paid, runs, strict=True)])
    _correct_loss(scene)
    yield pace.after(40)
    with db.unit_of_work(scene.person("analyst")):
        refund_notice(by=scene.person("analyst"), refund_id=shared.pk, text=NOTICE)
    last = yield from _direct(scene, holds[1:], paid)
    yield pace.after(hours=4)
    _object(scene, shared)
    yield pace.until(stage.end - timedelta(minutes=7))
    _submit(scene, last)


def _correct_loss(scene: Scene) -> None:
    """What the page of the case offers: the report's loss becomes what all its victims lost."""
    by, case = scene.person("analyst"), scene.known_case
    with db.unit_of_work(by):
        case_update(
            by=by, case_id=case.pk, expected_version=case.version, changes={"loss_minor": case.claimed_minor}
        )  # fmt: skip


def _victims(scene: Scene) -> list[Victim]:
    """In the order of the report."""
    return list(Victim.objects.filter(case=scene.known_case).order_by("created_at", "pk"))


def _side(scene: Scene, code: str, paid: Transfer) -> tuple[Involvement, int]:
    """One more account, into which one victim paid once."""
    stage, by = scene.stage, scene.person("analyst")
    bank = stage.city.institutions[code]
    mule = Mule(bank, stage.city.inventor.card(bank.bank_code), stage.city.inventor.name())
    row = stage.involve(by, scene.known_case, mule)
    amount = max(100, round(paid.amount_minor * 0.3 / 100) * 100)
    with db.unit_of_work(by):
        transfer_record(
            by=by, case=scene.known_case, to_account=row.account, from_account=paid.from_account, amount_minor=amount,
            at=(paid.at or db.app_now()) + timedelta(minutes=2),
        )  # fmt: skip
    return row, amount


def _traced(scene: Scene, paid: Iterable[Transfer]) -> list[TraceRun]:
    """A trace for each victim, from their own payment."""
    by, case, runs = scene.person("analyst"), scene.known_case, []
    for transfer in paid:
        entry = _entry(case, transfer)
        seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": entry.amount_minor}]
        with db.unit_of_work(by):
            runs.append(trace_run(by=by, case_id=case.pk, seeds=seeds, params={"method": "fifo"}))
    return runs


def _entry(case: Case, transfer: Transfer) -> LedgerEntry:
    """The payment in the ledger of the case, as the bank's statement tells it."""
    payer = transfer.from_account
    if payer is None:
        raise RuntimeError("a victim of the story paid from no known account")
    src, dst = account_nodes(case.pk, payer), account_nodes(case.pk, transfer.to_account)
    return LedgerEntry.objects.get(case=case, src__in=src, dst__in=dst)


def _frozen(scene: Scene, rows: list[Involvement], amounts: dict[UUID, int]) -> Story:
    """The holds of freezes that the banks have executed, in the order of `rows`."""
    stage, by = scene.stage, scene.person("analyst")
    yield scene.pace.after(20)
    orders = yield from carry_out(scene, by, stage.draft(by, scene.known_case, "freeze", rows, amounts))
    yield scene.pace.after(35)
    holds = {}
    for order in orders:
        found = fresh(order)
        hold = hold_of(stage.answer(stage.officer(found.institution), found, reply(stage, scene.chance, found)))
        if hold is not None:
            holds[hold.account_id] = hold
    return [holds[row.account_id] for row in rows]


def _draft(scene: Scene, hold: Hold, lines: list[tuple[Victim, Transfer, TraceRun | None]]) -> Refund:
    """A return to these victims, each onto the account that they paid from."""
    by, case = scene.person("analyst"), scene.known_case
    claims = tuple(
        ClaimInput(
            victim_id=victim.pk, loss_minor=_lost(case, transfer), reported_at=case.reported_at,
            payee_name=victim.name.open(), payee_account=_payer(transfer)[0], payee_bank=_payer(transfer)[1],
            run_id=run.pk if run else None,
        )
        for victim, transfer, run in lines
    )  # fmt: skip
    data = RefundInput(BASIS, claims, is_stated_single=len(claims) == 1)
    with db.unit_of_work(by):
        return refund_draft(by=by, hold_id=hold.pk, data=data)


def _lost(case: Case, transfer: Transfer) -> int:
    """All that the victim of this payment paid in the case, in minor units."""
    rows = Transfer.objects.filter(case=case, from_account=transfer.from_account, currency=transfer.currency)
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _payer(transfer: Transfer) -> tuple[str, str]:
    """Number and bank of the account that a victim paid from."""
    payer = transfer.from_account
    if payer is None or payer.institution is None:
        raise RuntimeError("a victim of the story paid from no known account")
    return payer.number.open(), payer.institution.name_zh


def _direct(scene: Scene, holds: list[Hold], paid: tuple[Transfer, ...]) -> Story:
    """One victim and one source each: paid with its proof, decided; returns the last, a draft."""
    people = _victims(scene)
    drafts = [
        _draft(scene, hold, [(victim, transfer, None)])
        for hold, victim, transfer in zip(holds, people, paid, strict=True)
    ]
    yield scene.pace.after(25)
    for refund in drafts[:-1]:
        _submit(scene, refund)
    yield scene.pace.after(12)
    for refund in drafts[:-1]:
        _approve(scene, refund)
    yield scene.pace.after(hours=3)
    _pay(scene, drafts[0])
    return drafts[-1]


def _submit(scene: Scene, refund: Refund) -> None:
    by = scene.person("analyst")
    with db.unit_of_work(by):
        refund_submit(by=by, refund_id=refund.pk, second_officer=scene.person("second"))


def _approve(scene: Scene, refund: Refund) -> None:
    by = scene.person("approver")
    current = RefundRound.objects.get(refund=refund, number=1)
    with db.unit_of_work(by):
        refund_approve(by=by, refund_id=refund.pk, worksheet_sha256=bytes(current.sha256))
    lane_push(refund.institution_id)


def _pay(scene: Scene, refund: Refund) -> None:
    """The bank's system reports its transfer, announces the paper of it, and sends the bytes."""
    by = scene.stage.officer(refund.institution)
    share = RefundShare.objects.get(refund=refund)
    with db.unit_of_work(by) as work:
        result = ShareResult(
            share.pk, "paid", transfer_id=f"{refund.institution.code.upper()}{work.now:%Y%m%d}000017",
            paid_at=work.now - timedelta(minutes=4), amount_minor=share.share_minor,
        )  # fmt: skip
        refund_report(by=by, refund_id=refund.pk, results=[result])
    paper = slip_pdf(refund.number)
    data = paper.read()
    paper.seek(0)
    sha256 = hashlib.sha256(data).digest()
    with db.unit_of_work(by):
        payout_proof_announce(by=by, refund_id=refund.pk, sha256=sha256, size=len(data))
    with db.unit_of_work(by):
        payout_proof_upload(
            by=by, refund_id=refund.pk, round_number=1, positions=[share.position], file=paper, sha256=sha256
        )


def _object(scene: Scene, refund: Refund) -> None:
    """Somebody who was not known yet says that they paid into the account too."""
    by = scene.person("analyst")
    with db.unit_of_work(by) as work:
        data = ObjectionInput("victim", scene.stage.city.inventor.name(), OBJECTION, work.now)
        objection_lodge(by=by, refund_id=refund.pk, data=data)
