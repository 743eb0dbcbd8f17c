"""Police work is for police and the centre: a supervisor of oversight has the role's name, not its powers."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.policy import Action as AccountAction
from antifraud import policy
from antifraud.errors import Forbidden
from banks.models import Institution
from cases.models import Case
from cases.policy import Action as CaseAction
from tests.accounts.factories import new_case

WORK = [CaseAction.CASE_FILE, CaseAction.CASE_IMPORT, AccountAction.ACCOUNT_LOOKUP]


@pytest.mark.parametrize("action", WORK)
def test_a_role_of_another_kind_of_institution_is_not_enough(world: Any, action: str) -> None:
    assert world.overseer.role == world.supervisor_a.role
    assert world.overseer.institution.kind == Institution.Kind.OVERSIGHT
    assert policy.can(world.supervisor_a, action)
    assert not policy.can(world.overseer, action)


def test_nothing_is_filed(world: Any, log_in: Any) -> None:
    with pytest.raises(Forbidden):
        new_case(world.overseer)
    client = log_in(world.overseer)
    assert client.get("/cases/new/").status_code == 403
    assert client.post("/cases/new/", {"verb": "file"}).status_code == 403
    assert not Case.objects.exists()
