"""Alerts of the last days: one that banks have reported back on, one still unread here and there, one before its approver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from accounts.models import Alert, AlertNotice
from accounts.services.alerts.decide import alert_approve, alert_submit
from accounts.services.alerts.draft import alert_draft
from accounts.services.alerts.inputs import AlertInput, LineInput
from accounts.services.alerts.notices import notice_acknowledge, notice_open, notice_report_back
from antifraud import db
from antifraud.deliveries import lane_push
from antifraud.doors.demo.stage import Stage
from banks.models import Institution
from banks.rules.issue_powers import LEGAL_BASIS_LABELS

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Wording:
    """What one alert says."""

    kind: str
    title: str
    content: str
    purpose: str
    audience: str


RING = Wording(
    "involved_accounts",
    "夜间集中开卡转账账户",
    "多张卡在同一网点集中开立，夜间入账后数分钟内转空。请排查同一客户及同一设备名下的其他账户。",
    "排查关联账户",
    "keepers",
)
PATTERN = Wording(
    "account_pattern",
    "冒充客服退款的资金特征",
    "受害人多先收到小额到账，随后被诱导大额转出；收款账户开立不足一个月，余额长期为零。请对符合特征的账户加强核验。",
    "提示资金特征",
    "all",
)
SELLERS = Wording(
    "card_seller",
    "出租出售银行卡人员线索",
    "以下账户的开户人涉嫌出租、出售银行卡。请核实并按规定管理其名下账户。",
    "核实开户人",
    "keepers",
)


def alerts_tell(stage: Stage) -> None:
    """Put the three alerts into the timeline."""
    centre = stage.city.institutions["yh-centre"]
    icbc, ccb, cmb = (stage.city.institutions[code] for code in ("icbc", "ccb", "cmb"))

    def reported() -> None:
        alert = _issue(stage, centre, RING, (icbc, icbc, ccb, cmb))
        _acknowledge(stage, alert, icbc, "核查名下共 6 个账户，2 个存在同类交易，已采取管控措施。")
        _acknowledge(stage, alert, ccb)

    def spread() -> None:
        alert = _issue(stage, centre, PATTERN, ())
        _acknowledge(stage, alert, cmb)

    def waiting() -> None:
        _submit(stage, stage.city.districts[0], SELLERS, (icbc, ccb))

    for hours, act in ((52.0, reported), (5.0, spread), (0.1, waiting)):
        stage.timeline.at(stage.end - timedelta(hours=hours), act)


def _submit(stage: Stage, unit: Institution, text: Wording, keepers: tuple[Institution, ...]) -> Alert:
    inventor, by = stage.city.inventor, stage.city.person(unit, "analyst")
    lines = tuple(
        LineInput(
            number=inventor.card(keeper.bank_code), institution=keeper, name=inventor.name(), place=f"lines.{number}"
        )
        for number, keeper in enumerate(keepers)
    )
    with db.unit_of_work(by) as work:
        data = AlertInput(
            kind=text.kind, title=text.title, content=text.content, legal_basis=LEGAL_BASIS_LABELS["fraud_20"], purpose=text.purpose,
            expires_at=work.now + KEPT_FOR, audience=text.audience, lines=lines,
        )  # fmt: skip
        alert = alert_draft(by=by, data=data)
    with db.unit_of_work(by):
        return alert_submit(by=by, alert_id=alert.id)


def _issue(stage: Stage, unit: Institution, text: Wording, keepers: tuple[Institution, ...]) -> Alert:
    alert, by = _submit(stage, unit, text, keepers), stage.city.person(unit, "approver")
    with db.unit_of_work(by):
        alert = alert_approve(by=by, alert_id=alert.id, payload_sha256=bytes(alert.payload_sha256 or b""))
    for institution in alert.addressees.all():
        lane_push(institution.id)
    return alert


def _acknowledge(stage: Stage, alert: Alert, institution: Institution, report: str = "") -> None:
    """Read and acknowledged by the institution's officer; with `report` answered too."""
    by = stage.city.person(institution, "officer")
    notice = AlertNotice.objects.get(alert=alert, institution=institution)
    with db.unit_of_work(by):
        notice_open(by=by, notice_id=notice.id)
    with db.unit_of_work(by):
        notice_acknowledge(by=by, notice_id=notice.id)
    if report:
        with db.unit_of_work(by):
            notice_report_back(by=by, notice_id=notice.id, finding="measures_taken", report=report)
