"""The environment of MediaPipe Hands, apart from this project's: it asks for other versions of the same packages."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "mediapipe_hands.py"
VERSION = "0.10.21"
MEDIAPIPE = f"mediapipe=={VERSION}"
INSTALLED = f"lib/python*/site-packages/mediapipe-{VERSION}.dist-info"
"""What pip leaves in an environment once MediaPipe is there; it comes after all that it needs."""


def mediapipe_python() -> Path:
    """The interpreter of .env/mediapipe, which is made where it is missing."""
    folder = ROOT / ".env" / "mediapipe"
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"Installing {MEDIAPIPE} into {folder}.", file=sys.stderr)
        venv.create(folder, with_pip=True)
    if not any(folder.glob(INSTALLED)):
        packages = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MEDIAPIPE]
        subprocess.run(packages, check=True)
    return python
