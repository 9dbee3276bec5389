"""Draws simple pictures of the open hand that are good enough for networks trained on photographs."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics
from dahyf_core.hand_model import HandModel
from dahyf_core.preview.mesh import draw_mesh

SKIN = (232, 176, 148)
FOREARM = np.array([0.22, 0.0, 0.0])
"""From the wrist's border to the end of the arm, metres, in the rest frame of the right hand."""
BLUR = 5.0
"""Pixels by which backgrounds are out of focus, so that the hands of people in them are not found."""
FINGERS_UP = {
    "right": Rotation.from_matrix([[0, 0, -1], [1, 0, 0], [0, -1, 0]]),
    "left": Rotation.from_matrix([[0, 0, -1], [-1, 0, 0], [0, 1, 0]]),
}
"""Root rotations that turn the fingers up and the back of the hand to the camera."""


class HandPainter:
    """Draws one hand model, with a forearm, as a camera sees it."""

    def __init__(self, model: HandModel, intrinsics: Intrinsics) -> None:
        self._intrinsics = intrinsics
        self._arm = FOREARM * (1 if model.side == "right" else -1, 1, 1)
        self._border, self._faces = _lengthen(model)

    def draw(self, picture: Image, vertices: Array, wrist: Array) -> None:
        """Draw skin of vertices (V, 3), metres, camera frame, and wrist rotation (3, 3) into a picture, in place."""
        arm = vertices[self._border] + wrist @ self._arm
        draw_mesh(picture, np.concatenate([vertices, arm]), self._faces, self._intrinsics, SKIN)


def background(folder: Path | None, random: np.random.Generator, width: int, height: int) -> Image:
    """A picture (.jpg) of the folder, cut to size and out of focus; without a folder, a soft gradient."""
    if folder is None:
        corners = random.integers(40, 200, (3, 4, 3), dtype=np.uint8)
        return cv2.resize(corners, (width, height), interpolation=cv2.INTER_CUBIC)
    path = random.choice(sorted(folder.glob("*.jpg")))
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    return cv2.GaussianBlur(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), (0, 0), BLUR)


def _lengthen(model: HandModel) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Vertices of the wrist's border (B,), and all faces with those to a copy of it, which follows the last vertex."""
    edges = np.concatenate([model.faces[:, [0, 1]], model.faces[:, [1, 2]], model.faces[:, [2, 0]]])
    known = {tuple(edge) for edge in edges}
    open_edges = np.array([edge for edge in edges if (edge[1], edge[0]) not in known])
    border = np.unique(open_edges)
    start, end = open_edges.T
    far_start, far_end = (len(model.vertices) + np.searchsorted(border, ends) for ends in (start, end))
    sides = np.concatenate([np.stack([end, start, far_start], axis=1), np.stack([end, far_start, far_end], axis=1)])
    return border, np.concatenate([model.faces, sides])
