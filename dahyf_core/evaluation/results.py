"""Scores as the JSON results of `dahyf evaluate`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.capture import replacing
from dahyf_core.evaluation.scoring import ALIGNMENTS, CONFIDENCES, METRICS, MM, Scores
from dahyf_core.metrics import CONFIDENCE, PCK_THRESHOLDS, bootstrap_of_means, mean_over_joints, pck_curve
from dahyf_core.shared.names import JOINT_NAMES

Facts = dict[str, Any]

FORMAT, VERSION = "dahyf evaluation", 1
RANKING = ("pa_mpjpe", "epe_located_224", "confidence_without_hand")
"""Metrics that rank the worst cases; the first that is known is used."""
DECIMALS = 4


def facts_of(scores: Scores) -> Facts:
    """Every metric that the data set has labels for, PCK curves, and the names of the other metrics."""
    known = [name for name in METRICS if np.isfinite(scores.errors[name]).any()]
    return {
        "examples": len(scores),
        "sources": len(np.unique(scores.sources)),
        "interval_level": CONFIDENCE,
        "metrics": {name: _metric_facts(name, scores) for name in known},
        "pck": {
            "thresholds_mm": _rounded(MM * PCK_THRESHOLDS),
            **{name: _rounded(pck_curve(scores.errors[name] / MM)) for name in ALIGNMENTS if name in known},
        },
        "not_labelled": [name for name in METRICS if name not in known and name not in CONFIDENCES],
    }


def worst_first(scores: Scores) -> tuple[str, NDArray[np.integer]]:
    """The ranking metric, and indices of the samples for which it is known, the worst first."""
    for name in RANKING:
        values = _of_hands(scores.errors[name])
        if np.isfinite(values).any():
            order = np.argsort(np.nan_to_num(-values, nan=np.inf), kind="stable")
            return name, order[: np.isfinite(values).sum()]
    return RANKING[0], np.zeros(0, dtype=int)


def worst_facts(scores: Scores, count: int) -> list[Facts]:
    """The worst samples, by their index in the data set."""
    name, order = worst_first(scores)
    values = _of_hands(scores.errors[name])
    return [
        {"index": int(scores.rows[row]), "source": str(scores.sources[row]), name: round(float(values[row]), DECIMALS)}
        for row in order[:count]
    ]


def write_results(facts: Facts, path: Path) -> None:
    """Raises OutputError."""
    document = {"format": FORMAT, "version": VERSION, **facts}
    with replacing(path) as stream:
        stream.write(json.dumps(document, indent=1, allow_nan=False).encode())


def _metric_facts(name: str, scores: Scores) -> Facts:
    errors, metric = scores.errors[name], METRICS[name]
    hands = _of_hands(errors)
    hands = hands[np.isfinite(hands)]
    facts: Facts = {
        "title": metric.title,
        "unit": metric.unit,
        "mean": round(mean_over_joints(errors), DECIMALS),
        "interval": _rounded(np.array(bootstrap_of_means(errors, scores.sources))),
        "median": round(float(np.median(hands)), DECIMALS),
        "p90": round(float(np.percentile(hands, 90)), DECIMALS),
        "hands": len(hands),
    }
    if errors.shape[1] == len(JOINT_NAMES):
        joints = [mean_over_joints(errors[:, [joint]]) for joint in range(errors.shape[1])]
        facts["joints"] = dict(zip(JOINT_NAMES, _rounded(np.array(joints)), strict=True))
    return facts


def _of_hands(errors: Array) -> Array:
    """(N, K) -> (N,) means over what is known of each hand."""
    known = np.isfinite(errors)
    total, count = np.where(known, errors, 0.0).sum(axis=1), known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _rounded(values: Array) -> list[float | None]:
    return [round(float(value), DECIMALS) if np.isfinite(value) else None for value in values]
