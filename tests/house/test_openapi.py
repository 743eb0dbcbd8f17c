"""The description of the API in docs is the one that the code gives."""

from __future__ import annotations

from django.core.management import call_command


def test_the_documented_description_is_the_generated_one() -> None:
    """Raises CommandError, saying what to run, where docs/openapi.yaml is out of date or the schema has warnings."""
    call_command("openapi", "--check")
