"""Why a signed message is refused: one class per documented code; the checks are in `signing`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from antifraud.errors import AppError, Conflict, Forbidden


class SignatureRefused(AppError):
    """The message is not taken; nothing in it was read. `auth_header` is what HTTP asks of every 401."""

    auth_header = 'Bearer realm="antifraud"'
    code = "signature_invalid"
    status = 401
    message = _("The signature of this message does not hold.")


class SignatureMissing(SignatureRefused):
    """The institution has registered a key, so its system signs."""

    code = "signature_missing"
    message = _("This message must be signed. Sign it with a registered key of your institution.")


class SignatureMalformed(SignatureRefused):
    """A header is absent, twice there, or not spelt as the profile says."""

    code = "signature_malformed"
    message = _("The signature headers are not as the profile antifraud-1 says.")


class SignatureInvalid(SignatureRefused):
    """The signed bytes are not those that arrived, or another key signed them."""


class DigestMismatch(SignatureRefused):
    """The body was changed or written anew on the way."""

    code = "digest_mismatch"
    message = _("Content-Digest does not belong to the bytes of this message.")


class KeyUnknown(SignatureRefused):
    """Not a key of this sender, or outside of its time."""

    code = "key_unknown"
    message = _("The sender has no valid key with this id.")


class KeyRevoked(SignatureRefused):
    """The key was revoked; it never comes back."""

    code = "key_revoked"
    message = _("The key that signed this message was revoked.")


class SignatureExpired(SignatureRefused):
    """Too old, or from the future: more than 300 seconds from the receiver's clock."""

    code = "signature_expired"
    message = _("The signature was made more than 300 seconds before or after now. Check the clock and sign anew.")


class WrongRecipient(Forbidden):
    """A message for somebody else, caught and sent here."""

    code = "wrong_recipient"
    message = _("This message is addressed to another recipient.")


class MessageReplayed(Conflict):
    """The same message a second time."""

    code = "message_replayed"
    message = _("A message with this id has arrived before. Sign the retry under a new message id.")
