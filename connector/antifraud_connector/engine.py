"""The run loop: each thread moves one kind of work from step to step, and every step is in the journal before the next.

Killed at any point and started again, it goes on where the journal stands. Doors are in `pull` and `receiver`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from antifraud_connector.book import Book, Handover, delay
from antifraud_connector.errors import ConnectorError, PluginFault, RefusedFault, SignatureFault, TransportFault
from antifraud_connector.faults import reached
from antifraud_connector.journal import Journal
from antifraud_connector.platform_api import Platform
from antifraud_connector.plugins import Plugin
from antifraud_connector.posting import Outbox

IDLE_SECONDS = 0.5
LONGEST_PAUSE = 10.0  # of a whole loop: when the platform is back, orders must not wait for long
PASSING = (TransportFault, RefusedFault, SignatureFault, ConnectorError)
log = logging.getLogger("antifraud_connector")


class Engine:
    """The journal, the plug-in and the platform brought together; `stop` ends every loop after its present step."""

    def __init__(self, journal: Journal, plugin: Plugin, platform: Platform) -> None:
        self.journal, self.plugin, self.platform = journal, plugin, platform
        self.book, self.outbox = Book(journal), Outbox(journal)
        self.stop = threading.Event()
        self.news = threading.Condition()
        self.failed = False
        self._busy: set[str] = set()
        self._busy_lock = threading.Lock()

    # -- threads ------------------------------------------------------------------------------------

    def loop(self, step: Callable[[], bool]) -> None:
        """Run a step again and again; where it found nothing to do, wait for news."""
        self.guard(lambda: self._loop(step))

    def guard(self, work: Callable[[], None]) -> None:
        """Work until `stop`; a thread that ends before that ends the whole process, for its supervisor to start anew."""
        try:
            work()
        finally:
            if not self.stop.is_set():
                self.failed = True
                self.stop.set()

    def _loop(self, step: Callable[[], bool]) -> None:
        tries = 0
        while not self.stop.is_set():
            try:
                busy, tries = step(), 0
            except PASSING as fault:
                tries += 1
                log.warning("%s", fault)
                pause = fault.retry_after if isinstance(fault, RefusedFault) else None
                self.stop.wait(max(pause or 0.0, min(delay(tries), LONGEST_PAUSE)))
                continue
            if not busy:
                self.rest()

    def rest(self) -> None:
        """Until there is news, at most half a second."""
        with self.news:
            self.news.wait(IDLE_SECONDS)

    def ring(self) -> None:
        """There is news in the journal."""
        with self.news:
            self.news.notify_all()

    def take(self, message: dict[str, Any], door: str) -> None:
        """One full message into the journal. Raises ValueError where it cannot be read."""
        self.see_epoch(message.get("epoch"))
        self.book.take(message, door)
        self.ring()

    def see_epoch(self, epoch: object) -> None:
        """Another epoch than before: the platform was restored and may have forgotten or may repeat something (R16)."""
        known, now = self.journal.fact("epoch"), str(epoch or "")
        if not now or now == known:
            return
        self.journal.remember("epoch", now)
        if known:
            log.warning("the platform's epoch was %s and is %s: comparing all orders", known, now)
            self.ring()

    # -- steps --------------------------------------------------------------------------------------

    def hand_over(self) -> bool:
        """Ask the plug-in about the most urgent order; False where none waits."""
        with self._busy_lock:
            work = self.book.next_handover(self._busy)
            if work is None:
                return False
            self._busy.add(work.subject_id)
        try:
            self._hand_over(work)
        finally:
            with self._busy_lock:
                self._busy.discard(work.subject_id)
        return True

    def _hand_over(self, work: Handover) -> None:
        order = {**work.message, "cancelled": work.cancelled}
        order["possible_duplicate"] = work.again or bool(work.message.get("possible_duplicate"))
        self.plugin.prepare(work.subject_id, order)
        if not self.book.handing(work.subject_id):
            return
        reached("handing")
        try:
            answer = self.plugin.ask(work.subject_id, order)
        except PluginFault as fault:
            log.warning("order %s: %s; asking again", work.subject_id, fault)
            self.book.ask_later(work.subject_id, delay(self.book.tries(work.subject_id) + 1), trouble=str(fault))
            return
        reached("effect_done")
        needs_answer = not str(work.message.get("topic", "")).startswith("alert.")
        if answer is None and needs_answer:
            self.book.ask_later(work.subject_id, self.plugin.recheck_seconds)
            return
        self.book.effect_done(work.subject_id, answer if needs_answer else None)
        reached("effect_journaled")
        self.plugin.settle(work.subject_id)
        self.ring()

    def post(self) -> bool:
        """Tell the platform the most urgent thing that is due; False where nothing is."""
        found = self.outbox.next()
        if found is None:
            return False
        path, post = found
        reached(f"{post.kind}_posting")
        try:
            said = self.platform.post_bytes(path, post.body, key=post.key)
        except RefusedFault as fault:
            if fault.is_final:
                log.warning("order %s: %s refused: %s", post.subject_id, post.kind, fault.code)
                self.outbox.refused(post, fault.code, fault.body or fault.detail)
            else:
                self._post_later(post.subject_id, post.kind, fault)
                self.outbox.later(post, fault.retry_after)
            return True
        except TransportFault as fault:
            self._post_later(post.subject_id, post.kind, fault)
            self.outbox.later(post, None)
            return True
        reached(f"{post.kind}_posted")
        self.outbox.accepted(post, said)
        reached(f"{post.kind}_marked")
        return True

    def _post_later(self, subject_id: str, kind: str, fault: TransportFault | RefusedFault) -> None:
        """It goes again by itself; a wrong key, right or clock is mended only by a person, who must hear of it."""
        if isinstance(fault, RefusedFault) and fault.status in {401, 403}:
            self.journal.call_attention("post", subject_id, f"The platform does not take the {kind} now: {fault}.")
        log.warning("order %s: %s not told yet: %s", subject_id, kind, fault)
