"""Run by the system's Python: makes .venv and installs the pinned requirements; imports nothing of ours.

Usage: python3 antifraud/start/venv.py embedded|dev
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "antifraud-requirements.json"
# dev.txt holds everything that embedded.txt holds, pinned alike.
ALSO = {"embedded": [], "dev": ["embedded"]}
PIP = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--require-hashes"]


def digest(profile: str) -> str:
    """SHA-256 of the profile's requirements file."""
    return hashlib.sha256((PROJECT / "requirements" / f"{profile}.txt").read_bytes()).hexdigest()


def version() -> str | None:
    """The version of the environment's Python, None where it has none that runs or no pip."""
    if not (VENV / "bin" / "pip").exists():
        return None
    try:
        shown = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return shown.stdout.strip()


def stamp() -> dict[str, str]:
    """What was installed last: profile to digest, and `python` to its version; empty when unknown."""
    try:
        known: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def make(profile: str) -> None:
    """Bring .venv up to date for `profile`; a warm call costs one start of Python."""
    found, known = version(), stamp()
    if found is not None and known.get("python") == found and known.get(profile) == digest(profile):
        return
    if found is None or known.get("python", found) != found:
        if importlib.util.find_spec("ensurepip") is None:
            sys.exit("Python's venv module is incomplete here: install it with `apt-get install python3-venv`.")
        say("making the virtual environment .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
        known = {}
    name = f"requirements/{profile}.txt"
    say(f"installing the pinned Python packages of {name}", [str(PYTHON), *PIP, "-r", str(PROJECT / name)])
    known["python"] = version() or ""
    known.update({each: digest(each) for each in [profile, *ALSO[profile]]})
    STAMP.write_text(json.dumps(known), encoding="utf-8")


def say(what: str, command: list[str]) -> None:
    """Run one step and print what it is and how long it took; its own output is shown."""
    print(f"  {what} …", flush=True)
    begin = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(f"This step failed (exit status {code}): {what}.")
    print(f"  {what}: {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        make(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
