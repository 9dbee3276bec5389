"""Results of an ablation: every run as JSON, means and deviations as a Markdown table, and a plot."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dahyf_core.ablation.study import Facts, by_row
from dahyf_core.capture import replacing
from dahyf_core.training.config import TrainingConfig, dump_config

COLUMNS = (
    ("scores", "pa_mm", "PA-MPJPE, mm", 2),
    ("scores", "mpjpe_mm", "MPJPE, mm", 2),
    ("scores", "wrist_degrees", "wrist, degrees", 2),
    ("scores", "projected_px", "projected, px", 2),
    ("scores", "located_px", "located, px", 2),
    ("scores", "confidence_auroc", "AUROC of confidence", 3),
    ("wide", "pa_mm", "wide: PA-MPJPE, mm", 2),
    ("wide", "mpjpe_mm", "wide: MPJPE, mm", 2),
    ("wide", "wrist_degrees", "wide: wrist, degrees", 2),
)
"""Part, key, title and number of decimals of each column of the table."""


def write_results(found: Sequence[Facts], recipe: TrainingConfig, folder: Path) -> None:
    """Write results.json and table.md into a folder, and wrist.png if there are wide hands. Raises OutputError."""
    folder.mkdir(parents=True, exist_ok=True)
    schedule = json.loads(dump_config(recipe))
    for data in (*schedule["data"], *schedule["validation"]):
        data["path"] = Path(data["path"]).name
    with replacing(folder / "results.json") as stream:
        stream.write(json.dumps({"recipe": schedule, "runs": list(found)}, indent=1).encode())
    with replacing(folder / "table.md") as stream:
        stream.write(table(found).encode())
    if any("wrist_by_angle" in facts for facts in found):
        draw_wrist(found, folder / "wrist.png")


def table(found: Sequence[Facts]) -> str:
    """The Markdown table: means, and standard deviations if there are several seeds."""
    columns = [column for column in COLUMNS if any(_value(facts, column) is not None for facts in found)]
    lines = [
        "| | " + " | ".join(title for _, _, title, _ in columns) + " | seeds |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for title, runs in by_row(found):
        cells = [_cell([_value(facts, column) for facts in runs], column[3]) for column in columns]
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {len(runs)} |")
    return "\n".join(lines) + "\n"


def draw_wrist(found: Sequence[Facts], path: Path) -> None:
    """Plot the wrist rotation error over the angle off axis: one line per row, and a faint line per seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for title, runs in by_row(found):
        curves = np.array([facts["wrist_by_angle"]["degrees"] for facts in runs], dtype=float)
        edges = np.array(runs[0]["wrist_by_angle"]["edges"])
        (line,) = axes.plot((edges[:-1] + edges[1:]) / 2, curves.mean(axis=0), marker=".", label=title)
        for curve in curves:
            axes.plot((edges[:-1] + edges[1:]) / 2, curve, color=line.get_color(), alpha=0.2, linewidth=0.8)
    axes.set(xlabel="degrees off axis", ylabel="mean error of wrist rotation, degrees", ylim=(0, None))
    axes.legend(fontsize="x-small")
    axes.grid(alpha=0.3)
    with replacing(path) as stream:
        figure.savefig(stream, dpi=110, format="png")


def _value(facts: Facts, column: tuple[str, str, str, int]) -> float | None:
    part, key, _, _ = column
    value: float | None = facts.get(part, {}).get(key)
    return value


def _cell(values: Sequence[float | None], decimals: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{np.mean(known):.{decimals}f}"
    return mean if len(known) == 1 else f"{mean} ± {np.std(known, ddof=1):.{decimals}f}"
