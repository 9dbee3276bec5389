"""The results of `dahyf evaluate` as tables for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

JOINT_COLUMNS = ("pa_mpjpe", "mpjpe", "ho3d_mpjpe", "epe_located", "epe_projected")
"""Metrics that are printed for each joint. The file has all metrics."""


def print_scores(facts: Mapping[str, Any], console: Console) -> None:
    """Print all metrics with their intervals, then the joints, the missing metrics, and the data set's caveat."""
    metrics = facts["metrics"]
    console.print(_summary(facts))
    of_joints = {name: metrics[name] for name in JOINT_COLUMNS if name in metrics}
    if of_joints:
        console.print(_joints(of_joints))
    missing = facts["not_labelled"]
    if missing:
        console.print(f"Not measured, because the labels are missing: {', '.join(missing)}.", soft_wrap=True)
    if facts["data"]["caveat"]:
        console.print(facts["data"]["caveat"], soft_wrap=True)


def _summary(facts: Mapping[str, Any]) -> Table:
    data, estimator = facts["data"], facts["estimator"]
    title = f"{estimator['name']} on {data['reader']}, {data['split']}: {facts['examples']} examples"
    table = Table(
        "", "", "mean", f"{facts['interval_level']:.0%} interval", "median", "90 %", "hands", title=title, box=None
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for metric in facts["metrics"].values():
        low, high = metric["interval"]
        numbers = _text(metric["mean"]), f"{_text(low)} to {_text(high)}", _text(metric["median"]), _text(metric["p90"])
        table.add_row(metric["title"], metric["unit"], *numbers, str(metric["hands"]))
    return table


def _joints(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    titles = (f"{metric['title']}, {metric['unit']}" for metric in metrics.values())
    table = Table("", *titles, title="Means of joints", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for joint in next(iter(metrics.values()))["joints"]:
        table.add_row(joint, *(_text(metric["joints"][joint]) for metric in metrics.values()))
    return table


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
