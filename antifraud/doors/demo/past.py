"""What became of cases in the last thirty days: stops, where the money went on, freezes, releases, steps of law."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import Answer, Hold, Involvement, Order
from accounts.models.hold import LIVE
from accounts.models.order import OPEN
from accounts.rules.order_kinds import case_allows
from antifraud.doors.demo.filing import Plan, begin, file_case, first_receivers
from antifraud.doors.demo.police import (
    Scene,
    amounts_of,
    carry_out,
    fresh,
    hold_of,
    in_force,
    react,
    send,
    send_follower,
    spawn,
    watch_end,
)
from antifraud.doors.demo.replies import STOP_REPLIES, reply, waiting_reply
from antifraud.doors.demo.stage import Mule, Stage
from antifraud.doors.demo.timeline import Story
from cases.models import Case


def past_case(stage: Stage, plan: Plan) -> Story:
    """Report, first stops, and everything that follows from them."""
    scene = begin(stage, plan)
    late_entry = scene.chance.random() < 0.08
    yield scene.pace.after(scene.chance.uniform(35, 70) if late_entry else scene.chance.uniform(2, 4.8))
    file_case(scene, plan)
    spawn(scene, law, plan.ending)
    rows = first_receivers(scene.known_case)
    orders = yield from (emergency(scene, rows) if plan.emergency else send(scene, "stop", rows))
    for order in orders:
        spawn(scene, paper_stop if not order.institution.connected else stop_answered, order)
    if plan.phone:
        spawn(scene, suspend)
    if plan.query:
        spawn(scene, ask, rows[0])


def law(scene: Scene, ending: str) -> Story:
    """受案, 立案 and what comes of it. Cases that are refused or withdrawn draft the releases of their holds."""
    stage, chance = scene.stage, scene.chance
    by, leader = scene.person("analyst"), scene.person("approver")
    number = f"{chance.randint(1000, 9999)}号"
    yield scene.pace.after(hours=chance.uniform(1.5, 7))
    stage.step(by, scene.known_case, "accept", f"云公受案字{number}")
    if ending in {"refuse", "clear"}:
        yield scene.pace.after(hours=chance.uniform(20, 40))
        stage.step(leader, scene.known_case, ending, f"云公不立字{number}")
        yield from release_drafts(scene)
        return
    yield scene.pace.after(hours=chance.uniform(9, 24))
    stage.step(leader, scene.known_case, "docket", f"云公立字{number}")
    if ending == "transfer":
        yield scene.pace.after(hours=chance.uniform(60, 120))
        others = [unit for unit in stage.city.districts if unit != scene.unit]
        stage.step(leader, scene.known_case, "transfer", f"云公移字{number}", chance.choice(others))
    elif ending == "withdraw":
        yield scene.pace.after(hours=chance.uniform(50, 90))
        stage.step(leader, scene.known_case, "withdraw", f"云公撤字{number}")
        yield from release_drafts(scene)
    elif ending == "solved":
        yield scene.pace.after(hours=chance.uniform(90, 260))
        stage.step(by, scene.known_case, "solve")


def release_drafts(scene: Scene) -> Story:
    """Send the releases out that the platform drafted, have them executed, close the case."""
    stage, chance, by = scene.stage, scene.chance, scene.person("analyst")
    yield scene.pace.after(hours=chance.uniform(3, 30))
    drafts = []
    for order in Order.objects.filter(case=scene.known_case, status="draft", original__isnull=False):
        if Hold.objects.filter(order=order.original_id, status__in=LIVE).exists():
            stage.complete(by, order, "案件不予追究，解除控制")
            drafts.append(order)
        else:
            stage.cancel(by, order, "止付已到期自动解除")
    issued = yield from carry_out(scene, by, drafts)
    for order in issued:
        yield from react(scene, order)
    yield scene.pace.after(hours=chance.uniform(20, 60))
    case = scene.known_case
    if case.open_orders == 0 and case.open_holds == 0 and chance.random() < 0.6:
        stage.step(scene.person("analyst"), case, "close")


def emergency(scene: Scene, rows: list[Involvement]) -> Story:
    """The second officer sends the stops out; a superior approves afterwards, sometimes too late."""
    stage, chance, by = scene.stage, scene.chance, scene.person("analyst")
    yield scene.pace.after(chance.uniform(0.5, 2))
    case = scene.known_case
    orders = stage.draft(by, case, "stop", rows, amounts_of(case))
    for order in orders:
        stage.submit(by, order, emergency=True)
    yield scene.pace.after(chance.uniform(0.5, 2.5))
    for order in orders:
        stage.confirm(scene.person("second"), order)
    stage.push(orders)
    spawn(scene, ratified, orders)
    return orders


def ratified(scene: Scene, orders: list[Order]) -> Story:
    """Within the hour, or after the escalation."""
    start = scene.pace.now
    scene.stage.timeline.at(start + timedelta(minutes=60, seconds=5), scene.stage.remind)
    yield scene.pace.after(
        scene.chance.uniform(8, 50) if scene.chance.random() < 0.8 else scene.chance.uniform(65, 110)
    )
    for order in orders:
        scene.stage.ratify(scene.person("supervisor"), order)


def stop_answered(scene: Scene, order: Order) -> Story:
    """One stop at its bank, and what follows from the answer."""
    outcome, reason, _share = scene.chance.choices(STOP_REPLIES, [share for _o, _r, share in STOP_REPLIES])[0]
    answer = yield from react(scene, order, outcome, reason)
    if answer is None:
        return
    hold = hold_of(answer)
    if hold is not None:
        watch_end(scene, hold)
        spawn(scene, after_stop, hold)
    if answer.next_hops.exists():
        spawn(scene, trail, answer)
    elif outcome == "mismatch" or reason == "not_ours":
        yield from correct(scene, order)


def correct(scene: Scene, order: Order) -> Story:
    """The same order again with the right name, or to the right bank; it takes the old one's place."""
    stage, chance, by = scene.stage, scene.chance, scene.person("analyst")
    yield scene.pace.after(chance.uniform(4, 25))
    found = fresh(order)
    named = {"holder_name": stage.city.inventor.name()} if found.outcome == "mismatch" else {}
    if not case_allows(found.kind, scene.known_case.status):
        return
    draft = stage.correct(by, found, **named)
    for again in (yield from carry_out(scene, by, [draft])):
        answer = yield from react(scene, again, *chance.choice((("executed", ""), ("refused", "other"))))
        hold = hold_of(answer)
        if hold is not None:
            watch_end(scene, hold)
            spawn(scene, after_stop, hold)


def trail(scene: Scene, answer: Answer) -> Story:
    """Stops on the accounts that the money went on to, one level further down."""
    chance = scene.chance
    if chance.random() < 0.45:
        return
    yield scene.pace.after(chance.uniform(5, 30))
    accounts = list(answer.next_hops.values_list("account", flat=True))
    rows = list(
        Involvement.objects.filter(case=scene.known_case, account__in=accounts, state="proposed").select_related(
            "account"
        )
    )
    for row in rows:
        scene.stage.confirm_account(scene.person("analyst"), row)
    if not rows:
        return
    orders = yield from send(scene, "stop", rows)
    for order in orders:
        spawn(scene, stop_answered, order)


def after_stop(scene: Scene, hold: Hold) -> Story:
    """Freeze, release, extend, or nothing until it runs out."""
    chance, pace = scene.chance, scene.pace
    fate = chance.choices(("freeze", "release", "extend", "silence"), (50, 14, 11, 25))[0]
    if fate == "silence":
        return
    if fate == "release":
        yield pace.after(hours=chance.uniform(6, 40))
        if in_force(hold):
            yield from end_hold(scene, hold, "核实为正常交易，与案件无关" if chance.random() < 0.8 else "")
        return
    yield pace.after(hours=chance.uniform(30, 43))
    if fate == "extend" and in_force(hold):
        for order in (yield from send_follower(scene, hold, "extend")):
            yield from react(scene, order)
        if not in_force(hold):
            return
        watch_end(scene, Hold.objects.select_related("institution", "unit").get(pk=hold.pk))
        yield pace.after(hours=chance.uniform(10, 40))
    if scene.known_case.status == Case.Status.FILED and in_force(hold):
        yield from freeze(scene, hold)


def freeze(scene: Scene, hold: Hold) -> Story:
    """A freeze takes the stop's place; few wait behind another body's, few are set free later."""
    stage, chance = scene.stage, scene.chance
    row = Involvement.objects.select_related("account").get(case=hold.case_id, account=hold.account_id)
    orders = yield from send(scene, "freeze", [row])
    if not orders:
        return
    order = fresh(orders[0])
    if chance.random() < 0.1:
        yield scene.pace.after(chance.uniform(10, 50))
        saved = stage.answer(stage.officer(order.institution), order, waiting_reply(stage, chance, order))
        yield scene.pace.after(hours=chance.uniform(60, 200))
        waiting = Hold.objects.select_related("institution", "account").get(answer=saved)
        if waiting.status == Hold.Status.WAITING:
            stage.activate(stage.officer(order.institution), waiting, order.amount_minor)
        return
    answer = yield from react(scene, order)
    frozen = hold_of(answer)
    if frozen is not None and chance.random() < 0.15:
        yield scene.pace.after(hours=chance.uniform(40, 260))
        if in_force(frozen):
            yield from end_hold(scene, frozen, "涉案资金已查清，予以解除")


def end_hold(scene: Scene, hold: Hold, reason: str) -> Story:
    """Release by an order that the bank executes, which confirms the lift in the same act."""
    if Order.objects.filter(original=hold.order, status__in=OPEN, kind__endswith="_release").exists():
        return  # the law was quicker: the platform has drafted the release
    for order in (yield from send_follower(scene, hold, "release", reason=reason)):
        yield from react(scene, order)


def paper_stop(scene: Scene, order: Order) -> Story:
    """Carried by hand to a bank off the platform; two persons enter what it answered."""
    stage, chance = scene.stage, scene.chance
    yield scene.pace.after(hours=chance.uniform(1.5, 4))
    found = fresh(order)
    answer = stage.record(scene.person("analyst"), found, reply(stage, chance, found))
    yield scene.pace.after(chance.uniform(6, 40))
    stage.confirm_record(scene.person("second"), answer)
    hold = hold_of(answer)
    if hold is not None:
        watch_end(scene, hold)


def suspend(scene: Scene) -> Story:
    """The caller's number is suspended, and restored after a week where the case is over."""
    stage, chance = scene.stage, scene.chance
    mule = Mule(stage.city.institutions["yh-mobile"], stage.city.inventor.phone(), stage.city.inventor.name())
    yield scene.pace.after(chance.uniform(10, 60))
    row = stage.involve(scene.person("analyst"), scene.known_case, mule, kind="phone")
    hold = None
    for order in (yield from send(scene, "suspend_number", [row])):
        hold = hold_of((yield from react(scene, order)))
    yield scene.pace.after(hours=chance.uniform(100, 400))
    if hold is not None and in_force(hold) and chance.random() < 0.5:
        yield from end_hold(scene, hold, "号码使用人已核实")


def ask(scene: Scene, row: Involvement) -> Story:
    """Who the holder is, and what moved on the account."""
    chance = scene.chance
    yield scene.pace.after(hours=chance.uniform(8, 26))
    bank = row.account.institution
    if scene.known_case.status not in {"accepted", "filed"} or bank is None or not bank.connected:
        return
    for kind in ("query_holder", "query_transactions"):
        for order in (yield from send(scene, kind, [row])):
            yield from react(scene, order)
