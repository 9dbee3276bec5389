"""Other colours: hands as in gloves and paint, and pictures as films and cameras give them."""

from dataclasses import replace

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from hand_detector.photographs import Photograph

BONES = tuple((joint, joint - 1) for finger in range(5) for joint in range(4 * finger + 2, 4 * finger + 5)) + tuple(
    (0, knuckle) for knuckle in (1, 5, 9, 13, 17)
)


def hand_mask(pixels: Image, joints: Array) -> Array:
    """(H, W) in [0, 1]: what is near the bones of a hand and of about their colour."""
    height, width = pixels.shape[:2]
    extent = np.ptp(joints, axis=0).max()
    near = np.zeros((height, width), np.uint8)
    for first, second in BONES:
        ends = np.rint(joints[[first, second]]).astype(int)
        cv2.line(near, ends[0].tolist(), ends[1].tolist(), 255, max(1, round(0.2 * extent)))
    inner = np.rint(np.concatenate([joints, joints[[5, 9, 13, 17]] * 0.5 + joints[0] * 0.5])).astype(int)
    x, y = np.clip(inner, 0, (width - 1, height - 1)).T
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    samples = lab[y, x]
    middle = np.median(samples, axis=0)
    spread = np.maximum(1.5 * np.median(np.abs(samples - middle), axis=0), (14, 6, 6))
    distance = (((lab - middle) / spread) ** 2).sum(axis=-1)
    mask = np.exp(-0.5 * np.maximum(0, distance - 3) / 4) * (near > 0)
    return cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.012 * extent)).astype(np.float32)


def dress(rng: np.random.Generator, photograph: Photograph, mask: Array, texture: Image) -> Photograph:
    """The photograph with other colours where mask (H, W) is: paint, cloth, grey, another skin."""
    pixels = photograph.pixels.astype(np.float32)
    light = pixels @ np.float32([0.299, 0.587, 0.114])
    within = mask > 0.5
    level = max(float(light[within].mean()) if within.any() else 128.0, 8.0)
    shade = (light / level)[..., None]
    kind = rng.random()
    if kind < 0.4:
        shade = shade ** rng.uniform(0.5, 1.3)
        colour = cv2.cvtColor(
            np.uint8([[[rng.integers(180), rng.integers(256), rng.integers(20, 256)]]]), cv2.COLOR_HSV2RGB
        )[0, 0]
        other = shade * colour.astype(np.float32)
    elif kind < 0.6:
        cloth = cv2.resize(texture, pixels.shape[1::-1]).astype(np.float32)
        other = shade ** rng.uniform(0.5, 1.0) * cloth
    elif kind < 0.7:
        other = shade * rng.uniform(20, 235)
    elif kind < 0.85:
        other = pixels[..., rng.permutation(3)]
    else:
        other = pixels * rng.uniform(0.25, 1.3) * rng.uniform(0.75, 1.25, 3)
    if rng.random() < 0.3:
        other = other + rng.normal(0, rng.uniform(2, 14), mask.shape)[..., None]
    strong = mask[..., None] * (1.0 if rng.random() < 0.7 else rng.uniform(0.4, 1.0))
    return replace(photograph, pixels=(strong * other + (1 - strong) * pixels).clip(0, 255).astype(np.uint8))


def develop(rng: np.random.Generator, pixels: Image) -> Image:
    """As another camera would have filmed it: light, colours, grey film, blur, grain and compression."""
    image = pixels.astype(np.float32)
    kind = rng.random()
    if kind < 0.22:
        image = (image @ rng.dirichlet((4, 6, 2)).astype(np.float32))[..., None].repeat(3, axis=-1)
        if rng.random() < 0.25:
            image = image * rng.uniform(0.75, 1.2, 3)
    elif kind < 0.32:
        image = image[..., rng.permutation(3)]
    elif kind < 0.42:
        image = _turned_hues(image, rng.integers(180))
    elif kind < 0.55:
        grey = image.mean(axis=-1, keepdims=True)
        image = grey + (image - grey) * rng.uniform(0.1, 1.6)
    if rng.random() < 0.6:
        image = image * rng.uniform(0.8, 1.2, 3)
    if rng.random() < 0.7:
        image = 255 * (image.clip(0, 255) / 255) ** np.exp(rng.normal(0, 0.35))
        image = (image - 128) * rng.uniform(0.6, 1.3) + 128 + rng.normal(0, 18)
    if rng.random() < 0.06:
        image = 255 - image
    blur = rng.random()
    if blur < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    elif blur < 0.3:
        image = _dragged(image, rng)
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(2, 16), (*image.shape[:2], 1 if rng.random() < 0.5 else 3))
    image = image.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = int(rng.integers(25, 90))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


def _turned_hues(image: Array, turn: int) -> Array:
    hsv = cv2.cvtColor(image.clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + turn) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


def _dragged(image: Array, rng: np.random.Generator) -> Array:
    """Blurred by motion."""
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    middle = (length - 1) / 2
    way = middle * np.array([np.cos(angle), np.sin(angle)])
    start, end = np.rint(middle - way).astype(int), np.rint(middle + way).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())
