"""The README's tables are those of the measured numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import readme_tables as tables

ROOT = Path(__file__).parent.parent


def test_the_readme_is_not_stale() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks", "readme_tables", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_other_numbers_make_the_readme_stale(tmp_path: Path) -> None:
    for name in tables.TABLES:
        (tmp_path / f"{name}.json").write_text((tables.NUMBERS / f"{name}.json").read_text())
    numbers = json.loads((tmp_path / "speed.json").read_text())
    for run in numbers["runs"]:
        run["seconds"] *= 2
    (tmp_path / "speed.json").write_text(json.dumps(numbers))
    text = tables.README.read_text(encoding="utf-8")
    assert tables.with_tables(text, tables.NUMBERS) == text
    assert tables.with_tables(text, tmp_path) != text


def test_a_missing_marker_is_named() -> None:
    with pytest.raises(SystemExit, match="<!-- speed -->"):
        tables.with_tables("no tables here", tables.NUMBERS)


def test_ratios_are_of_the_same_round() -> None:
    runs = [
        {"case": "clip", "system": system, "round": turn, "frames": 100, "seconds": seconds}
        for system, times in (("mediapipe", (2.0, 4.0, 10.0)), ("dahyf", (1.0, 2.0, 5.0)))
        for turn, seconds in enumerate(times)
    ]
    assert tables.rate(runs, "clip", "dahyf") == "50.0 (20 to 100); 2.00 (2.00 to 2.00)"
