"""The demo city's case whose money was followed: two banks' statements of the same hour, read, checked, in the ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from accounts.models import Involvement, StatementFile, Transfer
from accounts.services.ledger.telling import TELL
from accounts.services.statement_doors import statement_of_answer
from accounts.services.statements.files import COMMIT, READ, statement_commit
from antifraud import db
from antifraud.doors.demo.filing import Plan, file_case, first_receivers
from antifraud.doors.demo.police import Scene, fresh, react, send
from antifraud.doors.demo.replies import reply
from antifraud.doors.demo.returns import others_paid, returned
from antifraud.doors.demo.stage import Mule
from antifraud.doors.demo.timeline import Story
from antifraud.jobs import queue
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS

ZONE = ZoneInfo("Asia/Shanghai")
HEADINGS = (
    "交易卡号", "账户开户名称", "交易时间", "交易金额", "交易余额", "收付标志", "交易对手账卡号", "现金标志", "对手户名", "对手开户银行",
    "摘要说明", "交易币种", "交易是否成功", "交易流水号", "IP地址",
)  # fmt: skip


@dataclass(frozen=True)
class Payment:
    """One entry of a statement; `amount` in minor units, negative where it goes out; no `other`: cash at a machine."""

    seconds: int
    amount: int
    other: Mule | None = None


def followed(scene: Scene, plan: Plan) -> Story:
    """The first receiver passed the money on within minutes; its bank and the next one have sent their statements.

    What is held of it is on its way back to three victims: see `returns`.
    """
    stage, by = scene.stage, scene.person("analyst")
    yield scene.pace.after(3)
    inventor, banks = stage.city.inventor, stage.city.institutions
    file_case(scene, plan, beside=(inventor.name(), inventor.name()))
    yield scene.pace.after(9)
    stage.step(by, scene.known_case, "accept", "云公受案字9012号")
    case = scene.known_case
    row = first_receivers(case)[0]
    paid = case.transfers.select_related("from_account__institution").filter(to_account=row.account).earliest("at")
    more = others_paid(scene, row, paid)
    first = Mule(row.account.institution or banks["icbc"], row.account.number.open(), _name(row))
    second = Mule(banks["ccb"], inventor.card("CCB"), inventor.name())
    third = Mule(banks["cmb"], inventor.card("CMB"), inventor.name())
    wallet = Mule(banks["yunfu"], inventor.wallet(), inventor.name())
    came, on = paid.amount_minor, round(paid.amount_minor * 0.6 / 100) * 100
    rest = came - on
    cash = min(on // 3, 2_000_000) // 10_000 * 10_000
    spent = [Payment(41, -on, second), Payment(95, -(rest // 2), third), Payment(180, -(rest // 3), wallet)]
    passed = [Payment(120, -(on // 2), third), Payment(360, -(on // 10), wallet)]
    if cash:
        passed.append(Payment(240, -cash))
    fed = [Payment(11 * nth, each.amount_minor, _payer(each)) for nth, each in enumerate((paid, *more))]
    yield from _asked(scene, row, first, paid, [*fed, *spent])
    found = stage.involve(by, scene.known_case, second, level=2)
    yield from _asked(scene, found, second, paid, [Payment(43, on, first), *passed])
    _tell(scene)
    resting = stage.involve(by, scene.known_case, third, level=3)
    yield from _watched(scene, [found, resting])
    yield from returned(scene, resting, rest // 2 + on // 2, (paid, *more))


def _watched(scene: Scene, rows: list[Involvement]) -> Story:
    """The accounts where money rests are watched; one watch is ended again."""
    until = db.app_now() + timedelta(days=60)
    for order in (yield from send(scene, "watch", rows, asked_expires_at=until)):
        yield from react(scene, order)
    yield from send(scene, "watch_end", rows[:1])


def _tell(scene: Scene) -> None:
    """What the victim told comes into the ledger beside what the banks say."""
    by = scene.stage.city.system
    with db.unit_of_work(by):
        job = queue.submit(TELL, scene.known_case.pk, by=by)
    job_run(job.pk, WORKS)


def _asked(scene: Scene, row: Involvement, owner: Mule, paid: Transfer, payments: Iterable[Payment]) -> Story:
    """Ask the account's bank for its transactions, and take what it sends into the ledger."""
    stage, by = scene.stage, scene.person("analyst")
    orders = yield from send(scene, "query_transactions", [row])
    yield scene.pace.after(6)
    for order in orders:
        found = fresh(order)
        file = statement(scene, owner, paid.at or db.app_now(), payments)
        answer = replace(reply(stage, scene.chance, found), statement=file)
        stage.answer(stage.officer(found.institution), found, answer)
        yield scene.pace.after(2)
        with db.unit_of_work(stage.city.system):
            statement_of_answer(
                by=stage.city.system, order_id=order.pk
            )  # unless another story has carried the answer's fact
        received = StatementFile.objects.filter(answer__order=order).first()
        if received is not None and _worked(received, READ):
            with db.unit_of_work(by):
                statement_commit(by=by, file_id=received.pk, leave_out_repeats=False)
            _worked(received, COMMIT)


def statement(scene: Scene, owner: Mule, start: datetime, payments: Iterable[Payment]) -> ContentFile[bytes]:
    """The file as the bank writes it, balances and all."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    balance = scene.chance.randint(20_000, 400_000)
    for serial, payment in enumerate(sorted(payments, key=lambda each: each.seconds), 1):
        at = (start + timedelta(seconds=payment.seconds)).astimezone(ZONE)
        balance += payment.amount
        other = payment.other
        lines.writerow([
            f"{owner.number}\t", owner.name, f"{at:%Y%m%d%H%M%S}", f"{abs(payment.amount) / 100:.2f}", f"{balance / 100:.2f}",
            "进" if payment.amount > 0 else "出", other.number if other else "", "" if other else "现金", other.name if other else "",
            other.institution.name_zh if other else "", "转账" if other else "ATM取现", "CNY", "成功",
            f"{owner.institution.code.upper()}{at:%y%m%d%H%M%S}{serial:03d}", "198.51.100.23",
        ])  # fmt: skip
    return ContentFile(text.getvalue().encode("gb18030"), name="statement.csv")


def _worked(file: StatementFile, kind: str) -> bool:
    """Do the file's job here and now; whether it came to its end."""
    job = queue.latest(file.pk, kind)
    return job is not None and job_run(job.pk, WORKS) == job.State.DONE


def _name(row: Involvement) -> str:
    return row.account.holder_name.open() if row.account.holder_name else ""


def _payer(paid: Transfer) -> Mule | None:
    """The victim's own account."""
    payer = paid.from_account
    if payer is None or payer.institution is None:
        return None
    return Mule(payer.institution, payer.number.open(), payer.holder_name.open() if payer.holder_name else "")
