"""How good an estimator is: benchmarks' metrics, runs over labelled hands, and files for their servers."""

from dahyf_core.evaluation.alignment import (
    freihand_aligned,
    root_aligned,
    scale_translation_aligned,
    similarity_aligned,
)
from dahyf_core.evaluation.benchmarks import BENCHMARKS, Benchmark, load_mano, open_benchmark
from dahyf_core.evaluation.data import CAVEATS, READERS, reader_of, spread_rows
from dahyf_core.evaluation.estimators import load_hands, open_estimator
from dahyf_core.evaluation.intervals import bootstrap_interval
from dahyf_core.evaluation.metrics import (
    F_THRESHOLDS,
    PCK_THRESHOLDS,
    area_under_pck,
    distances,
    f_scores,
    mean_over_joints,
    pck_curve,
)
from dahyf_core.evaluation.motion import acceleration, acceleration_error, jitter
from dahyf_core.evaluation.prediction import predict
from dahyf_core.evaluation.results import facts_of, worst_facts, write_results
from dahyf_core.evaluation.scoring import METRICS, Metric, Scores, score
from dahyf_core.evaluation.sheet import write_worst
from dahyf_core.evaluation.submission import check_submission, write_submission

__all__ = [
    "BENCHMARKS",
    "CAVEATS",
    "F_THRESHOLDS",
    "METRICS",
    "PCK_THRESHOLDS",
    "READERS",
    "Benchmark",
    "Metric",
    "Scores",
    "acceleration",
    "acceleration_error",
    "area_under_pck",
    "bootstrap_interval",
    "check_submission",
    "distances",
    "f_scores",
    "facts_of",
    "freihand_aligned",
    "jitter",
    "load_hands",
    "load_mano",
    "mean_over_joints",
    "open_benchmark",
    "open_estimator",
    "pck_curve",
    "predict",
    "reader_of",
    "root_aligned",
    "scale_translation_aligned",
    "score",
    "similarity_aligned",
    "spread_rows",
    "worst_facts",
    "write_results",
    "write_submission",
    "write_worst",
]
