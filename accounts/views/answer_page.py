"""What the answer page shows of an order: the four things to match, the content masked or in clear, clocks, history.

Content comes from the text that was hashed (accounts.services.payload); what is done on the page is in `answer`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.forms.answer import AnswerForms
from accounts.forms.queue import RouteForm
from accounts.models import Answer, Order
from accounts.rules.order_kinds import MATCH_FIELD_LABELS, order_kind
from accounts.selectors.queue import OPEN, next_in_queue
from accounts.selectors.timeline import order_timeline
from accounts.services.answer_effects import ACTED
from accounts.views.clock import clock_context
from accounts.views.order_content import content_of, content_sections
from accounts.views.order_words import timeline_of
from accounts.views.sent_statements import sent_context
from antifraud import db
from antifraud.crypto.masks import mask
from banks.middleware import UserRequest
from banks.models import Institution
from banks.selectors.institutions import executing_institutions
from banks.selectors.platform import page_now
from banks.selectors.profiles import profile_of
from banks.templatetags.ui_values import money, when

HIDE_AFTER_SECONDS = 180


def answer_context(
    request: UserRequest, order: Order, *, forms: AnswerForms | None = None, version: int | None = None
) -> dict[str, Any]:
    """The whole page. `forms` holds what was typed; `version` is what the person saw (the present one by default)."""
    user = request.user
    answers = list(order.answers.all())
    crossed = order.was_cancelled_after_issue and not answers
    is_open = order.status in OPEN
    others = institutions_but(user.institution) if is_open or crossed else []
    branches = own_branches(user.institution, others) if is_open and user.institution_id == order.institution_id else []
    now = page_now()
    context = {
        "server_now": now,
        "order": order,
        "answers": answers,
        "holds": list(order.holds.all()),
        "is_open": is_open,
        "crossed": crossed,
        "version": order.version if version is None else version,
        "route_form": RouteForm(branches=branches, initial={"branch": order.routed_to_id}) if branches else None,
        **clock_context(user, order, now),
        **sent_context(user, order, answers),
        "timeline": timeline_of(order_timeline(user=user, order=order)),
        "next_order": next_in_queue(user=user, after=order.pk),
        "crumbs": [(_("Queue"), reverse("accounts:queue")), (order.number, "")],
    }
    if is_open or crossed:
        context["forms"] = forms or answer_forms(request, order, institutions=others, now=now)
    return context | match_context(order)


def answer_forms(
    request: UserRequest, order: Order, *, institutions: list[Institution] | None = None, now: datetime | None = None,
    data: Any = None, files: Any = None,
) -> AnswerForms:  # fmt: skip
    """The answer form of the order; for one that was cancelled only what may have crossed the cancellation."""
    outcomes = order_kind(order.kind).outcomes
    if order.was_cancelled_after_issue:
        outcomes = tuple(name for name in outcomes if name in ACTED)
    if institutions is None:
        institutions = institutions_but(request.user.institution)
    return AnswerForms(
        order=order, user=request.user, now=now or db.app_now(), institutions=institutions, data=data, files=files,
        outcomes=outcomes,
    )  # fmt: skip


def institutions_but(own: Institution) -> list[Institution]:
    """Where else an account may be kept, and where money may have gone; the own branches among them."""
    return [each for each in executing_institutions() if each.pk != own.pk]


def own_branches(own: Institution, institutions: list[Institution]) -> list[Institution]:
    """Those of them to which the institution can hand an order (as `branches_of`, without asking again)."""
    return [each for each in institutions if each.parent_id == own.pk and each.connected]


def match_context(order: Order, clear: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The four things and the whole content; masked unless the content in `clear` was opened by its service."""
    content = clear if clear is not None else masked_content(order)
    return {
        "order": order,
        "things": four_things(order, content) if content else [],
        "sections": content_sections(content) if content else [],
        "tolerance": profile_of(order.legal_profile).matching.time_tolerance_minutes,
        "is_clear": clear is not None,
        "hide_after": HIDE_AFTER_SECONDS,
    }


def four_things(order: Order, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Number, name, amount and time in the bank's order of looking; `must`: this kind is matched by it."""
    target, way = content["target"], content["hop"] or {}
    at = way.get("at")
    values = {
        "number": target["number"],
        "name": target["name"],
        "amount": money(way.get("amount_minor"), way.get("currency", "")) if way else "",
        "time": when(datetime.fromisoformat(at), "seconds") if at else "",
    }
    must = order_kind(order.kind).four_things
    return [
        {
            "name": name,
            "label": _(label),
            "value": values[name],
            "must": name in must,
            "copy": values[name] if name in {"number", "name"} else "",
        }
        for name, label in MATCH_FIELD_LABELS.items()
    ]


def masked_content(order: Order) -> dict[str, Any]:
    """The content with every personal value masked; {} for an order that says nothing yet."""
    if order.payload is None:
        return {}
    content = copy.deepcopy(content_of(order.payload.open()))
    payers = [way["from"] for way in (content["hop"], content["victim_transfer"]) if way]
    for party in [content["target"], *payers]:
        party["number"] = mask("phone" if party["kind"] == "phone" else "account", party["number"])
        party["name"] = mask("name", party["name"])
    content["reason"] = mask("text", content["reason"])
    return content


def who_answered(order: Order) -> str:
    """Who ended the order meanwhile and how, in one sentence; "" while it is open."""
    last: Answer | None = order.answers.select_related("answered_by").order_by("-seq").first()
    if last is not None:
        person = last.answered_by.full_name
        return _("{person} answered this order: {outcome}.").format(person=person, outcome=last.get_outcome_display())
    if order.was_cancelled_after_issue:
        return _("The issuing unit cancelled this order.")
    if order.status == Order.Status.ACKNOWLEDGED and order.acknowledged_by is not None:
        return _("{person} acknowledged this order.").format(person=order.acknowledged_by.full_name)
    return ""
