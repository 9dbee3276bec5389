"""Panoramas as light: two lamps, a smooth sky, and a blurred picture for reflections."""

import base64
import re
import tempfile
from pathlib import Path

import cv2
import numpy as np
import OpenEXR

LUMA = np.array([0.3, 0.6, 0.1])
LAMP = np.radians(16)
"""Angle around the brightest place that belongs to a lamp."""
REFLECTION = 32
"""Rows and columns of the picture for reflections, an unfolded octahedron."""
GLARING = 40.0
LOBE = 40.0
"""Exponent of its blur."""


def build_lights(folder: Path) -> dict[str, np.ndarray]:
    """Arrays of the asset; see dahyf_core/synthesis/surroundings.py for what they are."""
    lights = [_light(_panorama(path)) for path in sorted(folder.glob("*.exr.js"))]
    names = ("lamp_directions", "lamp_colours", "sky", "reflections")
    return {name: np.stack([light[row] for light in lights]) for row, name in enumerate(names)}


def _panorama(path: Path) -> np.ndarray:
    """(H, W, 3) linear light, from a JavaScript module that holds an EXR file."""
    encoded = re.search(r"base64,([^\"'`]+)", path.read_text())
    assert encoded is not None
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        file.write(base64.b64decode(encoded[1]))
        file.flush()
        channels = OpenEXR.File(file.name).channels()
    (pixels,) = (channel.pixels for channel in channels.values())
    light = np.clip(pixels[..., :3].astype(np.float32), 0, None)
    glaring = light.max(axis=-1, keepdims=True) > GLARING  # beyond what the files hold, one channel runs away
    light = np.where(glaring, np.median(light, axis=-1, keepdims=True), light)
    return cv2.resize(light, (128, 64), interpolation=cv2.INTER_AREA)


def _light(panorama: np.ndarray) -> tuple[np.ndarray, ...]:
    """Directions (2, 3) and colours (2, 3) of lamps, sky (9, 3), reflections (H, W, 3), at a mean light of 1."""
    directions, solid = _directions(*panorama.shape[:2])
    rest = panorama.astype(float).copy()
    lamps, colours = [], []
    for _ in range(2):
        brightness = cv2.GaussianBlur(rest @ LUMA, (0, 0), 1.5)
        towards = directions[np.unravel_index(brightness.argmax(), brightness.shape)]
        near = directions @ towards > np.cos(LAMP)
        level = np.median(rest[near], axis=0)
        extra = np.where(near[..., None], np.maximum(rest - level, 0.0), 0.0)
        power = (extra * solid[..., None]).sum(axis=(0, 1))
        middle = ((extra @ LUMA) * solid)[..., None] * directions
        middle = middle.sum(axis=(0, 1))
        lamps.append(middle / max(np.linalg.norm(middle), 1e-9) if middle.any() else towards)
        colours.append(power / np.pi)
        rest = rest - extra
    basis = _basis(directions)
    sky = np.einsum("hwk,hwc,hw->kc", basis, rest, solid) * (_COSINE / np.pi)[:, None]
    reflections = _blurred(rest, directions, solid)
    mean = (sky[0] * _basis(np.array([0.0, 1.0, 0.0]))[0] + 0.3 * np.sum(colours, axis=0)) @ LUMA
    return tuple(
        np.asarray(values, np.float32) for values in (lamps, np.array(colours) / mean, sky / mean, reflections / mean)
    )


def _directions(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) with y down, as the camera has it, and the solid angle (H, W) of each pixel."""
    polar = (np.arange(rows) + 0.5) / rows * np.pi
    around = (np.arange(columns) + 0.5) / columns * 2 * np.pi - np.pi
    ring = np.stack([np.sin(around), np.zeros(columns), np.cos(around)], axis=-1)
    directions = np.sin(polar)[:, None, None] * ring - np.cos(polar)[:, None, None] * np.array([0.0, 1.0, 0.0])
    return directions, np.repeat(np.sin(polar)[:, None] * (np.pi / rows) * (2 * np.pi / columns), columns, axis=1)


def _blurred(panorama: np.ndarray, directions: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """The panorama as a surface of some roughness mirrors it."""
    wanted = _octahedron(REFLECTION)
    weights = np.maximum(wanted @ directions.reshape(-1, 3).T, 0.0) ** LOBE * solid.ravel()
    return (weights @ panorama.reshape(-1, 3) / weights.sum(axis=1, keepdims=True)).reshape(REFLECTION, REFLECTION, 3)


def _octahedron(size: int) -> np.ndarray:
    """(size * size, 3) directions of the texels, as shaders/lighting.glsl unfolds them: upwards in the middle."""
    place = (np.arange(size) + 0.5) / size * 2 - 1
    x, z = (axis.ravel() for axis in np.meshgrid(place, place))
    up = 1 - np.abs(x) - np.abs(z)
    folded_x, folded_z = (1 - np.abs(z)) * np.sign(x), (1 - np.abs(x)) * np.sign(z)
    directions = np.stack([np.where(up < 0, folded_x, x), -up, np.where(up < 0, folded_z, z)], axis=-1)
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)


_COSINE = np.pi * np.array([1.0, *[2 / 3] * 3, *[0.25] * 5])
"""What a cosine lobe leaves of each band (Ramamoorthi and Hanrahan 2001)."""


def _basis(d: np.ndarray) -> np.ndarray:
    """(..., 9) real spherical harmonics of directions (..., 3), as shaders/lighting.glsl has them."""
    x, y, z = d[..., 0], d[..., 1], d[..., 2]
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * x,
            0.488603 * y,
            0.488603 * z,
            1.092548 * x * y,
            1.092548 * y * z,
            1.092548 * x * z,
            0.315392 * (3 * z * z - 1),
            0.546274 * (x * x - y * y),
        ],
        axis=-1,
    )
