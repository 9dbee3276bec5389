"""Draws the light of a scene, as the photograph behind it could have it."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array
from dahyf_core.synthesis.materials import linear
from dahyf_core.synthesis.scene import Light
from dahyf_core.synthesis.surface import unit
from dahyf_core.synthesis.surroundings import load_surroundings

WARM, COOL = np.array([1.0, 0.72, 0.46]), np.array([0.82, 0.95, 1.12])
"""Colours of lamps, from a bulb to shade."""
FROM_ABOVE = np.array([0.0, -0.8, -0.7])
"""Where lamps mostly are: overhead, and behind the camera."""
LUMA = np.array([0.3, 0.6, 0.1])
REAL_PLACES = 0.65
"""Share of pictures that are lit as a real place is."""
CONSTANT, SLOPE = 0.282095, 0.488603
"""Spherical harmonics of the first two bands."""
TYPICAL_REFLECTANCE = 0.22
"""Mean of what photographs show."""


def draw_light(rng: np.random.Generator, background: NDArray[np.uint8]) -> Light:
    """Light that could have made the background: its brightness, and its colours from each side."""
    surroundings = linear(background[::8, ::8])
    mean = surroundings.mean(axis=(0, 1))
    brightness = float(mean @ LUMA) / TYPICAL_REFLECTANCE
    level = np.clip(np.exp(0.55 * np.log(max(brightness, 0.02)) + rng.normal(-0.05, 0.25)), 0.2, 1.25)
    tint = (mean + 0.1) / (mean @ LUMA + 0.1)
    if rng.random() < REAL_PLACES:
        return _of_a_place(rng, level, tint)
    half = len(surroundings) // 2
    slopes = np.stack(
        [
            surroundings[:, half:].mean(axis=(0, 1)) - surroundings[:, :half].mean(axis=(0, 1)),
            surroundings[half:].mean(axis=(0, 1)) - surroundings[:half].mean(axis=(0, 1)),
            np.zeros(3),
        ]
    ) / (mean.mean() + 0.05)
    from_above = np.array([rng.normal(0, 0.1), -rng.uniform(0.0, 0.45), -rng.uniform(-0.1, 0.3)])
    lamp_share = rng.beta(2.0, 1.5)
    sky = np.zeros((9, 3))
    sky[0] = (1 - lamp_share) * level * tint ** rng.uniform(0.1, 0.6)
    sky[1:4] = sky[0] * (np.clip(0.4 * slopes, -0.35, 0.35) + from_above[:, None]) / SLOPE
    sky[0] /= CONSTANT
    warmth = rng.normal(0.35, 0.3)
    lamp_colour = np.clip(1.0 + warmth * (WARM - 1.0) if warmth > 0 else 1.0 - warmth * (COOL - 1.0), 0.3, 1.5)
    towards = unit(rng.standard_normal(3) + FROM_ABOVE)
    has_fill = rng.random() < 0.5
    fill_colour = rng.uniform(0.1, 0.6) * has_fill * lamp_share * level * unit(rng.uniform(0.6, 1.0, 3)) * np.sqrt(3)
    return Light(
        lamp_direction=towards,
        lamp_colour=1.35 * lamp_share * level * lamp_colour,
        fill_direction=unit(rng.standard_normal(3)),
        fill_colour=fill_colour,
        sky=sky,
        to_surroundings=np.eye(3),
        reflection=-1,
        reflection_level=0.0,
    )


def _of_a_place(rng: np.random.Generator, level: float, tint: Array) -> Light:
    """Light of a real place, turned any way about the vertical, nearly level, its colour partly the background's."""
    places = load_surroundings()
    number = int(rng.integers(len(places)))
    to_place = Rotation.from_rotvec([rng.normal(0, 0.2), 0, rng.normal(0, 0.1)]) * Rotation.from_rotvec(
        [0, rng.uniform(-np.pi, np.pi), 0]
    )
    turn = to_place.as_matrix() * np.array([rng.choice([-1.0, 1.0]), 1.0, 1.0])
    sky, lamps = places.sky[number], places.lamp_colours[number]
    grey = np.concatenate([sky[:1] * CONSTANT, lamps]).sum(axis=0)
    whitened = (grey.mean() / grey) ** rng.uniform(0.6, 1.05) * tint ** rng.uniform(0.0, 0.35)  # cameras balance white
    strength = 0.85 * level * whitened
    return Light(
        lamp_direction=unit(places.lamp_directions[number, 0] @ turn),
        lamp_colour=lamps[0] * strength * rng.uniform(0.6, 1.2),
        fill_direction=unit(places.lamp_directions[number, 1] @ turn),
        fill_colour=lamps[1] * strength,
        sky=sky * strength,
        to_surroundings=turn,
        reflection=number,
        reflection_level=float(strength.mean()),
    )
