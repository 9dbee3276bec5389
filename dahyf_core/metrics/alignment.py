"""Alignments of a found hand with the truth before they are compared, as each benchmark defines them.

`similarity_aligned` is the "PA" of papers. All functions take points and truth (..., K, 3) in the same unit, and
return the aligned points. No point may be NaN.
"""

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIDDLE_KNUCKLE, WRIST, similarity_aligned


def freihand_aligned(points: Array, truth: Array) -> Array:
    """The best rotation or reflection, scale and translation: `align_w_scale` of FreiHAND's and HO-3D's evaluation.

    It does not penalise a hand that is mirrored.
    """
    return similarity_aligned(points, truth, reflection=True)


def root_aligned(points: Array, truth: Array) -> Array:
    """Points with the wrists aligned."""
    return points + (truth - points)[..., [WRIST], :]


def scale_translation_aligned(points: Array, truth: Array) -> Array:
    """Points with the wrists aligned and the length from wrist to middle knuckle made equal: `align_sc_tr` of HO-3D.

    points, truth: joints (..., 21, 3) in FreiHAND's order. A hand whose knuckle lies in its wrist keeps its scale.
    """
    length, true_length = (
        np.linalg.norm(joints[..., [MIDDLE_KNUCKLE], :] - joints[..., [WRIST], :], axis=-1, keepdims=True)
        for joints in (points, truth)
    )
    scale = true_length / np.where(length > 0, length, 1.0)
    return root_aligned(points * scale, truth)
