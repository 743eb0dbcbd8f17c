"""`manage.py openapi`: writes the description of the whole API to docs/openapi.yaml; the served one is per role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema


def generated() -> bytes:
    """The whole document as YAML, in English; raises CommandError where a view cannot be described."""
    with translation.override("en"):
        generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
        document = generator.get_schema(request=None, public=True)
    if GENERATOR_STATS:
        GENERATOR_STATS.emit_summary()
        raise CommandError("the description is not complete: see the messages above")
    validate_schema(document)  # type: ignore[no-untyped-call]
    renderer: Any = OpenApiYamlRenderer()
    text: bytes = renderer.render(document, renderer_context={})
    return text


class Command(BaseCommand):
    """Writes, or with --check compares: the committed file must be what the code says."""

    help = "Write docs/openapi.yaml, or check that it is up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--check` writes nothing."""
        parser.add_argument("--check", action="store_true", help="fail where the file differs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where --check finds a difference."""
        path = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
        text = generated()
        if options["check"]:
            if not path.exists() or path.read_bytes() != text:
                raise CommandError("docs/openapi.yaml is old: run `manage.py openapi`")
            return
        path.write_bytes(text)
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}: {len(text)} bytes")
