"""How patches may look: grey, gloved, blurred, dark, coarse, with things before them. The same for hands and others."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image

BONES = [(0 if tip % 4 == 1 else tip - 1, tip) for tip in range(1, 21)]
PALM = [0, 1, 5, 9, 13, 17]
SOFTNESS = 5.0


def hand_mask(joints: Array, size: int) -> Array:
    """(size, size), 0 to 1: where a hand with joints (21, 2) px lies, roughly."""
    mask = np.zeros((size, size), np.uint8)
    width = max(2, int(0.27 * np.linalg.norm(joints[9] - joints[0])))
    for a, b in BONES:
        cv2.line(mask, tuple(map(int, joints[a])), tuple(map(int, joints[b])), 255, width)
    cv2.fillConvexPoly(mask, cv2.convexHull(joints[PALM].astype(np.float32)).astype(int), 255)
    arm = joints[0] + 0.6 * (joints[0] - joints[9])
    cv2.line(mask, tuple(map(int, joints[0])), tuple(map(int, arm)), 255, 3 * width)
    return cv2.GaussianBlur(mask, (0, 0), SOFTNESS)[..., None] / 255.0


def recoloured(patch: Image, mask: Array, rng: np.random.Generator) -> Image:
    """The part of a patch under a mask in any colour, flat as of cloth or rubber, or with a pattern."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)[..., None].astype(float)
    middle = max(float((grey * mask).sum() / max(mask.sum(), 1)), 20.0)
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.7 else np.full(3, rng.uniform(10, 250))
    shaded = colour * (grey / middle) ** rng.uniform(0.4, 1.2)
    if rng.random() < 0.3:
        cells = rng.uniform(0.5, 1.5, (rng.integers(3, 24), rng.integers(3, 24), 1)).astype(np.float32)
        shaded *= cv2.resize(cells, patch.shape[:2], interpolation=cv2.INTER_LINEAR)[..., None]
    strength = rng.uniform(0.6, 1.0) * mask
    return np.clip(patch * (1 - strength) + shaded * strength, 0, 255).astype(np.uint8)


def covered(patch: Image, things: list[NDArray[np.uint8]], rng: np.random.Generator) -> Image:
    """A patch with a thing (H, W, 4), RGB and its coverage, before a part of it."""
    thing = things[rng.integers(len(things))]
    size = len(patch)
    turned = cv2.getRotationMatrix2D((thing.shape[1] / 2, thing.shape[0] / 2), rng.uniform(0, 360), 1.0)
    turned[:, :2] *= rng.uniform(0.2, 0.42) * size / max(thing.shape[:2])
    place = size / 2 + rng.uniform(-0.28, 0.28, 2) * size
    turned[:, 2] = place - turned[:, :2] @ (thing.shape[1] / 2, thing.shape[0] / 2)
    laid = cv2.warpAffine(thing, turned, (size, size), flags=cv2.INTER_AREA).astype(float)
    share = laid[..., 3:] / 255
    return (patch * (1 - share) + laid[..., :3] * share).astype(np.uint8)


def filmed(patch: Image, rng: np.random.Generator) -> Image:
    """A patch in another light, in grey, blurred, coarse, noisy, or stored as a poor JPEG."""
    image = patch.astype(np.float32)
    if rng.random() < 0.25:
        image = np.repeat(image @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2)
    elif rng.random() < 0.4:
        image *= rng.uniform(0.75, 1.25, 3).astype(np.float32)
    if rng.random() < 0.6:
        image = 255 * (np.clip(image, 0, 255) / 255) ** np.float32(rng.uniform(0.5, 2.0))
    if rng.random() < 0.2:
        side = int(rng.integers(28, 110))
        image = cv2.resize(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), patch.shape[:2])
    if rng.random() < 0.2:
        image = _moved(image, rng)
    if rng.random() < 0.15:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.7, 3.5))
    if rng.random() < 0.25:
        image = image + rng.normal(0, rng.uniform(3, 20), image.shape).astype(np.float32)
    result = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        code = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])[1]
        result = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return result


def _moved(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """An image blurred along a line."""
    length = int(rng.integers(5, 24))
    kernel = np.zeros((length, length), np.float32)
    angle, half = rng.uniform(0, np.pi), length / 2
    end = np.array([np.cos(angle), np.sin(angle)]) * half
    cv2.line(kernel, tuple((half - end).astype(int)), tuple((half + end).astype(int)), 1.0, 1)
    return np.asarray(cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6)), np.float32)
