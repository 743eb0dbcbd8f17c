"""The two ways in: the pull loop and the fetching of what a webhook announced. Verifying is done below, in `platform_api`."""

from __future__ import annotations

import logging

from antifraud_connector import strict_json
from antifraud_connector.book import delay
from antifraud_connector.engine import Engine
from antifraud_connector.errors import RefusedFault, TransportFault
from antifraud_connector.faults import reached

log = logging.getLogger("antifraud_connector")


def pull(engine: Engine) -> bool:
    """One long poll: verify, journal, then acknowledge. What dies in between comes again and is recognised."""
    try:
        items = engine.platform.receive()
    except RefusedFault as fault:
        if fault.code == "reconciling":
            engine.see_epoch(strict_json.read(fault.body).get("epoch"))
        raise
    if items:
        reached("received")
    for item in items:
        message, receipt = item.get("message"), item.get("receipt")
        if not isinstance(message, dict) or not isinstance(receipt, str):
            log.error("a delivery without message or receipt was passed over")
            continue
        try:
            engine.take(message, "pull")
        except ValueError as error:
            log.error("a message cannot be read and is given back: %s", error)
            nack(engine, receipt, message)
            continue
        reached("journaled")
        acknowledge(engine, receipt, message)
        reached("acked")
    return True  # the long poll itself is the pause


def acknowledge(engine: Engine, receipt: str, message: dict[str, object]) -> None:
    """The same key for the same attempt; a lease that ended meanwhile costs nothing, the delivery comes again."""
    key = f"ack-{message.get('delivery_id')}-{message.get('attempt')}"
    try:
        engine.platform.acknowledge_delivery(receipt, key)
    except RefusedFault as fault:
        if not fault.is_final:
            raise
        log.warning("delivery %s: not acknowledged: %s", message.get("delivery_id"), fault.code)


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
