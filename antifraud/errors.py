"""The tree of errors that the product raises on purpose; rendering lives in `antifraud.api.problems` and the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class AppError(Exception):
    """An expected refusal: a stable code for machines, a sentence for people, an HTTP status for the door.

    `fields` maps a field's name to its messages; each says the field, the rule and the next step.
    Nothing in an AppError may hold personal data: its code and message are logged.
    """

    code = "error"
    status = 400
    message: Text = _("The request could not be carried out.")

    def __init__(
        self,
        message: Text | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        fields: Mapping[str, Sequence[Text]] | None = None,
        next_step: Text = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        # Not by its truth: that would translate the text, which the stream's process cannot.
        self.message = type(self).message if message is None else message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.fields: dict[str, list[Text]] = {name: list(texts) for name, texts in (fields or {}).items()}
        self.next_step = next_step
        self.extra = dict(extra or {})
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class BadRequest(AppError):
    """The message cannot be read at all (syntax, missing header)."""

    code = "bad_request"
    status = 400


class NotFound(AppError):
    """Absent, or out of the reader's reach: the two must look the same (R31)."""

    code = "not_found"
    status = 404
    message = _("There is nothing here that you may see.")


class Forbidden(AppError):
    """The object is known to the reader, the action is not theirs."""

    code = "forbidden"
    status = 403
    message = _("Your role does not allow this action.")


class Conflict(AppError):
    """The wish collides with another fact (a duplicate, an open order, a used key)."""

    code = "conflict"
    status = 409
    message = _("This collides with something that exists already.")


class WrongState(Conflict):
    """The step is not legal from the object's present state."""

    code = "wrong_state"
    message = _("This step is not possible in the present state. Reload the page to see what changed.")


class Superseded(Conflict):
    """Somebody else changed the object first; nothing was done."""

    code = "superseded"
    message = _("Somebody changed this before you. Nothing was sent; reload to see the new state.")


class Invalid(AppError):
    """Input that breaks a rule; `fields` names each field with rule and next step."""

    code = "invalid"
    status = 422
    message = _("Some fields need your attention.")


class RateLimited(AppError):
    """A budget is used up."""

    code = "rate_limited"
    status = 429
    message = _("Too many requests. Wait a moment and try again.")


class Unavailable(AppError):
    """A part of the platform is away; the same request may be tried again."""

    code = "unavailable"
    status = 503
    message = _("A part of the platform is not available. Try again in a moment.")
