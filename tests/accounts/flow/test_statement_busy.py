"""While a file is on its way into the ledger nobody makes another choice for it or names its columns anew."""

from __future__ import annotations

import pytest

from accounts.services.statements.files import statement_commit, statement_map
from antifraud import db
from antifraud.errors import Conflict
from antifraud.jobs.models import Job
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, preview
from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_commit_that_waits_or_runs_is_not_disturbed(world: World, state: str) -> None:
    by = world.analyst_a
    file = preview(by, new_case(by), [Line(A, "out", 5_00, 0, B, 10_00)])
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    Job.objects.filter(kind="statement.commit").update(state=state)
    jobs = Job.objects.count()
    with pytest.raises(Conflict) as refused, db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=True)
    assert refused.value.code == "job_active"
    with pytest.raises(Conflict) as refused, db.unit_of_work(by):
        statement_map(by=by, file_id=file.pk, mapping=dict(file.mapping or {}), remember=False)
    assert refused.value.code == "job_active"
    file.refresh_from_db()
    assert (file.status, file.is_without_repeats, Job.objects.count()) == ("preview", False, jobs)
