"""Runs pytest inside a Blender executable, which has none: with the one that `scripts/setup pytest` put aside.

Usage: blender -b --factory-startup --python scripts/pytest_in_blender.py -- PYTEST_ARGUMENT...
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / ".env" / "pytest")]

import pytest  # noqa: E402  (found on the path that was just set)

sys.exit(pytest.main(sys.argv[sys.argv.index("--") + 1 :]))
