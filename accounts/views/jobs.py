"""Long work as a page shows it: stage, bar, pace, time left, how it ended; which work it is the pages know."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from accounts.forms.statement_words import remark_text
from antifraud.jobs.models import Job

# Stages as the work names them; a bar counts what its stage counts.
STAGE_LABELS = {
    "": gettext_lazy("Waiting for a worker"),
    "reading": gettext_lazy("Reading the file"),
    "checking": gettext_lazy("Looking for what is known already"),
    "known": gettext_lazy("Looking for what is known already"),
    "entries": gettext_lazy("Writing the rows into the ledger"),
    "matching": gettext_lazy("Recognising transfers of both sides"),
    "sums": gettext_lazy("Adding up balances"),
    "totals": gettext_lazy("Adding up the control totals"),
    "clearing": gettext_lazy("Clearing away"),
    "following": gettext_lazy("Running the traces again"),
}
BY_ROWS = ("reading", "telling")  # the other stages count steps, whose pace says nothing
CANCELLED_LABELS = {  # by kind, where what was done before goes as well
    "statement.commit": gettext_lazy(
        "The work was cancelled. Nothing of the file was taken into the ledger; it can be taken as before."
    ),
}
NOTE_LABELS = {
    "fault": gettext_lazy("The work broke off because of a fault of the platform. It was recorded. Try it again."),
    "repeats_found": gettext_lazy(
        "Another file was taken into the ledger meanwhile and has rows like some of this one. Decide about the suspected repeats."
    ),
    "sums_too_large": gettext_lazy(
        "The sums of an account would be larger than this platform can hold, so nothing was taken. "
        "Take the file once more: which account it is, is said then."
    ),
    "given_up": gettext_lazy("The work was begun several times and never ended. Tell the administrator."),
}
TOLD_STEPS = 10  # the live region speaks ten times, not every second


def job_context(job: Job, *, progress_url: str, cancel_url: str, said: str = "") -> dict[str, Any]:
    """What `ui/job.html` needs. `said` is what the page's live region told last, from the fragment's own address."""
    share = min(job.done * 100 // job.total, 100) if job.total else None
    counts_rows = job.stage in BY_ROWS
    told = f"{job.state}-{share // TOLD_STEPS}" if share is not None else job.state
    return {
        "job": job,
        "stage": str(STAGE_LABELS.get(job.stage, job.stage)),
        "share": share,
        "counts_rows": counts_rows,
        "step": min(job.done + 1, job.total) if job.total and not counts_rows else None,
        "pace": round(job.per_second) if job.per_second and counts_rows else None,
        "left": round(job.seconds_left) if job.seconds_left is not None and counts_rows else None,
        "told": told,
        "is_news": told != said,
        "progress_url": f"{progress_url}?said={told}" if job.is_active else f"{progress_url}?ended=1",
        "cancel_url": cancel_url,
        "cancelled": CANCELLED_LABELS.get(job.kind, ""),
        "why": _why(job.note),
    }


def _why(note: str) -> str:
    """Why it ended early: the platform's own notes, else the code of what was wrong with the file."""
    return str(NOTE_LABELS[note]) if note in NOTE_LABELS else remark_text(note) if note else ""
