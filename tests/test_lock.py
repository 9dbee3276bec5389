"""What Set Up installs is what the core needs, in the versions that the tests ran with."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def pins(path: Path) -> dict[str, set[str]]:
    """Versions by name; a package may have several, for different systems."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_the_lock_file_has_all_that_the_core_needs() -> None:
    """Else: scripts/lock_requirements."""
    locked, tested = pins(ROOT / "addon" / "requirements.lock"), pins(ROOT / "scripts" / "constraints.txt")
    for text in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]:
        needed = Requirement(text)
        assert needed.name in locked, text
        assert all(needed.specifier.contains(version) for version in locked[needed.name]), text
    assert all(locked[name] == tested[name] for name in locked.keys() & tested.keys())
