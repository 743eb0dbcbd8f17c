"""The files that house checks look at; the checks themselves are in the rules modules beside it."""

from __future__ import annotations

from pathlib import Path

from tests.house.python_rules import FLOORS

ROOT = Path(__file__).resolve().parents[2]
DOORS = frozenset({"views", "api", "admin", "forms", "urls"})
BELOW_DOORS = frozenset({"services", "selectors", "policy", "states", "models", "rules"})


def python_files(*, packages: tuple[str, ...] = FLOORS, migrations: bool = False) -> list[Path]:
    """Python files of the packages, sorted; generated migrations only where asked for."""
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in files if migrations or "migrations" not in path.parts)


def room(path: Path) -> str:
    """The room of a file: banks/services/lanes.py and banks/services.py are both `services`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if len(parts) > 1 else ""


def floor(path: Path) -> str:
    """The package that a file belongs to."""
    return path.relative_to(ROOT).parts[0]


def templates() -> list[Path]:
    """Every page template of the product."""
    folders = [ROOT / "templates", *(ROOT / package / "templates" for package in FLOORS)]
    return sorted(path for folder in folders for path in folder.rglob("*.html"))


def findings(path: Path, lines: list[str]) -> list[str]:
    """Findings with the file's name in front, as an assertion prints them."""
    return [f"{path.relative_to(ROOT)}: {line}" for line in lines]
