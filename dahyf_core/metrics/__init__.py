"""Metrics of hands and confidences, each once in numpy; `metrics.tensors` has the torch twins."""

from dahyf_core.geometry import similarity_aligned
from dahyf_core.metrics.alignment import freihand_aligned, root_aligned, scale_translation_aligned
from dahyf_core.metrics.confidence import PrecisionRecall, agreement, auroc
from dahyf_core.metrics.intervals import CONFIDENCE, bootstrap, bootstrap_of_means
from dahyf_core.metrics.joints import (
    F_THRESHOLDS,
    PALM_MM,
    PCK_THRESHOLDS,
    area_under_pck,
    distances,
    epe,
    f_scores,
    mean_over_joints,
    mpjpe,
    pa_mpjpe,
    palm_rotation,
    pck_curve,
    to_palm_size,
)
from dahyf_core.metrics.motion import acceleration

__all__ = [
    "CONFIDENCE",
    "F_THRESHOLDS",
    "PALM_MM",
    "PCK_THRESHOLDS",
    "PrecisionRecall",
    "acceleration",
    "agreement",
    "area_under_pck",
    "auroc",
    "bootstrap",
    "bootstrap_of_means",
    "distances",
    "epe",
    "f_scores",
    "freihand_aligned",
    "mean_over_joints",
    "mpjpe",
    "pa_mpjpe",
    "palm_rotation",
    "pck_curve",
    "root_aligned",
    "scale_translation_aligned",
    "similarity_aligned",
    "to_palm_size",
]
