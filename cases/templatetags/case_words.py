"""Words of cases in templates, and what of a case a reader may do; the doors ask again."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from antifraud import policy
from banks.models import User
from cases.policy import Action
from cases.rules.fraud_types import FRAUD_TYPE_LABELS

register = template.Library()


@register.simple_tag
def fraud_type(code: str) -> str:
    """The fraud type in the reader's language; an unknown code is shown as it is."""
    return _(FRAUD_TYPE_LABELS[code]) if code in FRAUD_TYPE_LABELS else code


@register.filter
def may_update_case(user: User) -> bool:
    """Whether a reader of the case has the role to correct its report."""
    return policy.can(user, Action.CASE_UPDATE)
