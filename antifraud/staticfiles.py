"""Static files of the front end: a finder for the white list in settings/assets.py and the hashed, compressed storage; no building."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class VendorStorage(FileSystemStorage):
    """Read-only view of the white list: a name is either in it or does not exist."""

    prefix = ""

    def __init__(self, files: Mapping[str, Path]) -> None:
        super().__init__(location="/")
        self.files = files

    def path(self, name: str) -> str:
        return str(self.files[name])

    def exists(self, name: str) -> bool:
        return name in self.files and self.files[name].is_file()


class VendorFinder(BaseFinder):
    """Serve `settings.VENDOR_ASSETS` (static name -> Path) and nothing else of node_modules."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.files: Mapping[str, Path] = settings.VENDOR_ASSETS
        self.storage = VendorStorage(self.files)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Report each file that npm has not brought yet as assets.E001."""
        return [
            Error(f"front-end file missing: {name}", hint="Run `npm ci` in assets/.", id="assets.E001")
            for name, path in self.files.items()
            if not path.is_file()
        ]

    # django-stubs types find() by overloads on find_all; one signature with Any says the same to callers.
    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file's path (a list of paths with find_all), or None (an empty list)."""
        hit = self.files.get(path)
        if hit is None or not hit.is_file():
            return [] if find_all else None
        return [str(hit)] if find_all else str(hit)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """Yield (static name, storage) for collectstatic."""
        for name in self.files:
            yield name, self.storage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Hashed names and compressed copies; source-map comments stay as they are, since vendored files come without their maps."""

    patterns = tuple(
        (extension, tuple(p for p in rules if "sourceMappingURL" not in (p if isinstance(p, str) else p[0])))
        for extension, rules in CompressedManifestStaticFilesStorage.patterns
    )
