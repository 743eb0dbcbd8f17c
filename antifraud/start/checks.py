"""`make lint`: every static check by name; all of them run even when an early one finds something."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from antifraud.start import assets, environment
from antifraud.start.steps import MANAGE, PACKAGES, PROJECT, run, say

CONNECTOR = "connector/antifraud_connector"  # a package of its own, with its own pyproject.toml


def static(env: Mapping[str, str]) -> list[tuple[str, list[str], Mapping[str, str]]]:
    """Name, command and variables of each check that reads files only."""
    tool = Path(sys.executable).parent
    # Without a database Django only warns that it could not compare the recorded migrations: nothing is lost.
    migrations = [sys.executable, "-W", "ignore::RuntimeWarning", *MANAGE[1:], "makemigrations"]
    return [
        ("ruff check", [str(tool / "ruff"), "check", "."], env),
        ("ruff format", [str(tool / "ruff"), "format", "--check", "."], env),
        ("mypy", [str(tool / "mypy"), *PACKAGES, CONNECTOR, "tests"], env),
        ("import-linter", [str(tool / "lint-imports")], {**env, "PYTHONPATH": str(PROJECT / "connector")}),
        ("templates", [str(tool / "djlint"), "--lint", "--quiet", "templates"], env),
        ("migrations", [*migrations, "--check", "--dry-run"], env),
    ]


def production(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Variables of a production start that never happens: real in shape, worth nothing."""
    return dict(env) | {
        "DJANGO_SETTINGS_MODULE": "antifraud.settings.production",
        "ANTIFRAUD_HOSTS": "antifraud.example",
        "ANTIFRAUD_ORIGINS": "https://antifraud.example",
        "ANTIFRAUD_TRUSTED_PROXIES": "1",
        "ANTIFRAUD_KEY_FILE": str(folder / "keys.json"),
    }


def lint() -> int:
    """Run all checks, print what failed in full, return 1 when one did."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment.for_tools(folder)
        assets.install_packages(os.environ)
        assets.compile_catalogues(env)
        deployed = production(folder, env)
        run("making a throw-away key ring", [*MANAGE, "keys_init", deployed["ANTIFRAUD_KEY_FILE"]], env)
        deploy = [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]
        failed = [
            what
            for what, command, variables in [*static(env), ("check --deploy", deploy, deployed)]
            if not passes(what, command, variables)
        ]
    say(f"lint: {', '.join(failed)} found something" if failed else "lint: nothing found")
    return 1 if failed else 0


def passes(what: str, command: list[str], env: Mapping[str, str]) -> bool:
    """Run one check; its output is shown only when it found something."""
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(f"  {what}: {'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode:
        say(done.stdout.rstrip())
    return done.returncode == 0
