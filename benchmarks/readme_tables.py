"""Writes the tables of README.md, between markers, from the numbers in docs/benchmark.

--check writes nothing and fails where they differ. `benchmarks speed -o docs/benchmark/speed.json` and
`dahyf yardsticks DATA -o docs/benchmark/yardsticks.json` make the numbers.
"""

import argparse
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
NUMBERS = ROOT / "docs" / "benchmark"

PEER = "mediapipe"
SPEED_SYSTEMS = {
    "mediapipe": "MediaPipe Hands, video",
    "mediapipe_static": "static",
    "baseline": "`--estimator baseline`",
    "dahyf": "`dahyf capture`",
}
ACCURACY_SYSTEMS = {"mediapipe": "MediaPipe Hands", "baseline": "baseline", "dahyf_lite": "`dahyf`"}
ACCURACY = (
    ("stereo", "wrist rotation, view to view", "stereo pair, each view alone: wrist rotation, view against view"),
    ("stereo", "joints, view to view, wrists aligned", "the same, joints with wrists aligned, palms of 90 mm"),
    ("stereo", "joints to triangulated, PA", "the same, to joints triangulated from both views (PA)"),
    ("synthetic", "found", "drawn hands, exact truth: found"),
    ("synthetic", "PA-MPJPE", "drawn hands that are found: joints (PA)"),
    ("synthetic", "wrist rotation", "drawn hands that are found: wrist rotation"),
)
"""Yardstick, measure, and how the README calls it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a table is stale")
    arguments = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    new = with_tables(text, NUMBERS)
    if arguments.check and new != text:
        raise SystemExit("The tables of README.md are stale. Run python -m benchmarks readme_tables.")
    if not arguments.check:
        README.write_text(new, encoding="utf-8")


def with_tables(text: str, numbers: Path) -> str:
    """A page with its tables made anew from the JSON files in a folder."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise SystemExit(f"README.md must have {start} and {end} once.")
        content = table(json.loads((numbers / f"{name}.json").read_text(encoding="utf-8")))
        text = re.sub(f"{start}.*?{end}", lambda _, c=content, s=start, e=end: f"{s}\n{c}\n{e}", text, flags=re.DOTALL)
    return text


def speed_table(result: dict[str, Any]) -> str:
    """Of `benchmarks speed`: medians over the rounds, with the least and the greatest."""
    runs = result["runs"]
    systems = [name for name in SPEED_SYSTEMS if any(run["system"] == name for run in runs)]
    lines = header(["frames/s, and times MediaPipe's", *(SPEED_SYSTEMS[name] for name in systems)])
    cases = list(dict.fromkeys(run["case"] for run in runs))
    for case in cases:
        lines.append(row(case, [rate(runs, case, name) for name in systems]))
        lines.append(row("its frames with a hand found, %", [seen(runs, case, name) for name in systems]))
    for key, title in (("latency_p50", "latency, median, ms"), ("latency_p99", "latency, 99th percentile, ms")):
        lines.append(row(f"{cases[0]}: {title}", [middle(runs, cases[0], name, key, ".1f") for name in systems]))
    for case in dict.fromkeys([cases[0], cases[-1]]):
        memory = [middle(runs, case, name, "memory", ".0f") for name in systems]
        lines.append(row(f"{case}: peak memory, MB", memory))
    for key, title in (("models", "networks, MB"), ("installed", "installed with all it needs, MB")):
        sizes = result["sizes"]
        lines.append(row(title, [f"{sizes[name][key]:.0f}" if name in sizes else "" for name in systems]))
    return "\n".join(lines)


def rate(runs: Sequence[dict[str, Any]], case: str, system: str) -> str:
    rates = {run["round"]: run["frames"] / run["seconds"] for run in select(runs, case, system)}
    if not rates:
        return ""
    spread = f" ({min(rates.values()):.0f} to {max(rates.values()):.0f})" if len(rates) > 1 else ""
    text = f"{median(rates.values()):.1f}{spread}"
    peer = {run["round"]: run["frames"] / run["seconds"] for run in select(runs, case, PEER)}
    if system == PEER:
        return text
    ratios = [rates[turn] / peer[turn] for turn in rates]
    around = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{text}; {median(ratios):.2f}{around}"


def seen(runs: Sequence[dict[str, Any]], case: str, system: str) -> str:
    """Of a case's frames those in which a system found a hand, %."""
    shares = [100 * run["found"] / run["frames"] for run in select(runs, case, system)]
    return format(median(shares), ".0f") if shares else ""


def middle(runs: Sequence[dict[str, Any]], case: str, system: str, key: str, style: str) -> str:
    values = [run[key] for run in select(runs, case, system)]
    return format(median(values), style) if values else ""


def select(runs: Sequence[dict[str, Any]], case: str, system: str) -> list[dict[str, Any]]:
    return [run for run in runs if (run["case"], run["system"]) == (case, system)]


def accuracy_table(rows: Sequence[dict[str, Any]]) -> str:
    """Of `dahyf yardsticks`."""
    found = {(entry["yardstick"], entry["measure"], entry["system"]): entry for entry in rows}
    lines = header(["accuracy: mean / median / 90th percentile", *ACCURACY_SYSTEMS.values()])
    for yardstick, measure, title in ACCURACY:
        entries = [found[yardstick, measure, system] for system in ACCURACY_SYSTEMS]
        lines.append(row(f"{title}, {entries[0]['unit']}", [error(entry) for entry in entries]))
    return "\n".join(lines)


def error(entry: dict[str, Any]) -> str:
    values = [entry[key] for key in ("mean", "median", "p90") if entry[key] is not None]
    return " / ".join(f"{value:.1f}" for value in values)


def header(cells: Sequence[str]) -> list[str]:
    return [row(cells[0], cells[1:]), "|" + "---|" * len(cells)]


def row(title: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([title, *cells])} |"


TABLES: dict[str, Callable[[Any], str]] = {"speed": speed_table, "yardsticks": accuracy_table}
"""A table a JSON file, by its name, which is that of its markers too."""

if __name__ == "__main__":
    main()
