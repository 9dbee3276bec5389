"""How far to trust a pose: does it project to where its joints were located?"""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Crops

Array = NDArray[np.floating]


def agreement(joints_2d: Array, projected: Array, crops: Crops) -> Array:
    """Agreement (N,), at most 1, of located with projected joints, both (N, 21, 2) px as filmed.

    The paper's cosine similarity, which does not see a wrong size, times the ratio of the two vectors' lengths.
    """
    v_2d = _patch_vectors(joints_2d, crops)  # eq. 8; in frame pixels, where J2d * s_i / s_p - s_i / 2 is J2d - C
    v_proj = _patch_vectors(projected, crops)  # eq. 9
    length_2d, length_proj = np.linalg.norm(v_2d, axis=1), np.linalg.norm(v_proj, axis=1)
    product = np.maximum(length_2d * length_proj, np.finfo(float).tiny)
    cosine = (v_2d * v_proj).sum(axis=1) / product
    return cosine * np.minimum(length_2d, length_proj) ** 2 / product


def _patch_vectors(points: Array, crops: Crops) -> Array:
    """Offsets from the patch's centre in units of its side: (N, 21, 2) -> (N, 42)."""
    offsets = (points - crops.center[:, None]) * (1.0, crops.intrinsics.aspect)
    return (offsets / crops.side[:, None, None]).reshape(len(points), -1)
