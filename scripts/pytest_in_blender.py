"""Runs pytest inside a Blender, whose executables have none: with the one that `scripts/setup pytest` put aside.

Usage: blender -b --factory-startup --python scripts/pytest_in_blender.py -- PYTEST_ARGUMENT...
       .env/bpy-4.5/bin/python scripts/pytest_in_blender.py -- PYTEST_ARGUMENT...

Blender's own clean-up is left out: the module 4.2 crashes in it once Rigify was used, and 4.5 waits for ever.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / ".env" / "pytest")]

import pytest  # noqa: E402  (found on the path that was just set)

code = pytest.main(sys.argv[sys.argv.index("--") + 1 :])
sys.stdout.flush()
os._exit(code)
