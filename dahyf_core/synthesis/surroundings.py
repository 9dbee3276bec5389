"""Light of real places: panoramas as two lamps, a smooth sky, and blurred pictures for reflections.

`tools/assets/build_drawn_hands` makes the asset.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.shipped import asset


@dataclass(frozen=True)
class Surroundings:
    """N places, axes as a level camera's (y down), linear light of which the mean is about 1.

    lamp_directions, lamp_colours: (N, 2, 3), the brightest first. sky: (N, 9, 3) spherical harmonics of what a white
    surface scatters, without the lamps. reflections: (N, S, S, 3) an unfolded octahedron, see shaders/lighting.glsl.
    """

    lamp_directions: Array
    lamp_colours: Array
    sky: Array
    reflections: Array

    def __len__(self) -> int:
        return len(self.sky)


@lru_cache(maxsize=1)
def load_surroundings() -> Surroundings:
    """Those that ship."""
    with np.load(asset("surroundings.npz"), allow_pickle=False) as file:
        return Surroundings(*(file[name] for name in ("lamp_directions", "lamp_colours", "sky", "reflections")))
