"""`python -m antifraud.start VERB …`, as the Makefile calls it; the work is in a module per verb."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from antifraud.start import assets, browser, checks, compose, environment, manage, run
from antifraud.start.faults import StartError
from antifraud.start.steps import PROJECT


def tests(arguments: list[str]) -> int:
    """pytest with what it needs on disk: front-end packages, catalogues, a browser."""
    path = browser.require()
    with tempfile.TemporaryDirectory() as folder:
        tools = environment.for_tools(Path(folder))
        assets.install_packages(tools)
        assets.compile_catalogues(tools)
    env = dict(os.environ) | {"ANTIFRAUD_BROWSER": path}
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=PROJECT, env=env, check=False).returncode


def module(name: str, arguments: list[str]) -> int:
    """A programme of the test tree (journey, benches) with front-end packages and catalogues in place."""
    with tempfile.TemporaryDirectory() as folder:
        tools = environment.for_tools(Path(folder))
        assets.install_packages(tools)
        assets.compile_catalogues(tools)
    return subprocess.run([sys.executable, "-m", name, *arguments], cwd=PROJECT, check=False).returncode


def main(verb: str, arguments: list[str]) -> int:
    """Do what the verb says; returns the exit status, 2 after a sentence about what is missing."""
    if verb == "run":
        return run.platform()
    if verb == "manage":
        return manage.command(arguments)
    if verb == "secrets":
        return compose.secrets_folder()
    if verb == "lint":
        return checks.lint()
    if verb == "test":
        return tests(arguments)
    return module(verb, arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except StartError as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
