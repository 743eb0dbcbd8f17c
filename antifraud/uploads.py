"""How much a browser may send in one form: counted by the announced length, before a byte of it is kept."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MEGABYTE = 2**20
USUAL = 25 * MEGABYTE  # R39: 20 MB, and the form around it
# Pages that take statements (256 MB each, R39); several of them at once at the tab of a case.
LARGER = (
    (re.compile(r"/cases/[0-9a-f-]{36}/statements/"), 1024 * MEGABYTE),
    (re.compile(r"/queue/[0-9a-f-]{36}/"), 260 * MEGABYTE),
)


def limit_of(path: str) -> int:
    """The most bytes that a form sent to this address may have."""
    return next((limit for pattern, limit in LARGER if pattern.fullmatch(path)), USUAL)


class BoundedUploadHandler(FileUploadHandler):
    """Stands first: refuses the whole form where it is too large, and leaves the rest to Django's handlers.

    A form is read before anybody knows who sent it (the security token is in it), so without this bound anybody could
    fill the disk.
    """

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:  # fmt: skip
        """Raises RequestDataTooBig."""
        if content_length > limit_of(meta.get("PATH_INFO", "")):
            raise RequestDataTooBig("the form is larger than this address takes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Handed on as it is."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Another handler keeps the file."""
        return
