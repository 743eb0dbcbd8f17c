"""What can go wrong, by what is to be done about it; how each is retried is in the engine."""

from __future__ import annotations


class ConnectorError(Exception):
    """A mistake that a person must correct: which field, which rule it breaks, and what to do next."""

    def __init__(self, field: str, rule: str, next_step: str) -> None:
        super().__init__(f"{field}: {rule} {next_step}")
        self.field, self.rule, self.next_step = field, rule, next_step


class TransportFault(Exception):
    """No usable answer from the other side: connection, deadline, size, or an answer that proves nothing. Try again."""


class RefusedFault(Exception):
    """The platform's documented refusal (problem+json), signed by the platform."""

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after: float | None = None, body: str = ""
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.retry_after, self.body = retry_after, body

    @property
    def is_final(self) -> bool:
        """Whether the same request would be refused again whatever is mended: wrong keys, rights and clocks can be."""
        return self.status in {400, 404, 409, 413, 415, 422} and self.code not in {"in_progress", "message_replayed"}


class SignatureFault(Exception):
    """A message that is not what it claims to be; `code` and `status` are those of the platform's own errors."""

    def __init__(self, code: str, status: int = 401) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class PluginFault(Exception):
    """The bank's own programme did not finish: it is asked again with the same order id."""
