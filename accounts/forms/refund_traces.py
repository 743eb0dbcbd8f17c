"""What a trace says beside a victim's line of a return: where it begins, why it does not count, what came back.

Words only; the facts are `selectors.refund_traces`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import TraceRun
from accounts.selectors.refund_traces import Back, TraceStart
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

    Such money is no loss any more, and the officer enters it; what returns paid is subtracted by the rule itself. Of
    traces that begin with the same money in part the newest is told first, and of the others what it does not tell.
    """
    told: list[tuple[TraceRun, list[Back]]] = []
    texts = []
    for start in starts:
        if start.lacks == "stale" or start.run.method == TraceRun.Method.REACH:
            continue
        before = [(run, backs) for run, backs in told if _share_money(run, start.run)]
        if not any(_parts(run) == _parts(start.run) for run, _backs in before):
            told.append((start.run, _untold(start, [back for _run, backs in before for back in backs])))
            texts.append(_back(start, told[-1][1]))
    return " ".join(text for text in texts if text)


def _parts(run: TraceRun) -> frozenset[tuple[int, int, int]]:
    return frozenset((seed["entry"], seed["from_minor"], seed["to_minor"]) for seed in run.seeds)


def _share_money(one: TraceRun, other: TraceRun) -> bool:
    mine: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for entry, begin, end in _parts(one):
        mine[entry].append((begin, end))
    return any(begin < last and first < end for entry, first, last in _parts(other) for begin, end in mine[entry])


def _untold(start: TraceStart, told: Iterable[Back]) -> list[Back]:
    """What of the trace's money was not told of the same payment."""
    most: dict[int, int] = defaultdict(int)
    for back in told:
        most[back.entry] += back.amount_minor
    left = []
    for back in start.back:
        gone = min(back.amount_minor, most[back.entry])
        most[back.entry] -= gone
        left.append(replace(back, amount_minor=back.amount_minor - gone))
    return left


def _back(start: TraceStart, backs: Iterable[Back]) -> str:
    """ "" where nothing came back."""
    rest, repaid, doubtful = 0, 0, 0
    for back in backs:
        repaid += back.amount_minor if back.is_own else 0
        doubtful += back.amount_minor if back.is_doubtful else 0
        rest += back.amount_minor if not (back.is_own or back.is_doubtful) else 0
    texts = []
    if rest and repaid:
        texts.append(
            translate(
                "Trace {number}: {amount} came back to {account}, without the {repaid} that this platform returned. Enter "
                "it here if it is this victim's."
            )
        )
    elif rest:
        texts.append(
            translate("Trace {number}: {amount} came back to {account}. Enter it here if it is this victim's.")
        )
    elif repaid:
        texts.append(
            translate(
                "Trace {number}: {repaid} came back to {account} by this platform's own returns. Do not enter it."
            )
        )
    if doubtful:
        texts.append(
            translate(
                "Trace {number}: {doubtful} that came back to {account} may be this platform's own return by way of "
                "another account. Compare the bank's proof of payment, and enter it only if it is something else."
            )
        )
    language, currency = get_language() or "en", start.run.currency
    return " ".join(texts).format(
        number=start.run.number, account=start.payer or translate("the account where it began"),
        amount=format_minor(rest, currency, language), repaid=format_minor(repaid, currency, language),
        doubtful=format_minor(doubtful, currency, language),
    )  # fmt: skip
