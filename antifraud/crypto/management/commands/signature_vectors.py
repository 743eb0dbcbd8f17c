"""`manage.py signature_vectors`: the test vectors of docs/exchange/vectors.json on standard output."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from antifraud.crypto.vectors import vectors


class Command(BaseCommand):
    help = "Print the test vectors of the signature profile as JSON."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(json.dumps(vectors(), indent=2, ensure_ascii=False))
