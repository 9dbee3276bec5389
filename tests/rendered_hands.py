"""Pictures of moving open hands that the networks take for real ones, with no footage needed."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from capture_factory import default_intrinsics, make_motion

from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.preview import draw_mesh

SKIN = (224, 172, 140)
RATE = Fraction(30)
MODELS: dict[str, HandModel] = {side: load_hand_model(side=side) for side in ("right", "left")}


def hand_picture(index: int, width: int, height: int, rows: Sequence[Sequence[str]] = (("right",),)) -> np.ndarray:
    """(height, width, 3) RGB: frame `index` of slowly waving hands before a grey wall. rows: sides of the hands."""
    camera = default_intrinsics(width, height)
    depth = 0.4 * max(len(rows), *map(len, rows))
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.linspace(60, 140, height, dtype=np.uint8)[:, None, None]
    for row, sides in enumerate(rows):
        for column, side in enumerate(sides):
            pose, _ = make_motion(side, np.array([float(index / RATE)]))
            pose[:, 1:] *= 0.3
            x, y = (column + 0.5) / len(sides) - 0.5, (row + 0.5) / len(rows) - 0.5
            centre = depth * np.array([x * width / camera.fx, y * height / camera.fy, 1.0])
            translation = centre + np.array([0.01 * np.sin(float(index / RATE)), 0.07, 0])
            hand = MODELS[side](pose, np.zeros((1, 10)), translation[None])
            draw_mesh(picture, hand.vertices[0], MODELS[side].faces, camera, SKIN)
    return picture
