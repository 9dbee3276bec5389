"""Writes the tables of docs/finding.md, between markers, from the files of `dahyf finding` that are given.

    PYTHONPATH=. .env/core/bin/python docs/tools/finding_table.py docs/benchmark/finding.json

Several files are put side by side, so that systems can be measured one after the other.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "finding.md"
NAMES = {"mediapipe": "MediaPipe Hands", "before": "before", "dahyf": "`dahyf`"}
STILLS = ("hands found", "of what is found, hands", "pictures with a false hand", "of the hands found, wrong side")
GROUPS = (
    "hands found",
    "of what is found, hands",
    "frames with a false hand",
    "of the hands found, wrong side",
    "changes from one hand to another",
    "pieces of hands beyond the first",
)
CLIP = ("hands found", "frames with a false hand", "changes from one hand to another")

Entry = dict[str, Any]


def main() -> None:
    rows: list[Entry] = [row for path in sys.argv[1:] for row in json.loads(Path(path).read_text())]
    page = PAGE.read_text(encoding="utf-8")
    for name, table in (("stills", stills(rows)), ("groups", groups(rows)), ("clips", clips(rows))):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        page = pattern.sub(lambda found, text=table: f"{found[1]}\n{text}\n\n{found[2]}", page)
    PAGE.write_text(page, encoding="utf-8")


def stills(rows: Sequence[Entry]) -> str:
    """Sets of pictures: a line for each measure."""
    sets = names(row["yardstick"] for row in rows if row["measure"] == "pictures with a false hand")
    return table(rows, [(name, measure) for name in sets for measure in STILLS])


def groups(rows: Sequence[Entry]) -> str:
    """All real and all drawn clips."""
    sets = names(row["yardstick"] for row in rows if row["yardstick"].startswith("all "))
    return table(rows, [(name, measure) for name in sets for measure in GROUPS])


def clips(rows: Sequence[Entry]) -> str:
    """Each clip in one line: found, frames with a false hand, changes."""
    single = [row for row in rows if row["measure"] in CLIP and not row["yardstick"].startswith("all ")]
    sets = names(row["yardstick"] for row in single if row["measure"] == CLIP[1])
    systems = names(row["system"] for row in rows)
    lines = head(["found, % / frames with a false hand, % / changes", *map(title, systems)])
    for name in sets:
        cells = [[find(rows, name, measure, system) for measure in CLIP] for system in systems]
        lines.append(
            line([name, *(" / ".join("-" if e is None else f"{e['mean']:.0f}" for e in cell) for cell in cells)])
        )
    return "\n".join(lines)


def table(rows: Sequence[Entry], wanted: Sequence[tuple[str, str]]) -> str:
    systems = names(row["system"] for row in rows)
    lines = head(["", "", *map(title, systems)])
    last = ""
    for name, measure in wanted:
        cells = [find(rows, name, measure, system) for system in systems]
        if any(cells):
            lines.append(line([f"**{name}**" if name != last else "", unit(measure), *map(cell, cells)]))
            last = name
    return "\n".join(lines)


def find(rows: Sequence[Entry], name: str, measure: str, system: str) -> Entry | None:
    keys = name, measure, system
    return next((row for row in rows if (row["yardstick"], row["measure"], row["system"]) == keys), None)


def unit(measure: str) -> str:
    return measure if measure in GROUPS[4:] else f"{measure}, %"


def cell(entry: Entry | None) -> str:
    """mean [95 % interval] (n)"""
    if entry is None:
        return "-"
    if entry["unit"] == "count":
        return f"{entry['mean']:.0f}"
    interval = entry["mean_interval"]
    spread = f" [{interval[0]:.0f}, {interval[1]:.0f}]" if interval else ""
    return f"{entry['mean']:.1f}{spread} ({entry['count']})"


def names(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def title(system: str) -> str:
    return NAMES.get(system, system)


def head(cells: Sequence[str]) -> list[str]:
    return [line(cells), "|" + "---|" * len(cells)]


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
