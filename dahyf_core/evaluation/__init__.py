"""Evaluation of estimators on labelled hands and benchmarks, and files for benchmark servers."""

from dahyf_core.evaluation.benchmarks import BENCHMARKS, Benchmark, load_mano, open_benchmark
from dahyf_core.evaluation.data import CAVEATS, reader_of, spread_rows
from dahyf_core.evaluation.prediction import predict
from dahyf_core.evaluation.results import facts_of, worst_facts, write_results
from dahyf_core.evaluation.scoring import METRICS, Metric, Scores, score
from dahyf_core.evaluation.sheet import write_worst
from dahyf_core.evaluation.submission import check_submission, write_submission

__all__ = [
    "BENCHMARKS",
    "CAVEATS",
    "METRICS",
    "Benchmark",
    "Metric",
    "Scores",
    "check_submission",
    "facts_of",
    "load_mano",
    "open_benchmark",
    "predict",
    "reader_of",
    "score",
    "spread_rows",
    "worst_facts",
    "write_results",
    "write_submission",
    "write_worst",
]
