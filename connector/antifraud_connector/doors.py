"""The two ways in: the pull loop and the fetching of what a webhook announced. Verifying is done below, in `platform_api`."""

from __future__ import annotations

import logging

from antifraud_connector import strict_json
from antifraud_connector.book import delay
from antifraud_connector.engine import Engine
from antifraud_connector.errors import RefusedFault, TransportFault
from antifraud_connector.faults import reached

MOST_ACKS = 50  # of one call
LONGEST_WAIT = 5.0
log = logging.getLogger("antifraud_connector")


class Puller:
    """The pull loop: verify, journal, then acknowledge with the next call. What dies in between comes again and is recognised."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._safe: list[str] = []  # receipts of messages that are in the journal

    def step(self) -> bool:
        """One long poll; it is itself the pause."""
        engine, acks = self.engine, self._safe[:MOST_ACKS]
        try:
            received = engine.platform.receive(acks)
        except RefusedFault as fault:
            if fault.code == "reconciling":
                engine.see_epoch(strict_json.read(fault.body).get("epoch"))
            raise
        del self._safe[: len(acks)]
        if acks:
            reached("acked")
        for one in received.refused:  # the lease ended meanwhile: the delivery comes again
            log.warning("a delivery was not acknowledged: %s", one["code"])
        if received.items:
            reached("received")
        for item in received.items:
            self._take(item)
        if received.ask_again_after and not received.items:
            engine.stop.wait(min(received.ask_again_after, LONGEST_WAIT))
        return True

    def _take(self, item: dict[str, object]) -> None:
        message, receipt = item.get("message"), item.get("receipt")
        if not isinstance(message, dict) or not isinstance(receipt, str):
            log.error("a delivery without message or receipt was passed over")
            return
        try:
            self.engine.take(message, "pull")
        except ValueError as error:
            log.error("a message cannot be read and is given back: %s", error)
            nack(self.engine, receipt, message)
            return
        self._safe.append(receipt)
        reached("journaled")


def nack(engine: Engine, receipt: str, message: dict[str, object]) -> None:
    """Given back with a reason that people on the platform see."""
    engine.journal.call_attention(
        "message", str(message.get("delivery_id"))[:64], "A message of this delivery cannot be read."
    )
    try:
        engine.platform.post(
            "queue/nack/", {"receipt": receipt, "reason": "the message cannot be read by the connector"}
        )
    except RefusedFault as fault:
        log.warning("delivery %s: not given back: %s", message.get("delivery_id"), fault.code)


def fetch(engine: Engine) -> bool:
    """The full message of one announced delivery; False where none waits."""
    found = engine.book.unfetched()
    if found is None:
        return False
    delivery_id, tries = found
    try:
        message = engine.platform.message(delivery_id)
        reached("message_fetched")
        if message.get("delivery_id") != delivery_id:
            raise ValueError("another delivery")
        engine.take(message, "webhook")
    except RefusedFault as fault:
        if not fault.is_final:
            engine.book.fetch_later(delivery_id, max(fault.retry_after or 0.0, delay(tries + 1)))
            raise
        engine.book.fetch_never(delivery_id, fault.code)
    except TransportFault:
        engine.book.fetch_later(delivery_id, delay(tries + 1))
        raise
    except ValueError as error:
        engine.book.fetch_never(delivery_id, str(error))
    return True
