"""Which points of a drawn hand are seen, by the map of depths that it was drawn with."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.hand_model import HandModel
from dahyf_core.synthesis.surface import unit

TOLERANCE = 0.002
"""Metres that a point may lie behind what was drawn in the pixels around it."""
FACING = 0.05
"""Least cosine between the skin's normal and the way to the camera; skin seen more from the side counts as hidden."""
FLESH = np.array([0.04, 0.034, *([0.024, 0.018, 0.015, 0.034] * 4), 0.024, 0.018, 0.015])
"""Metres from a keypoint inside the hand ("freihand") within which skin is the skin of that joint."""
WIDTH = 0.007
"""Metres; skin counts the more, the nearer it lies to the ray through the joint (a Gaussian of this width)."""
SHOWN = 0.5
"""Share of the skin before a joint that is seen where the joint counts as seen."""


def seen_points(points: Array, normals: Array, pixels: Array, depth: Array) -> NDArray[np.bool_]:
    """(V,) which points (V, 3) m of a surface face the camera with nothing before them.

    normals: (V, 3) of any length. pixels: (V, 2) of the points in the map `depth` (S, S) m.
    """
    places = np.rint(pixels).astype(int)
    inside = ((places >= 0) & (places < len(depth))).all(axis=-1)
    x, y = np.clip(places, 0, len(depth) - 1).T
    farthest = cv2.dilate(depth.astype(np.float32), np.ones((3, 3), np.uint8))
    facing = -np.einsum("vi,vi->v", unit(normals), unit(points)) > FACING
    return inside & facing & (points[:, 2] < farthest[y, x] + TOLERANCE)


class JointSkin:
    """The skin around each of the 21 joints of a hand model."""

    def __init__(self, model: HandModel) -> None:
        zero = model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3)))
        joints = model.keypoints(zero, "freihand")[0]
        distance = np.linalg.norm(joints[:, None] - model.vertices, axis=-1)
        self._near = distance < FLESH[:, None]

    def seen(self, joints: Array, points: Array, normals: Array, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(21,) of which joints (21, 3) m the skin towards the camera is seen.

        points, normals: (V, 3) of the posed skin, camera frame. seen: (V,) by `seen_points`.
        """
        rays = unit(joints)
        along = rays @ points.T
        squared = np.maximum((points**2).sum(axis=-1) - along**2, 0.0)
        facing = np.einsum("vi,vi->v", normals, points) < 0
        before = self._near & facing & (along < np.linalg.norm(joints, axis=-1)[:, None] + WIDTH)
        weight = np.where(before, np.exp(-0.5 * squared / WIDTH**2), 0.0)
        total = weight.sum(axis=1)
        return (total > 0) & (weight @ seen >= SHOWN * total)
