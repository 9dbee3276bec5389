"""A measured quantity of one system with its spread, as a cell of a table and in JSON."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dahyf_core.arrays import Array
from dahyf_core.metrics import bootstrap

Statistic = Callable[[Array], float]


@dataclass(frozen=True, eq=False)
class Row:
    """A quantity. values: (N,), one per hand, picture or frame. groups: (N,), values of a group have correlated errors.

    A quantity that is a single number has no `values`.
    """

    yardstick: str
    measure: str
    unit: str
    system: str
    count: int
    mean: float
    mean_interval: tuple[float, float] | None = None
    median: float | None = None
    median_interval: tuple[float, float] | None = None
    p90: float | None = None
    values: Array = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def cell(self) -> str:
        """For a table: mean [95 % interval] / median / 90th percentile (n)."""
        text = _short(self.mean)
        if self.mean_interval:
            text += f" [{_short(self.mean_interval[0])}, {_short(self.mean_interval[1])}]"
        if self.median is not None and self.p90 is not None:
            text += f" / {_short(self.median)} / {_short(self.p90)}"
        return f"{text} (n {self.count})"

    def to_json(self) -> dict[str, Any]:
        """All fields except the values; NaN as None."""
        plain = {name: value for name, value in vars(self).items() if name != "values"}
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value for name, value in plain.items()
        }


@dataclass(frozen=True)
class Teller:
    """Makes the rows of one system on one yardstick."""

    yardstick: str
    system: str

    def spread(self, measure: str, unit: str, values: Array, groups: ArrayLike | None = None) -> Row:
        """Mean, median, 90th percentile and intervals of values (N,), without NaN."""
        known = np.isfinite(values)
        values = values[known]
        if not len(values):
            return self.number(measure, unit, float("nan"), 0)
        ids = np.arange(len(values)) if groups is None else np.asarray(groups)[known]
        median: Statistic = lambda sample: float(np.median(sample))  # noqa: E731
        return Row(
            self.yardstick,
            measure,
            unit,
            self.system,
            len(values),
            float(values.mean()),
            bootstrap(values, ids, lambda sample: float(sample.mean())),
            median(values),
            bootstrap(values, ids, median),
            float(np.percentile(values, 90)),
            values,
        )

    def share(self, measure: str, flags: NDArray[np.bool_], groups: ArrayLike | None = None) -> Row:
        """The percentage of flags (N,) that are set."""
        percent = 100.0 * flags
        ids = np.arange(len(flags)) if groups is None else np.asarray(groups)
        interval = bootstrap(percent, ids, lambda sample: float(sample.mean())) if len(flags) else None
        mean = float(percent.mean()) if len(flags) else float("nan")
        return Row(self.yardstick, measure, "%", self.system, len(flags), mean, interval)

    def number(self, measure: str, unit: str, value: float, count: int) -> Row:
        """One number from `count` observations."""
        return Row(self.yardstick, measure, unit, self.system, count, value)


def markdown(rows: Sequence[Row], systems: Sequence[str]) -> str:
    """A table for each yardstick, a line for each measure, a column for each system."""
    lines: list[str] = []
    for yardstick, group in groupby(rows, lambda row: row.yardstick):
        cells: dict[tuple[str, str], dict[str, Row]] = {}
        for row in group:
            cells.setdefault((row.measure, row.unit), {})[row.system] = row
        lines += [f"### {yardstick}", "", f"| | unit | {' | '.join(systems)} |", "|---" * (len(systems) + 2) + "|"]
        for (measure, unit), of_system in cells.items():
            texts = [of_system[name].cell if name in of_system else "" for name in systems]
            lines.append(f"| {measure} | {unit} | {' | '.join(texts)} |")
        lines.append("")
    return "\n".join(lines)


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
