"""`python -m addon import CAPTURE -o FILE.blend`: the add-on's command where Blender is a Python module (bpy)."""

import sys

from .command_line import run

sys.exit(run(sys.argv[1:]))
