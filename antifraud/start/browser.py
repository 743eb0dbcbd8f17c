"""Chromium or Chrome for the browser tests, and Chinese letters: found, or installed where allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from antifraud.start.faults import StartError
from antifraud.start.steps import say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FONTS = ("fonts-noto-cjk", "fonts-wqy-zenhei")


def find() -> str | None:
    """The path of ANTIFRAUD_BROWSER, of a browser on PATH or of one that playwright fetched; else None."""
    chosen = os.environ.get("ANTIFRAUD_BROWSER")
    if chosen:
        if shutil.which(chosen) is None:
            raise StartError(f"ANTIFRAUD_BROWSER is {chosen!r}, which is no programme here.")
        return chosen
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    fetched = sorted(cache.glob("chromium-*/chrome-linux*/chrome"))
    return str(fetched[-1]) if fetched else None


def _apt() -> list[str] | None:
    """The start of an apt-get command that needs no password, None where there is none."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def _install(apt: list[str], package: str) -> bool:
    """Install one Debian package, with a fresh package list when the first try fails; whether it worked."""
    say(f"  installing the Debian package {package} …")
    env = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"}
    install = [*apt, "install", "-y", "-qq", "--no-install-recommends", package]
    for command in (install, [*apt, "update", "-qq"], install):
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if command is install and done.returncode == 0:
            return True
    return False


def _has_chinese_letters() -> bool:
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh", "file"], capture_output=True, check=False).stdout.strip())


def require() -> str:
    """The path of a browser, installed first where that may be; raises StartError with what to install."""
    path, apt = find(), _apt()
    if path is None and apt is not None and _install(apt, "chromium"):
        path = find()
    if path is None:
        raise StartError(
            "The browser tests need Chromium: install it with `apt-get install chromium`, or set"
            " ANTIFRAUD_BROWSER to a Chrome that is already here."
        )
    if apt is not None and not _has_chinese_letters() and not any(_install(apt, font) for font in FONTS):
        say("  No font with Chinese letters could be installed: screenshots will show boxes in their place.")
    return path
