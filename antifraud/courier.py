"""Posts ready deliveries to the institutions' webhooks: one turn claims, sends and writes down over all lanes at once.

Nothing waits for a single institution: posts hang in the event loop of `antifraud.egress`, never in a turn, and no
transaction is open meanwhile (R5). Any number of processes may do it: cap, rate and circuit stand in the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Mapping
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from antifraud import db
from antifraud.crypto.keyring import KeyRefused
from antifraud.crypto.signing import sign_request
from antifraud.egress.sending import Flight, Parcel, Result
from antifraud.logs import get_logger
from banks.models import User
from banks.rules.circuit import Verdict
from banks.rules.events import event_body, message_id
from banks.selectors.institutions import system_user
from banks.selectors.platform import platform_now
from banks.services.circuits import circuits_note, dead_letters_tell
from banks.services.pushes import Claim, Landed, Push, pushes_claim, pushes_finish

MOST_ALOFT = 256  # of one process
MOST_UNWRITTEN = 1000
IDLE_SECONDS = 1.0
USER_AGENT = "antifraud/1"
NOTHING = Claim([], {})
NOT_SIGNED = "not_signed"
# A key ring that cannot be read at this moment, or holds no key that is valid now.
UNSIGNABLE = (KeyRefused, ImproperlyConfigured, OSError)
log = get_logger(__name__)


class Courier:
    """One thread calls `turn` again and again; any thread may `wake` it for a lane."""

    def __init__(self, flight: Flight | None = None) -> None:
        self._flight = flight or Flight()
        self._aloft: dict[Hashable, Push] = {}
        self._unwritten: list[Landed] = []
        self._woken: set[UUID] = set()
        self._due: dict[UUID, float] = {}  # lane → monotonic time to look again
        self._full: set[UUID] = set()  # lanes that had more than free slots when they were last asked
        self._lock = threading.Lock()
        self._turns = 0
        self._by: User | None = None

    def wake(self, institution_id: UUID) -> None:
        """There is something to post in this lane, perhaps. Asking too often costs little and changes nothing."""
        with self._lock:
            is_news = institution_id not in self._woken
            self._woken.add(institution_id)
        if is_news:
            self._flight.wake()

    def rouse(self) -> None:
        """Let a waiting turn return."""
        self._flight.wake()

    @property
    def is_idle(self) -> bool:
        """Nothing aloft, nothing to write down, nobody waiting."""
        return not (self._aloft or self._unwritten or self._woken)

    def turn(self, *, claiming: bool = True) -> int:
        """Wait for a landing or a wake (a second at most), write down, claim and send; returns how many arrived.

        Raises what the database raises; then nothing is forgotten, and the next turn writes it down.
        """
        self._take_landed(self._flight.landed(self._patience()))
        lanes = self._lanes() if claiming else set()
        if not (self._unwritten or lanes):
            return 0
        self._by = self._by or system_user()
        written, self._turns, is_done = list(self._unwritten), self._turns + 1, False
        try:
            with db.unit_of_work(self._by):
                counted = self._write(written, self._by)
                claim, epoch = self._claim(lanes) if lanes else (NOTHING, 0)
            is_done = True
        finally:
            if not is_done:
                with self._lock:
                    self._woken |= lanes
        del self._unwritten[: len(written)]
        self._full = (self._full - lanes) | claim.full
        self._remember(claim.again)
        self._send(claim.pushes, epoch)
        return sum(one.verdict.value == "transported" for one in counted)

    def land(self, seconds: float) -> None:
        """Claim nothing more and write down what still lands within `seconds`: for a process that is to end."""
        end = time.monotonic() + seconds
        while (self._aloft or self._unwritten) and time.monotonic() < end:
            self.turn(claiming=False)

    def _patience(self) -> float:
        if self._woken or self._unwritten:
            return 0.0
        nearest = min(self._due.values(), default=float("inf")) - time.monotonic()
        return max(0.001, min(IDLE_SECONDS, nearest))

    def _take_landed(self, landed: list[tuple[Hashable, Result]]) -> None:
        for key, result in landed:
            push = self._aloft.pop(key)
            self._unwritten.append(Landed(push, result.status, result.error, result.seconds, result.retry_after))
        if len(self._unwritten) > MOST_UNWRITTEN:  # the database is away: leases end, everything comes again
            log.error("results forgotten", count=len(self._unwritten) - MOST_UNWRITTEN)
            del self._unwritten[:-MOST_UNWRITTEN]

    def _lanes(self) -> set[UUID]:
        """Woken ones, those whose time has come, and of those whose pushes have landed the ones that may hold more: what
        went wrong may be tried at once, and a full lane has slots again. A lane that was emptied is woken when it fills."""
        with self._lock:
            lanes, self._woken = self._woken, set()
        now = time.monotonic()
        ripe = {lane for lane, due in self._due.items() if due <= now}
        for lane in ripe:
            del self._due[lane]
        return lanes | ripe | {one.push.delivery.institution_id for one in self._unwritten if self._may_go_on(one)}

    def _may_go_on(self, one: Landed) -> bool:
        return one.push.delivery.institution_id in self._full or one.verdict is not Verdict.TRANSPORTED

    def _claim(self, lanes: set[UUID]) -> tuple[Claim, int]:
        platform = platform_now()
        room = MOST_ALOFT - len(self._aloft) if platform.is_running else 0
        return pushes_claim(lanes, room, turn=self._turns), platform.epoch

    def _write(self, landed: list[Landed], by: User) -> list[Landed]:
        if not landed:
            return []
        counted = pushes_finish(landed)
        circuits_note([one for one in counted if one.error != NOT_SIGNED], by=by)
        dead_letters_tell(counted, by=by)
        return counted

    def _remember(self, again: Mapping[UUID, float]) -> None:
        now = time.monotonic()
        self._due.update({lane: now + seconds for lane, seconds in again.items()})

    def _send(self, pushes: list[Push], epoch: int) -> None:
        parcels: list[tuple[Hashable, Parcel]] = []
        for push in pushes:
            key = (push.delivery.id, push.token)
            try:
                parcels.append((key, parcel_of(push, epoch)))
            except UNSIGNABLE as fault:  # our own fault, not the institution's: tried again by the schedule
                log.error("post not signed", exc_info=fault, delivery=push.delivery.id)
                self._unwritten.append(Landed(push, None, NOT_SIGNED, 0.0))
            else:
                self._aloft[key] = push
        if parcels:
            self._flight.send(parcels)


def parcel_of(push: Push, epoch: int) -> Parcel:
    """The thin event, signed for its recipient."""
    delivery = push.delivery
    body = event_body(
        epoch=epoch, delivery_id=delivery.id, topic=delivery.topic, subject_id=delivery.subject_id, seq=delivery.seq,
        attempt=delivery.attempt, priority=delivery.priority, available_at=delivery.available_at,
    )  # fmt: skip
    signed = sign_request(
        method="POST", target_uri=push.url, body=body, message_id=message_id(delivery.id, delivery.attempt),
        recipient=push.recipient,
    )  # fmt: skip
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **signed}
    return Parcel(push.url, body, headers, ca=push.ca, seconds=float(push.seconds))
