"""Cuts a sample into the network's input: a patch of a right hand, its view, and labels in its virtual camera."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import PATCH_SIZE, Crops, crops_around, cut_patches, upright_roll
from dahyf_core.datasets.sample import Sample
from dahyf_core.geometry import MIDDLE_KNUCKLE, WRIST, matrix_from_axis_angle, relative_depths

FEWEST_JOINTS = 3
"""Smallest number of known joints whose box is used."""


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes of a sample; all zero for evaluation.

    roll: standard deviation, radians. scale: of the logarithm of the side. shift: of the centre, in sides.
    colour: of gain and gamma, as logarithms. blur: greatest sigma, px. noise: greatest sigma, levels.
    """

    roll: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    colour: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, eq=False)
class Patch:
    """A right hand in a virtual camera; unknown labels are NaN. Pixels of the patch are those of PATCH_SIZE.

    image: (S, S, 3) RGB bytes. center: (2,) px from the principal point; side, focal: px, of the virtual camera.
    joints_2d: (21, 2) px of the patch. visible: (21,). joints_3d: (21, 3) m. rotations: (16, 3, 3), the finger
    joints' own, the root's in the virtual camera. shape: (10,). is_hand: whether there is one at all.
    depth: (21,) behind the wrist, in lengths of the palm. joint_visible: (21,) 1 seen, 0 hidden. dense_2d: (128, 2) px
    of the patch, hand_model.dense_points. dense_visible: (128,) 1 seen, 0 hidden.
    """

    image: Image
    center: Array
    side: float
    focal: float
    joints_2d: Array
    visible: NDArray[np.bool_]
    joints_3d: Array
    keypoints: str
    rotations: Array
    shape: Array
    is_hand: bool
    joint_visible: Array
    dense_2d: Array
    dense_visible: Array

    @property
    def depth(self) -> Array:
        return relative_depths(self.joints_3d)


def cut_sample(
    sample: Sample, augmentation: Augmentation, random: np.random.Generator, size: int = PATCH_SIZE
) -> Patch:
    """The patch around the hand of a sample, or around its box, or a random patch if it has neither.

    size: of the picture, px; labels stay in pixels of PATCH_SIZE.
    """
    crops = crop_of(sample, augmentation, random)
    return Patch(
        image=distort_colours(cut_patches(sample.image, crops, size)[0], augmentation, random),
        center=crops.virtual_center()[0],
        side=float(crops.side[0]),
        focal=float(sample.intrinsics.fx),
        joints_2d=crops.to_patch(sample.joints_2d[None])[0],
        visible=sample.visible,
        joints_3d=crops.to_virtual(sample.joints_3d[None])[0],
        keypoints=sample.keypoints,
        rotations=virtual_rotations(sample, crops),
        shape=sample.shape,
        is_hand=sample.side is not None,
        joint_visible=sample.joint_visible,
        dense_2d=crops.to_patch(sample.dense_2d[None])[0],
        dense_visible=sample.dense_visible,
    )


def crop_of(sample: Sample, augmentation: Augmentation, random: np.random.Generator) -> Crops:
    """One crop around the hand of a sample, or around its box, or a random crop if it has neither."""
    is_placed = sample.side is not None or bool(np.isfinite(sample.box).all())
    return hand_crop(sample, augmentation, random) if is_placed else random_crop(sample, random)


def hand_crop(sample: Sample, augmentation: Augmentation, random: np.random.Generator) -> Crops:
    """One crop around the upright box of all known joints, randomly moved."""
    mirrored = np.array([sample.side == "left"])
    wrist, knuckle = sample.joints_2d[None, WRIST], sample.joints_2d[None, MIDDLE_KNUCKLE]
    upright = np.nan_to_num(upright_roll(wrist, knuckle, mirrored, sample.intrinsics))
    roll = upright + random.normal(0.0, augmentation.roll, 1)
    tight = crops_around(known_points(sample)[None], roll, mirrored, sample.intrinsics)
    middle = tight.to_frame(PATCH_SIZE * (0.5 + random.normal(0.0, augmentation.shift, (1, 1, 2))))[0]
    side = tight.side * np.exp(random.normal(0.0, augmentation.scale, 1))
    return Crops(middle, side, roll, mirrored, sample.intrinsics)


def known_points(sample: Sample) -> Array:
    """(K, 2) px, the known joints of a hand, or else the corners of its box."""
    known = sample.joints_2d[np.isfinite(sample.joints_2d).all(axis=1)]
    if len(known) >= FEWEST_JOINTS:
        return known
    left, top, right, bottom = sample.box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def random_crop(sample: Sample, random: np.random.Generator) -> Crops:
    """One random crop of the picture."""
    height, width = sample.image.shape[:2]
    side = random.uniform(0.2, 1.0) * min(height, width)
    center = random.uniform((0, 0), (width, height))[None]
    roll = random.uniform(-np.pi, np.pi, 1)
    return Crops(center, np.array([side]), roll, random.random(1) < 0.5, sample.intrinsics)


def virtual_rotations(sample: Sample, crops: Crops) -> Array:
    """(16, 3, 3) rotations of the right hand that the virtual camera sees; a left one mirrors as (x, -y, -z)."""
    rotations = matrix_from_axis_angle(np.nan_to_num(sample.pose))
    if sample.side == "left":
        flip = np.diag((-1.0, 1.0, 1.0))
        rotations = flip @ rotations @ flip
    cos, sin = np.cos(crops.roll[0]), np.sin(crops.roll[0])
    rotations[0] = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ rotations[0]
    rotations[np.isnan(sample.pose).any(axis=1)] = np.nan
    return rotations


def distort_colours(patch: Image, augmentation: Augmentation, random: np.random.Generator) -> Image:
    """Change gain per channel, gamma, blur and noise within the ranges of `augmentation`."""
    if augmentation.colour:
        gain = np.exp(random.normal(0.0, augmentation.colour) + random.normal(0.0, augmentation.colour / 2, 3))
        gamma = np.exp(random.normal(0.0, augmentation.colour))
        levels = (np.arange(256) / 255.0) ** gamma
        table = np.clip(levels[:, None] * gain * 255.0, 0, 255).astype(np.uint8)
        patch = np.asarray(cv2.LUT(patch, table[None]), dtype=np.uint8)
    if augmentation.blur and (sigma := random.uniform(-augmentation.blur, augmentation.blur)) > 0.3:
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), sigma), dtype=np.uint8)
    if augmentation.noise and (sigma := random.uniform(-augmentation.noise, augmentation.noise)) > 0:
        patch = np.clip(patch + random.normal(0.0, sigma, patch.shape), 0, 255).astype(np.uint8)
    return patch
