"""What a browser sends in a form: how much, before a byte is kept, and where it lies until its view has read it."""

from __future__ import annotations

import re
import tempfile
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

MEGABYTE = 2**20
USUAL = 25 * MEGABYTE  # R39: 20 MB, and the form around it
# Pages that take statements (256 MB each, R39) from people who are logged in; several at once at the tab of a case.
LARGER = (
    (re.compile(r"/cases/[0-9a-f-]{36}/statements/"), 1024 * MEGABYTE),
    (re.compile(r"/queue/[0-9a-f-]{36}/(?:statement/)?"), 260 * MEGABYTE),
    (re.compile(r"/orders/[0-9a-f-]{36}/record/"), 280 * MEGABYTE),  # the scan of a paper answer beside it
)


class FormTooLarge(RequestDataTooBig):
    """A form of more bytes than its address takes; `megabytes` is how many it takes."""

    def __init__(self, limit: int) -> None:
        super().__init__("the form is larger than this address takes")
        self.megabytes = limit // MEGABYTE


def limit_of(path: str) -> int:
    """The most bytes that a form sent to this address may have."""
    return next((limit for pattern, limit in LARGER if pattern.fullmatch(path)), USUAL)


class BoundedUploadHandler(FileUploadHandler):
    """Stands first: refuses the whole form where it is too large, and leaves the rest to Django's handlers.

    A form is read before its view knows who sent it (the security token is in it), so without this bound anybody could
    fill the disk.
    """

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:  # fmt: skip
        """Raises FormTooLarge. Who sends is asked only where it matters."""
        if content_length <= USUAL:
            return
        limit = limit_of(meta.get("PATH_INFO", ""))
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            limit = USUAL
        if content_length > limit:
            raise FormTooLarge(limit)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Handed on as it is."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Another handler keeps the file."""
        return


class NamelessUploadHandler(FileUploadHandler):
    """Stands last: a larger file goes to the disk without a name, for this process alone.

    Nobody else can open it, and it is gone with the process, also after kill -9. What is kept is encrypted (R39).
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.files: list[UploadedFile[Any]] = []  # of the whole form

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """Room for one file; arguments as Django gives them."""
        super().new_file(*arguments, **named)
        given: dict[str, Any] = {"charset": self.charset, "content_type_extra": self.content_type_extra}
        room = tempfile.TemporaryFile()  # noqa: SIM115  closed with the request
        self.files.append(UploadedFile(room, self.file_name, self.content_type, 0, **given))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the piece."""
        self.files[-1].write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """The whole file, at its beginning."""
        file = self.files[-1]
        file.seek(0)
        file.size = file_size
        return file

    def upload_interrupted(self) -> None:
        """The browser went away: give the room back, also of the files before the one that it broke off."""
        for file in self.files:
            file.close()
