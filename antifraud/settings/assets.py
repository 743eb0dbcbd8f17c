"""The single files that pages may load from npm packages: static name to path on disk; own sources are in assets/static, not here."""

from __future__ import annotations

from pathlib import Path

BASE = Path(__file__).resolve().parents[2] / "assets" / "node_modules"

VENDOR_ASSETS: dict[str, Path] = {
    "vendor/tabler.min.css": BASE / "@tabler/core/dist/css/tabler.min.css",
    "vendor/htmx.min.js": BASE / "htmx.org/dist/htmx.min.js",
    "vendor/alpine-csp.min.js": BASE / "@alpinejs/csp/dist/cdn.min.js",
    "vendor/echarts.min.js": BASE / "echarts/dist/echarts.min.js",
}
