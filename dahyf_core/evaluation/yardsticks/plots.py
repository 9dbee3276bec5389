"""Plots of the results: sorted errors, and precision and recall of the confidence."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.evaluation.yardsticks.confidence import NAME as CONFIDENCE
from dahyf_core.evaluation.yardsticks.confidence import OTHER_THINGS, PRECISION, RIGHT_ANSWERS
from dahyf_core.evaluation.yardsticks.rows import Row
from dahyf_core.metrics import PrecisionRecall

COLUMNS = 3
SIZE = 4.0
"""Size of one plot, inches."""


def draw(rows: Sequence[Row], folder: Path) -> None:
    """Write a PNG for each yardstick that has errors, and one of the confidence if it was measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for yardstick, group in groupby(rows, lambda row: row.yardstick):
        if yardstick == CONFIDENCE:
            draw_precision_recall(list(group), folder / "confidence.png")
        else:
            draw_sorted_errors(list(group), folder / f"{yardstick}.png")


def draw_sorted_errors(rows: Sequence[Row], path: Path) -> None:
    """For each measure, the share of hands (x) with an error up to (y)."""
    import matplotlib.pyplot as plt

    measures = list(dict.fromkeys((row.measure, row.unit) for row in rows if len(row.values)))
    if not measures:
        return
    lines = -(-len(measures) // COLUMNS)
    figure, grid = plt.subplots(lines, COLUMNS, figsize=(COLUMNS * SIZE, lines * SIZE), squeeze=False)
    for axes, measure in zip(grid.flat, measures, strict=False):
        for row in rows:
            if (row.measure, row.unit) == measure and len(row.values):
                share = 100 * (np.arange(len(row.values)) + 0.5) / len(row.values)
                axes.plot(share, np.sort(row.values), label=row.system)
        shown = [row.p90 for row in rows if (row.measure, row.unit) == measure and row.p90 is not None]
        axes.set(title=measure[0], xlabel="%", ylabel=measure[1], xlim=(0, 100), ylim=(0, 1.5 * max(shown) or None))
        axes.title.set_fontsize("small")
        axes.legend()
    for axes in grid.flat[len(measures) :]:
        axes.axis("off")
    finish(figure, path)


def draw_precision_recall(rows: Sequence[Row], path: Path) -> None:
    """Precision over recall, and both over the threshold. The recommended threshold is marked."""
    import matplotlib.pyplot as plt

    figure, (along, over) = plt.subplots(1, 2, figsize=(2 * SIZE, SIZE))
    values = {(row.system, row.measure): row.values for row in rows}
    for number, system in enumerate(dict.fromkeys(row.system for row in rows)):
        curve = PrecisionRecall.of(values[system, RIGHT_ANSWERS], values[system, OTHER_THINGS])
        colour, threshold = f"C{number}", curve.precise_threshold(PRECISION)
        along.plot(curve.recall, curve.precision, colour, label=system)
        over.plot(curve.threshold, curve.precision, colour, label=f"{system}: precision")
        over.plot(curve.threshold, curve.recall, colour, linestyle="--", label=f"{system}: recall")
        if np.isfinite(threshold):
            at = np.searchsorted(curve.threshold, threshold)
            along.plot(curve.recall[at], curve.precision[at], colour, marker="o")
            over.axvline(threshold, color=colour, linewidth=0.7, label=f"{system}: {threshold:.2f}")
    along.set(xlabel="recall", ylabel="precision", ylim=(0.9, 1.002))
    over.set(xlabel="threshold", ylim=(0, 1.02))
    for axes in (along, over):
        axes.legend(fontsize="x-small")
    finish(figure, path)


def finish(figure: Any, path: Path) -> None:
    """Write a figure and close it."""
    import matplotlib.pyplot as plt

    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)
