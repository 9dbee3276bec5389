"""Test-time augmentation: the mean and the spread of many runs of a network on each hand.

A network answers differently to every view of the same picture. Visible joints agree in all views. Guesses, such as a
finger behind the palm, differ each time.
"""

from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Crops, Intrinsics, upright_crops
from dahyf_core.geometry import PALM
from dahyf_core.pose import LabellingEstimator

TURNS, SIZES = np.radians((-15.0, 0.0, 15.0)), (0.88, 1.12)
"""Variations of the patches: rolls, and factors of the size."""


@dataclass(frozen=True)
class AveragedObservations:
    """Averaged observations of N hands.

    joints_2d: (N, 21, 2) px, mean. spread_2d: (N, 21) px, root mean square distance of the runs from it.
    world: (N, 21, 3) m, the camera's axes as if the hand were in the middle of the picture, mean. spread_3d: (N, 21) m.
    presence: (N,), mean. right_score: (N,), mean probability of a right hand.
    """

    joints_2d: Array
    spread_2d: Array
    world: Array
    spread_3d: Array
    presence: Array
    right_score: Array

    @classmethod
    def concatenate(cls, parts: "list[AveragedObservations]") -> "AveragedObservations":
        """The hands of at least one part, in order."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def observe_augmented(
    estimator: LabellingEstimator, image: Image, joints_2d: Array, left: NDArray[np.bool_], intrinsics: Intrinsics
) -> AveragedObservations:
    """Locate the joints of hands that are roughly known: (N, 21, 2) px, left or not (N,)."""
    joints_2d = estimator.observe(image, upright_crops(joints_2d, left, intrinsics)).joints_2d
    views = list(product((False, True) if estimator.knows_both_sides else (False,), TURNS, SIZES))
    seen = estimator.observe(
        image, Crops.concatenate([augmented_crops(joints_2d, left, intrinsics, *view) for view in views])
    )
    shape = len(views), len(joints_2d)
    joints = seen.joints_2d.reshape(*shape, 21, 2)
    world = estimator.points_3d(seen).reshape(*shape, 21, 3)
    # Every run has its own origin, so the points are moved to the middle of the palm before they are compared.
    world = world - world[:, :, PALM].mean(axis=2, keepdims=True)
    return AveragedObservations(
        joints.mean(axis=0),
        spread(joints),
        world.mean(axis=0),
        spread(world),
        seen.presence.reshape(shape).mean(axis=0),
        seen.right_score.reshape(shape).mean(axis=0),
    )


def augmented_crops(
    joints_2d: Array, left: NDArray[np.bool_], intrinsics: Intrinsics, mirrored: bool, turn: float, size: float
) -> Crops:
    """The upright patches in all variations: mirrored or not, rolled and scaled."""
    crops = upright_crops(joints_2d, left ^ mirrored, intrinsics)
    return Crops(crops.center, crops.side * size, crops.roll + turn, crops.mirrored, intrinsics)


def spread(points: Array) -> Array:
    """Root mean square distance of K answers (K, N, 21, D) from their mean, (N, 21)."""
    distances = np.linalg.norm(points - points.mean(axis=0), axis=-1)
    return np.sqrt((distances**2).mean(axis=0))
