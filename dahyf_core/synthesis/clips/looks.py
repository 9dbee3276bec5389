"""The looks of drawn clips: skin, the same in grey, or gloves."""

from dataclasses import replace
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.synthesis.materials import linear
from dahyf_core.synthesis.scene import Skin

Finish = Literal["skin", "grey", "glove"]
FINISHES: tuple[Finish, ...] = get_args(Finish)

GLOVES = linear([[30, 70, 190], [40, 150, 150], [235, 235, 235], [40, 40, 44], [220, 120, 30], [120, 60, 150]])
"""Thin gloves: laboratory blue, surgeon's green, white, black, rubber orange, violet."""


class SoftWalls:
    """Blurred blobs in place of photographs."""

    def cut(self, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
        """A square (size, size, 3) RGB."""
        blobs = rng.uniform(50, 190, (6, 8, 1)) + rng.uniform(-25, 25, (6, 8, 3))
        smooth = cv2.resize(blobs, (size, size), interpolation=cv2.INTER_CUBIC)
        return np.clip(smooth, 0, 255).astype(np.uint8)


def gloved(rng: np.random.Generator, skin: Skin) -> Skin:
    """A thin plain glove in place of a skin: one colour, without nails, veins and creases."""
    colour = GLOVES[rng.integers(len(GLOVES))] * np.exp(rng.normal(0, 0.08, 3))
    return replace(
        skin,
        back_colour=colour,
        palm_colour=colour,
        nail_colour=colour,
        nail_paint=1.0,
        mottling=0.02,
        redness=0.0,
        creases=rng.uniform(0.2, 0.6),
        veins=0.0,
        detail=0.0,
        relief=rng.uniform(0.1, 0.5),
        scattering=np.full(3, 0.15),
    )


def grey(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """A colour picture (H, W, 3) RGB as grey film shows it."""
    luma = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.repeat(luma[..., None], 3, axis=2)
