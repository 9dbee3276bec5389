"""Draws what things are made of and how they are lit."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dahyf_core.arrays import Array
from dahyf_core.synthesis.backgrounds import Backgrounds
from dahyf_core.synthesis.scene import Coating, Light, Skin
from dahyf_core.synthesis.surface import unit


def linear(colour: ArrayLike) -> Array:
    """Display values 0 to 255 to linear light 0 to 1, with the gamma of shaders/lighting.glsl."""
    return (np.asarray(colour, dtype=float) / 255) ** 2


TONES = linear([[244, 208, 188], [232, 184, 156], [214, 160, 128], [184, 128, 96], [140, 92, 66], [92, 60, 46]])
"""Skin from light to dark."""
PALM_TONE = linear([236, 184, 164])
WARM, COOL = np.array([1.0, 0.72, 0.46]), np.array([0.82, 0.95, 1.12])
"""Colours of lamps, from a bulb to shade."""
PRINT_SIZE = 128
FROM_ABOVE = np.array([0.0, -0.8, -0.7])
"""Where lamps mostly are: overhead, and behind the camera."""
LUMA = np.array([0.3, 0.6, 0.1])
TYPICAL_REFLECTANCE = 0.22
"""Mean of what photographs show."""


def draw_skin(rng: np.random.Generator) -> Skin:
    """A person's skin."""
    tone = rng.beta(1.3, 1.8) * (len(TONES) - 1)
    marks = np.arange(len(TONES))
    back = np.stack([np.interp(tone, marks, TONES[:, channel]) for channel in range(3)])
    back *= np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.05, 3))
    paler = np.clip(rng.normal(0.12, 0.06) + 0.09 * tone, 0.0, 0.65)
    return Skin(
        back_colour=back,
        palm_colour=back + paler * (PALM_TONE - back),
        nail_colour=linear(rng.uniform(0, 255, 3)) if rng.random() < 0.6 else linear([150, 15, 35]),
        place_in_noise=rng.random(3),
        nail_paint=float(rng.random() < 0.08),
        mottling=rng.uniform(0.04, 0.16),
        redness=rng.gamma(2.0, 0.25),
        creases=rng.uniform(0.2, 0.9),
        veins=rng.gamma(1.2, 0.3),
        bumps=rng.uniform(0.05, 0.3),
        gloss=float(np.exp(rng.uniform(np.log(8), np.log(45)))),
        sheen=rng.uniform(0.3, 1.6),
        scattering=rng.uniform(0.6, 1.3) * np.array([0.4, 0.2, 0.14]),
    )


def draw_light(rng: np.random.Generator, background: NDArray[np.uint8]) -> Light:
    """Light that could have made the background: its brightness, and its colours from each side."""
    surroundings = linear(background[::8, ::8])
    mean = surroundings.mean(axis=(0, 1))
    brightness = float(mean @ LUMA) / TYPICAL_REFLECTANCE
    level = np.clip(np.exp(0.55 * np.log(max(brightness, 0.02)) + rng.normal(0.0, 0.25)), 0.2, 1.5)
    tint = (mean + 0.1) / (mean @ LUMA + 0.1)
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
    sky = np.empty((4, 3))
    sky[0] = (1 - lamp_share) * level * tint ** rng.uniform(0.1, 0.6)
    sky[1:] = sky[0] * (np.clip(0.4 * slopes, -0.35, 0.35) + from_above[:, None])
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
    )


def draw_coating(rng: np.random.Generator, backgrounds: Backgrounds) -> Coating:
    """The surface of a thing: plain, striped or printed with a photograph."""
    printed = float(np.clip(2.2 * rng.random() - 1.0, 0.0, 1.0))
    return Coating(
        base_colour=_plain_colour(rng),
        second_colour=_plain_colour(rng),
        photograph=backgrounds.cut(rng, PRINT_SIZE) if printed else None,
        printed=printed,
        weave=rng.uniform(0.0, 0.15),
        grain=rng.uniform(8.0, 40.0),
        stripes=rng.uniform(100, 600) if rng.random() < 0.15 else 0.0,
        gloss=float(np.exp(rng.uniform(np.log(6), np.log(150)))),
        sheen=rng.gamma(1.5, 0.8),
    )


def draw_cloth(rng: np.random.Generator, backgrounds: Backgrounds) -> Coating:
    """A sleeve's surface: dull, woven, seldom printed."""
    is_printed = rng.random() < 0.15
    return Coating(
        base_colour=_plain_colour(rng),
        second_colour=_plain_colour(rng),
        photograph=backgrounds.cut(rng, PRINT_SIZE) if is_printed else None,
        printed=0.6 * is_printed,
        weave=rng.uniform(0.1, 0.5),
        grain=rng.uniform(4.0, 25.0),
        stripes=rng.uniform(150, 500) if rng.random() < 0.12 else 0.0,
        gloss=8.0,
        sheen=rng.uniform(0.0, 0.3),
    )


def _plain_colour(rng: np.random.Generator) -> Array:
    """Linear reflectance; greys, blacks and whites are as common as colours."""
    lightness = rng.beta(0.9, 1.2)
    saturation = rng.beta(0.8, 1.6)
    hue = rng.uniform(0, 1, 3)
    return np.clip(lightness * (1 + saturation * (hue - hue.max())), 0.01, 0.9) ** 1.6
