"""Writing JSON files atomically: they appear complete or not at all. No bpy here."""

import json
import tempfile
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Write a file, and make its folder if it does not exist. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False) as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.write("\n")
    Path(file.name).replace(path)
