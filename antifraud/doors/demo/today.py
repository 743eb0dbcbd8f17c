"""What is under way at this hour, so that every page has something on it; times are minutes before the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from accounts.models import Hold, Involvement, Order
from antifraud.doors.demo.filing import Plan, begin, file_case, first_receivers
from antifraud.doors.demo.money import followed
from antifraud.doors.demo.past import end_hold
from antifraud.doors.demo.police import (
    Scene,
    amounts_of,
    carry_out,
    fresh,
    hold_of,
    react,
    send,
    send_follower,
    watch_end,
)
from antifraud.doors.demo.replies import reply, waiting_reply
from antifraud.doors.demo.stage import Mule, Stage
from antifraud.doors.demo.timeline import Story

Script = Callable[[Scene, Plan], Story]


def _ago(scene: Scene, minutes: float) -> Story:
    """Go on at so many minutes before the end."""
    yield scene.pace.until(scene.stage.end - timedelta(minutes=minutes))


def _report(scene: Scene, plan: Plan, *, docket: bool = False) -> Story:
    """The report, filed as a case where a freeze is to follow; returns the first receivers."""
    yield scene.pace.after(3)
    file_case(scene, plan)
    if docket:
        yield scene.pace.after(2)
        scene.stage.step(scene.person("approver"), scene.known_case, "docket", "云公立字9001号")
    return first_receivers(scene.known_case)


def _drafted(scene: Scene, rows: list[Involvement], kind: str = "stop", **terms: object) -> list[Order]:
    by, case = scene.person("analyst"), scene.known_case
    return scene.stage.draft(by, case, kind, rows, amounts_of(case), **terms)


def drafts(scene: Scene, plan: Plan) -> Story:
    """Typed and not yet submitted."""
    rows = yield from _report(scene, plan)
    yield from _ago(scene, 4)
    _drafted(scene, rows)


def awaiting(scene: Scene, plan: Plan) -> Story:
    """Waits for its approver."""
    rows = yield from _report(scene, plan, docket=True)
    orders = _drafted(scene, rows)
    orders += _drafted(scene, rows[:1], "query_holder")
    yield from _ago(scene, 6)
    for order in orders:
        scene.stage.submit(scene.person("analyst"), order)


def emergency_to_confirm(scene: Scene, plan: Plan) -> Story:
    """Waits for its second officer."""
    rows = yield from _report(scene, plan)
    orders = _drafted(scene, rows)
    yield from _ago(scene, 3)
    for order in orders:
        scene.stage.submit(scene.person("analyst"), order, emergency=True)


def emergency_out(minutes: float) -> Script:
    """Sent out by the second officer so long ago; the superior's approval is missing."""

    def script(scene: Scene, plan: Plan) -> Story:
        stage = scene.stage
        rows = yield from _report(scene, plan)
        orders = _drafted(scene, rows)
        for order in orders:
            stage.submit(scene.person("analyst"), order, emergency=True)
        yield from _ago(scene, minutes)
        for order in orders:
            stage.confirm(scene.person("second"), order)
        stage.push(orders)
        stage.timeline.at(scene.pace.now + timedelta(minutes=60, seconds=5), stage.remind)
        for order in orders:
            answer = yield from react(scene, order)
            hold = hold_of(answer)
            if hold is not None:
                watch_end(scene, hold)

    return script


def issued(minutes: float, *, seen: bool = False, urgency: str = "01") -> Script:
    """In the bank's queue for so long, unseen or acknowledged; overdue where the term is shorter."""

    def script(scene: Scene, plan: Plan) -> Story:
        stage = scene.stage
        rows = yield from _report(scene, plan)
        orders = _drafted(scene, rows, urgency=urgency)
        yield from _ago(scene, minutes + 5)
        for order in orders:
            stage.submit(scene.person("analyst"), order)
        yield from _ago(scene, minutes)
        for order in orders:
            stage.approve(scene.person("approver"), order)
        stage.push(orders)
        if seen:
            yield scene.pace.after(min(4, minutes / 3))
            for order in orders:
                stage.acknowledge(stage.officer(order.institution), order)

    return script


def _stopped(scene: Scene, plan: Plan, minutes: float, *, docket: bool = False) -> Story:
    """A report whose stops took effect about so many minutes before the end; returns the holds."""
    rows = yield from _report(scene, plan, docket=docket)
    orders = yield from send(scene, "stop", rows)
    yield from _ago(scene, minutes)
    holds = []
    for order in orders:
        stage, found = scene.stage, fresh(order)
        answer = stage.answer(stage.officer(found.institution), found, reply(stage, scene.chance, found))
        hold = hold_of(answer)
        if hold is not None:
            watch_end(scene, hold)
            holds.append(hold)
    return holds


def ending_soon(scene: Scene, plan: Plan) -> Story:
    """Stops that end within two hours; the freeze is drafted and waits."""
    holds = yield from _stopped(scene, plan, 46.6 * 60, docket=True)
    yield from _ago(scene, 20)
    rows = list(
        Involvement.objects.select_related("account").filter(case=scene.known_case, account=holds[0].account_id)
    )
    _drafted(scene, rows, "freeze")


def extended(scene: Scene, plan: Plan) -> Story:
    """A second term runs."""
    holds = yield from _stopped(scene, plan, 60 * 60)
    yield from _ago(scene, 20 * 60)
    for order in (yield from send_follower(scene, holds[0], "extend")):
        yield from react(scene, order)
    watch_end(scene, Hold.objects.select_related("institution", "unit").get(pk=holds[0].pk))


def run_out(minutes: float) -> Script:
    """Ended by itself so long ago; nobody has confirmed the lift."""

    def script(scene: Scene, plan: Plan) -> Story:
        rows = yield from _report(scene, plan)
        orders = yield from send(scene, "stop", rows)
        yield from _ago(scene, 48 * 60 + minutes)
        for order in orders:
            stage, found = scene.stage, fresh(order)
            stage.answer(stage.officer(found.institution), found, reply(stage, scene.chance, found))
        yield from _ago(scene, minutes - 2)
        scene.stage.expire()

    return script


def waiting(scene: Scene, plan: Plan) -> Story:
    """A freeze behind a court's, without a stop before it."""
    rows = yield from _report(scene, plan, docket=True)
    orders = yield from send(scene, "freeze", rows[:1])
    yield scene.pace.after(40)
    found = fresh(orders[0])
    scene.stage.answer(scene.stage.officer(found.institution), found, waiting_reply(scene.stage, scene.chance, found))


def paper(scene: Scene, plan: Plan) -> Story:
    """Entered from paper, waits for its second person."""
    rows = yield from _report(scene, plan)
    orders = yield from send(scene, "stop", [row for row in rows if not row.account.institution.connected])
    yield from _ago(scene, 25)
    found = fresh(orders[0])
    scene.stage.record(scene.person("analyst"), found, reply(scene.stage, scene.chance, found))


def rejected(scene: Scene, plan: Plan) -> Story:
    """One order was refused by the approver, one cancelled on its way, one taken back as a draft."""
    stage, by = scene.stage, scene.person("analyst")
    rows = yield from _report(scene, plan, docket=True)
    wrong, cancelled, dropped = (_drafted(scene, rows[:1], kind)[0] for kind in ("freeze", "stop", "query_holder"))
    yield scene.pace.after(5)
    stage.submit(by, wrong)
    yield scene.pace.after(10)
    stage.reject(scene.person("approver"), wrong, "冻结金额与涉案金额不符，请核实后重新提交")
    stage.cancel(by, dropped, "已由其他单位查询")
    yield from carry_out(scene, by, [cancelled])
    yield scene.pace.after(6)
    stage.cancel(by, cancelled, "受害人确认系误报该笔转账")


def in_error(scene: Scene, plan: Plan) -> Story:
    """Issued in error and executed: the release is drafted, due within the hour; an older one was lifted."""
    holds = yield from _stopped(scene, plan, 30 * 60)
    yield from _ago(scene, 22 * 60)
    stage = scene.stage
    stage.retract(scene.person("analyst"), holds[0].order, "account", "账号录入错误，止付对象与本案无关")
    draft = Order.objects.get(original=holds[0].order, status=Order.Status.DRAFT)
    yield from carry_out(scene, scene.person("analyst"), [draft])
    yield from react(scene, draft)


def error_found_now(scene: Scene, plan: Plan) -> Story:
    """The same, found a quarter of an hour ago."""
    holds = yield from _stopped(scene, plan, 5 * 60)
    yield from _ago(scene, 15)
    scene.stage.retract(scene.person("supervisor"), holds[0].order, "amount", "止付金额多录一位")


def mismatched(scene: Scene, plan: Plan) -> Story:
    """Answered with another name; one was corrected and replaced, one still waits to be."""
    stage, by = scene.stage, scene.person("analyst")
    rows = yield from _report(scene, plan)
    orders = yield from send(scene, "stop", rows)
    yield scene.pace.after(9)
    for order in orders:
        found = fresh(order)
        answer = reply(stage, scene.chance, found, "mismatch", "name_mismatch")
        stage.answer(stage.officer(found.institution), found, answer)
    yield from _ago(scene, 90)
    draft = stage.correct(by, fresh(orders[0]), holder_name=stage.city.inventor.name())
    yield from carry_out(scene, by, [draft])
    yield from react(scene, draft)


def routed(scene: Scene, plan: Plan) -> Story:
    """A head office hands an order on to its branch, which has seen it."""
    stage = scene.stage
    yield from _report(scene, plan)
    stage.step(scene.person("analyst"), scene.known_case, "accept", "云公受案字9002号")
    bank, branch = stage.city.institutions["icbc"], stage.city.institutions["icbc-binhe"]
    mule = Mule(bank, stage.city.inventor.card(bank.bank_code), stage.city.inventor.name())
    row = stage.involve(scene.person("analyst"), scene.known_case, mule)
    orders = yield from send(scene, "query_holder", [row])
    yield scene.pace.after(6)
    stage.route(stage.city.person(bank, "officer"), orders[0], branch)
    yield scene.pace.after(4)
    stage.acknowledge(stage.city.person(branch, "officer"), orders[0])


def refused(scene: Scene, plan: Plan) -> Story:
    """The case was not filed: the platform has drafted the releases, due within three days."""
    yield from _stopped(scene, plan, 9 * 60)
    yield from _ago(scene, 100)
    scene.stage.step(scene.person("approver"), scene.known_case, "refuse", "云公不立字9003号")


def released_later(scene: Scene, plan: Plan) -> Story:
    """Found unrelated yesterday: released, and its lift confirmed."""
    holds = yield from _stopped(scene, plan, 40 * 60)
    yield from _ago(scene, 12 * 60)
    for hold in holds:
        yield from end_hold(scene, hold, "经核查，收款人为正常经营商户")


# hours before the end that the report came in, script, whether the receiver's bank is off the platform
SCRIPTS: tuple[tuple[float, Script, bool], ...] = (
    (0.4, drafts, False),
    (0.7, awaiting, False),
    (0.3, emergency_to_confirm, False),
    (0.85, emergency_out(35), False),
    (1.95, emergency_out(100), False),
    (0.6, issued(5, urgency="02"), False),
    (1.5, issued(52), False),
    (0.9, issued(19, seen=True), False),
    (2.1, issued(75, seen=True), False),
    (46.95, ending_soon, False),
    (60.35, extended, False),
    (52.5, run_out(250), False),
    (49.1, run_out(45), False),
    (30.0, waiting, False),
    (5.0, paper, True),
    (26.0, rejected, False),
    (30.35, in_error, False),
    (5.35, error_found_now, False),
    (7.0, mismatched, False),
    (30.5, routed, False),
    (40.35, released_later, False),
    (9.35, refused, False),
    (70.0, followed, False),
)


def today_case(stage: Stage, plan: Plan, script: Script) -> Story:
    """One of the scripts, on its own scene."""
    yield from script(begin(stage, plan), plan)
