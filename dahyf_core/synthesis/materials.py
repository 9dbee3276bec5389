"""Draws what hands and things are made of."""

import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.arrays import Array
from dahyf_core.synthesis.backgrounds import Pictures
from dahyf_core.synthesis.scene import Coating, Glove, Skin
from dahyf_core.synthesis.skins import FINGERLESS, GLOVES, RELIEF_OF_FINGERLESS, RELIEF_OF_GLOVE, SKINS


def linear(colour: ArrayLike) -> Array:
    """Display values 0 to 255 to linear light 0 to 1, with the gamma of shaders/lighting.glsl."""
    return (np.asarray(colour, dtype=float) / 255) ** 2


TONES = linear([[244, 208, 188], [232, 184, 156], [214, 160, 128], [184, 128, 96], [140, 92, 66], [92, 60, 46]])
"""Skin from light to dark."""
PALM_TONE = linear([236, 184, 164])
PRINT_SIZE = 128


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
        gloss=float(np.exp(rng.uniform(np.log(8), np.log(45)))),
        sheen=rng.uniform(0.3, 1.6),
        scattering=rng.uniform(0.6, 1.3) * np.array([0.4, 0.2, 0.14]),
        layer=int(rng.choice(SKINS)),
        detail=rng.uniform(0.5, 1.4),
        relief=min(rng.gamma(3.0, 0.14), 1.0),
    )


def draw_glove(rng: np.random.Generator) -> Glove:
    """A glove of cloth, leather or rubber, with and without fingers, in any colour."""
    layer = int(rng.choice(GLOVES))
    is_fingerless = layer in FINGERLESS
    is_rubber = not is_fingerless and rng.random() < 0.5
    return Glove(
        layer=layer,
        relief_layer=RELIEF_OF_FINGERLESS if is_fingerless else RELIEF_OF_GLOVE,
        colour=_plain_colour(rng),
        detail=rng.uniform(0.6, 1.2),
        relief=rng.gamma(3.0, 0.35),
        gloss=rng.uniform(20, 80) if is_rubber else rng.uniform(4, 12),
        sheen=rng.uniform(0.6, 2.5) if is_rubber else rng.uniform(0.0, 0.4),
    )


def draw_coating(rng: np.random.Generator, backgrounds: Pictures) -> Coating:
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


def draw_cloth(rng: np.random.Generator, backgrounds: Pictures) -> Coating:
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
