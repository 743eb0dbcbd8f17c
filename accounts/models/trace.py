"""Runs of the trace engine: parameters, digest of what was read, result; never changed after they are written."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from banks.models import User
from cases.models import Case, CaseOwned


class TraceRun(CaseOwned):
    """One trace. `result` holds ledger keys and amounts only: who they are is read through the policy each time.

    `params` as `rules.tracing.params.Params.as_dict`; `seeds` [{"entry", "from_minor", "to_minor"}];
    `result` as `rules.tracing.result.Result.as_dict`; digests are SHA-256 over the canonical JSON of what they name.
    """

    class Direction(models.TextChoices):
        FORWARD = "forward", _("Forward: where the money went")
        BACKWARD = "backward", _("Backward: where the money came from")

    class Method(models.TextChoices):
        FIFO = "fifo", _("First in, first out")
        PRO_RATA = "pro_rata", _("Pro rata")
        LIBR = "libr", _("Lowest intermediate balance")
        REACH = "reach", _("Reach only, no amounts")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="trace_runs")
    number = models.PositiveIntegerField()  # 1, 2… within the case
    direction = models.CharField(max_length=8, choices=Direction.choices)
    method = models.CharField(max_length=8, choices=Method.choices)
    currency = models.CharField(max_length=3)
    params = models.JSONField()
    seeds = models.JSONField()
    ledger_version = models.IntegerField()
    ledger_digest = models.BinaryField()
    inputs_digest = models.BinaryField()
    result = models.JSONField()
    result_digest = models.BinaryField()
    edges = models.IntegerField()
    is_cut = models.BooleanField(default=False)  # a limit ended it: there may be more
    is_automatic = models.BooleanField(default=False)  # run again by the platform, because new rows came
    run_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    run_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="trace_run_number")]


class TraceCheck(models.Model):
    """That the platform has run a trace again on a later version of the ledger, and it said the same as before."""

    run = models.OneToOneField(TraceRun, on_delete=models.PROTECT, primary_key=True, related_name="checked")
    ledger_version = models.IntegerField()
    checked_at = models.DateTimeField()
