"""What a trace says beside a victim's line of a return: where it begins, why it does not count, what came back.

Words only; the facts are `selectors.refund_traces`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import TraceRun
from accounts.selectors.refund_traces import TraceStart
from antifraud.money import format_minor

# Why the rule leaves a trace aside (docs/fund-flow/refunds.md, traced by time).
LACKS = {
    "stale": _("does not count: the ledger has changed since, run it again"),
    "cut": _("does not count: a limit cut it off"),
    "until": _("does not count: it stops at a chosen time"),
    "method": _("does not count: it does not follow the money by time"),
    "uncertain": _("does not count: part of the money cannot be followed to its end"),
}


def trace_label(run: TraceRun, start: TraceStart | None) -> str:
    """Number, method, time, where it begins, and why it cannot tell money apart, where it cannot."""
    number = translate("Trace {number} ({method})").format(number=run.number, method=run.get_method_display())
    parts = [number, date_format(timezone.localtime(run.run_at), "Y-m-d H:i")]
    if start is not None:
        paid = ngettext("{count} payment", "{count} payments", start.payments).format(count=start.payments)
        parts += [start.payer, f"{paid}, {format_minor(start.amount_minor, run.currency, get_language() or 'en')}"]
        parts.append(str(LACKS[start.lacks]) if start.lacks else "")
    return " · ".join(part for part in parts if part)


def came_back(starts: Iterable[TraceStart]) -> str:
    """What the newest trace from each set of payments shows to be back where it began, without this platform's returns.

    Such money is no loss any more, and the officer enters it; what returns paid is subtracted by the rule itself.
    """
    newest: dict[frozenset[tuple[int, int, int]], TraceStart] = {}
    for start in starts:
        if start.lacks != "stale" and start.run.method != TraceRun.Method.REACH:
            seeds = frozenset((seed["entry"], seed["from_minor"], seed["to_minor"]) for seed in start.run.seeds)
            newest.setdefault(seeds, start)
    return " ".join(_back(start) for start in newest.values() if start.came_back_minor)


def _back(start: TraceStart) -> str:
    rest = start.came_back_minor - start.repaid_minor
    if not rest:
        text = translate(
            "Trace {number}: {repaid} came back to {account} by this platform's own returns. Do not enter it."
        )
    elif start.repaid_minor:
        text = translate(
            "Trace {number}: {amount} came back to {account}, without the {repaid} that this platform returned. Enter it "
            "here if it is this victim's."
        )
    else:
        text = translate("Trace {number}: {amount} came back to {account}. Enter it here if it is this victim's.")
    language = get_language() or "en"
    return text.format(
        number=start.run.number, account=start.payer or translate("the account where it began"),
        amount=format_minor(rest, start.run.currency, language),
        repaid=format_minor(start.repaid_minor, start.run.currency, language),
    )  # fmt: skip
