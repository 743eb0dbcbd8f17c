"""One name for each kind of order: the choices of the model, the pills of the pages and the rules say the same word."""

from __future__ import annotations

from django.utils import translation

from accounts.models import Order
from accounts.rules.order_kinds import ORDER_KINDS
from banks.rules.legal_profile import ORDER_KIND_LABELS
from banks.templatetags.ui_words import KIND


def test_a_kind_has_one_name_wherever_it_is_shown() -> None:
    labels = {name: str(label) for name, label in ORDER_KIND_LABELS.items()}
    assert {name: str(label) for name, label in Order.Kind.choices} == labels
    assert {name: str(KIND[name].label) for name in ORDER_KINDS} == labels


def test_in_chinese_too_and_no_two_kinds_share_a_name() -> None:
    with translation.override("zh-hans"):
        pills = {name: str(KIND[name].label) for name in ORDER_KINDS}
        assert {name: str(label) for name, label in Order.Kind.choices} == pills
        assert str(Order.Kind.FREEZE_RELEASE.label) == "解冻"
    assert len(set(pills.values())) == len(ORDER_KINDS)
    assert all(pills[name] != str(ORDER_KIND_LABELS[name]) for name in ORDER_KINDS)
