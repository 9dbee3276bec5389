"""Photograph-like skins and gloves of the open hand: textures on an atlas that unfolds its mesh.

`tools/assets/build_drawn_hands` makes the asset.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.shipped import asset

SKINS, GLOVES = range(4), range(4, 8)
"""Layers of colours."""
FINGERLESS = (4, 5)
"""Gloves that leave fingertips bare."""
RELIEF_OF_SKIN, RELIEF_OF_FINGERLESS, RELIEF_OF_GLOVE = range(3)
"""Layers of reliefs."""


@dataclass(frozen=True)
class SkinAtlas:
    """Textures of S x S texels. Left hands have the right one's, mirrored.

    place: (V',) the hand's vertex of each vertex that is drawn; vertices at seams are drawn twice. faces: (F, 3) of V'.
    uv: (V', 2), v down.
    colours: (8, S, S, 4) bytes. In RGB colour over the mean of palm or back, as 96 times the root of the ratio of
    linear light. Alpha is the cover of a glove, 0 to 255.
    reliefs: (3, S, S, 3) bytes: how the normal leans along u and v, 128 + 127 times the sine; roughness.
    """

    place: NDArray[np.integer]
    faces: NDArray[np.integer]
    uv: Array
    colours: NDArray[np.uint8]
    reliefs: NDArray[np.uint8]


@lru_cache(maxsize=1)
def load_skins() -> SkinAtlas:
    """The atlas that ships."""
    with np.load(asset("hand_skins.npz"), allow_pickle=False) as file:
        colours = [_decoded(file[f"colour_{layer}"], cv2.COLOR_BGRA2RGBA) for layer in range(len(SKINS) + len(GLOVES))]
        reliefs = [_decoded(file[f"relief_{layer}"], cv2.COLOR_BGR2RGB) for layer in range(3)]
        return SkinAtlas(file["place"], file["faces"], file["uv"], np.stack(colours), np.stack(reliefs))


def _decoded(file: NDArray[np.uint8], order: int) -> NDArray[np.uint8]:
    picture = np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED))
    return np.asarray(cv2.cvtColor(picture, order), np.uint8)
