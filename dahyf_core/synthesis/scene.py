"""A scene as plain values for a renderer: meshes, materials and light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side


@dataclass(frozen=True)
class Skin:
    """Appearance of a hand. Colours are linear reflectances (3,); the rest are strengths, 0 for none.

    place_in_noise: (3,), which part of the noise it wears. gloss: Blinn and Phong's exponent. scattering: (3,), how far
    light creeps round into the shade, per colour. layer: of the photograph-like skins (skins.SKINS). detail: how
    far colours differ as its do. relief: how far the normals do.
    """

    back_colour: Array
    palm_colour: Array
    nail_colour: Array
    place_in_noise: Array
    nail_paint: float
    mottling: float
    redness: float
    creases: float
    veins: float
    gloss: float
    sheen: float
    scattering: Array
    layer: int
    detail: float
    relief: float


@dataclass(frozen=True)
class Glove:
    """What covers a hand. layer: of skins.GLOVES; relief_layer: of skins.RELIEF_OF_*. colour: (3,) linear reflectance.

    detail, relief: how far colours and normals differ as the photograph's do. gloss, sheen: as of Skin.
    """

    layer: int
    relief_layer: int
    colour: Array
    detail: float
    relief: float
    gloss: float
    sheen: float


@dataclass(frozen=True)
class Coating:
    """Appearance of an object. Colours are linear reflectances (3,); see shaders/thing.frag for the strengths.

    photograph: (K, K, 3) uint8 RGB, which is printed on it.
    """

    base_colour: Array
    second_colour: Array
    photograph: NDArray[np.uint8] | None
    printed: float
    weave: float
    grain: float
    stripes: float
    gloss: float
    sheen: float


@dataclass(frozen=True)
class Light:
    """Directions point towards the lamps, unit length, camera frame; colours are linear.

    sky: (9, 3), spherical harmonics of the light that a white surface scatters, by its normal, in the axes of the
    surroundings. to_surroundings: (3, 3), from camera axes. reflection: which of the surroundings is mirrored, -1 for
    the sky itself, and reflection_level, how bright.
    """

    lamp_direction: Array
    lamp_colour: Array
    fill_direction: Array
    fill_colour: Array
    sky: Array
    to_surroundings: Array
    reflection: int
    reflection_level: float


@dataclass(frozen=True)
class HandMesh:
    """A posed hand with its forearm, camera frame. vertices: (V, 3). spheres: (S, 4) centres and radii."""

    side: Side
    vertices: Array
    spheres: Array
    skin: Skin
    glove: Glove | None = None


@dataclass(frozen=True)
class ThingMesh:
    """A sleeve or an object. vertices: (V, 3) camera frame; normals: (V, 3); place: (V, 3) m, where its pattern is."""

    vertices: Array
    normals: Array
    place: Array
    faces: NDArray[np.integer]
    coating: Coating


@dataclass(frozen=True)
class Scene:
    """Everything in front of the background. The first hand is the one the labels speak of.

    pinhole: fx, fy, cx, cy in pixels of a picture of size x size.
    """

    hands: tuple[HandMesh, ...]
    things: tuple[ThingMesh, ...]
    light: Light
    pinhole: tuple[float, float, float, float]
    size: int
