"""Tests of the plain rules: no Django, no database, no server; each file names the module it judges."""

from __future__ import annotations

from hypothesis import settings

# Shared processors make single examples slow now and then; no example is kept on disk.
settings.register_profile("rules", deadline=None, max_examples=150, database=None)
settings.load_profile("rules")
