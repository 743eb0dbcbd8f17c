"""Make the template database in one process: keys, migrations, a movable clock, the foundation, the cast."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402

from tests.cast import build  # noqa: E402


def _put(state: Any, app_label: str, model_name: str, option: str, objects: list[Any]) -> None:
    state.models[app_label, model_name].options[option] = objects
    if "apps" in state.__dict__:  # as Django asks whether the classes have been made
        setattr(state.apps.get_model(app_label, model_name)._meta, option, objects)


def _append(state: Any, app_label: str, model_name: str, option: str, added: Any) -> None:
    _put(state, app_label, model_name, option, [*state.models[app_label, model_name].options[option], added])


def _remove(state: Any, app_label: str, model_name: str, option: str, name: str) -> None:
    kept = [each for each in state.models[app_label, model_name].options[option] if each.name != name]
    _put(state, app_label, model_name, option, kept)


def _hurry() -> None:
    """Half the time of migrating: for an index or a constraint Django makes the classes of all neighbours of the model
    anew, and throws them away. tests/house/test_schema.py holds the tables against the models."""
    setattr(ProjectState, "_append_option", _append)  # noqa: B010 (private, the stubs do not know it)
    setattr(ProjectState, "_remove_option", _remove)  # noqa: B010
    gc.set_threshold(50_000, 20, 100)


def main(*, cast: bool) -> None:
    """Runs with the owner's URL; the rows are the same as those that the application role would write."""
    _hurry()
    call_command("keys_init", os.environ["ANTIFRAUD_KEY_FILE"], verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_clock SET mode = 'test'")
    call_command("lay_foundation", verbosity=0)
    if cast:
        build()


if __name__ == "__main__":
    main(cast="--cast" in sys.argv)
