"""Keys a capture on rigs in a new .blend file, as `blender -b --command dahyf_hands import` does.

Usage: .env/bpy-5.0/bin/python scripts/key_capture.py CAPTURE.npz -o OUT.blend
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from addon import command_line

sys.exit(command_line.run(["import", *sys.argv[1:]]))
