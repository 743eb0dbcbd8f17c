"""An order of unit A that bank A has executed; the ids of everything that is unit A's."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Answer, Hold, Order
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from accounts.services.availability import orders_make_available
from antifraud import db
from banks.models import Delivery, Notification, WebhookEndpoint
from banks.selectors.institutions import system_user
from cases.models import Attachment, Case, Lead, Victim
from tests.accounts import alerting, factories
from tests.accounts.flow.refunding import refund_ids
from tests.accounts.flow.serial_cases import joined
from tests.policy.flow_ids import flow_ids
from tests.policy.statement_ids import statement_ids


@pytest.fixture
def answered_stop(world: Any) -> Order:
    """Case, account, stop, approval, availability, executed answer with its hold."""
    case = factories.new_case(world.analyst_a)
    row = factories.involve(world.analyst_a, case, world.bank_a)
    factories.pay(world.analyst_a, case, row.account)
    order = factories.approve(factories.submit(factories.draft(world.analyst_a, world.second_a, row)), world.approver_a)
    with db.unit_of_work(system_user()) as work:
        orders_make_available([order.id], by=system_user(), at=work.now)
    with db.unit_of_work(world.risk_a) as work:
        answer = AnswerInput(outcome="executed", handled_by="Wang", executed_minor=500_000, effective_from=work.now)
        order_answer(by=world.risk_a, order_id=order.id, answer=answer, source=Answer.Source.LOGGED_IN)
    return Order.objects.select_related("case", "account").get(pk=order.pk)


@pytest.fixture
def own(world: Any, answered_stop: Any) -> dict[str, Any]:
    """Ids of unit A's objects, executed by bank A."""
    order: Order = answered_stop
    case: Case = order.case
    with db.unit_of_work(world.analyst_a) as work:
        lead = Lead(case=case, kind="phone", value="13900000000", value_index=b"x" * 16, created_at=work.now)
        lead.save()
        note = Notification.objects.create(user=world.analyst_a, code="order.answered", url="/", created_at=work.now)
        file = Attachment(
            case=case, purpose="other", title="paper", storage_name="00/none", media_kind="pdf", size=1, sha256=b"x" * 32,
            uploaded_by=world.analyst_a, uploaded_at=work.now,
        )  # fmt: skip
        file.save()
        endpoint = WebhookEndpoint.objects.create(
            institution=world.bank_a, url="https://hook.example.com/", proposed_by=world.risk_a, proposed_at=work.now
        )
    delivery = Delivery.objects.get(subject_id=order.id)
    decision = joined(world.analyst_a, case, factories.new_case(world.analyst_a))
    account = order.account
    other = factories.involve(world.analyst_a, case, world.bank_a)
    alert = alerting.delivered(world, alerting.line(world.bank_a), case=case, title="Ring of the night")
    return {
        "case_id": case.id, "order_id": order.id, "account_id": account.id, "hold_id": Hold.objects.get(order=order).id,
        "answer_id": Answer.objects.get(order=order).id, "victim_id": Victim.objects.filter(case=case).values_list("id", flat=True)[0],
        "lead_id": lead.id, "attachment_id": file.id, "involvement_id": other.id, "notification_id": note.id, "change_id": case.id,
        "part_id": order.id, "alert_id": alert.id, "notice_id": alerting.notice_of(alert, world.bank_a).id,
        "line_id": alert.lines.get().id, "series_id": decision.series_id, "decision_id": decision.id,
        "endpoint_id": endpoint.id, "delivery_id": delivery.id, "queue_id": delivery.id,
        "institution_id": world.bank_a.id, "user_id": world.analyst_a.id,
        **statement_ids(world.analyst_a, case, file),
        **refund_ids(world),
        **flow_ids(world.analyst_a, case),
    }  # fmt: skip
