"""Poses of the fingers: around hands fitted to photographs, from the model's prior, and from a few plain ideas.

All poses are of a right hand whose zero pose is flat.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array
from dahyf_core.datasets import Split, rows_of
from dahyf_core.errors import DatasetError
from dahyf_core.geometry import MIRROR, axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import FINGER_BONES, HandModel
from dahyf_core.shared.plain_arrays import read_plain_arrays
from dahyf_core.synthesis.surface import THUMB, Spheres

FingerKind = Literal["fitted", "prior", "gesture", "fist", "wide"]

FEWEST_FITS = 64
"""Smallest number of fitted poses in a set."""
PRIOR_POSES = 512
"""Number of thumb poses to choose from without fits."""
NEIGHBOURS = 20
FULL_CURL = np.array([1.35, 1.6, 0.95])
"""Flexion of a finger's joints in a fist, radians."""
THUMB_CANDIDATES = 48
CLOSED = 0.95
"""Share of hands of which some finger is less closed than in those that are taken for fists."""
MIDDLE = 4
"""The joint at the knuckle of the middle finger."""
MOST_OVERLAP = 0.010
"""Metres by which spheres of two fingers may overlap; flesh gives way."""
TRIES = 6
FURTHER = np.radians(15.0)
"""How far wide poses go beyond the joint limits: knuckles, the thumb's base and its tip joint."""
LAST_JOINT = np.radians((-12.0, 85.0))
"""Flexion of the last joints of fingers in wide poses, whatever the middle ones do."""
THUMB_TIP = np.radians((-25.0, 85.0))
EASED = (1.0, 0.7, 0.45, 0.2)
"""Shares of what makes a pose wide that are tried, until no fingers run through each other."""


@dataclass(frozen=True)
class FittedPoses:
    """Hands fitted to N photographs, left ones mirrored to right ones. pose: (N, 16, 3), the root's first."""

    pose: Array

    def __len__(self) -> int:
        return len(self.pose)

    @classmethod
    def load(cls, path: Path, split: Split | None = None) -> "FittedPoses":
        """Read pose (N, 16, 3), side (N,) and source (N,) of a .npz, such as the file of `dahyf annotate`.

        Rows with NaN are left out. split: which sources; None for all. Raises DatasetError for a file without these,
        or with too few of them.
        """
        remedy = "Make it with `dahyf annotate`."
        try:
            file = read_plain_arrays(path, ("pose", "side", "source"))
            pose, side, source = file["pose"].astype(float), file["side"], file["source"]
            if pose.shape != (len(side), 16, 3) or len(source) != len(side):
                raise ValueError(f"its poses have the shape {pose.shape}")
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(f"{path} is not a file of fitted poses: {error}.", remedy) from error
        pose = np.where((side == "left")[:, None, None], -MIRROR * pose, pose)
        rows = np.arange(len(pose)) if split is None else rows_of(source.tolist(), split)
        pose = pose[rows][np.isfinite(pose[rows]).all(axis=(1, 2))]
        if len(pose) < FEWEST_FITS:
            raise DatasetError(f"{path} holds {len(pose)} poses of this split, fewer than {FEWEST_FITS}.", remedy)
        return cls(pose)


class PoseSampler:
    """Draws poses of the fingers (15, 3) and roots (3,), for one right hand model."""

    def __init__(self, model: HandModel, spheres: Spheres, fits: FittedPoses | None, free_thumbs: float = 0.0) -> None:
        """model: right; its zero pose must be flat. free_thumbs: share of fists with a thumb as in wide poses."""
        self._free_thumbs = free_thumbs
        self._model = model
        self._spheres = spheres
        self._apart = _kept_apart(spheres)
        covariance = np.linalg.inv(model.pose_prior.precision)
        self._spread = np.linalg.cholesky(0.5 * (covariance + covariance.T))
        seen = self._gaussian(np.random.default_rng(0), PRIOR_POSES) if fits is None else fits.pose[:, 1:]
        self._fingers = self._limited(seen)
        self._roots = None if fits is None else fits.pose[:, 0]
        closure = self._fingers[:, :12, 2].reshape(-1, 4, 3).sum(axis=2).min(axis=1)
        self._closed = self._fingers[closure >= np.quantile(closure, CLOSED)]
        self._chances = _evened_out(self._fingers.reshape(-1, 45))
        self._widest = model.joint_limits.reshape(15, 3, 2) + _beyond()
        self._thumb_flexion = _flexion_axis(covariance[42:, 42:])

    def draw(self, rng: np.random.Generator, kind: FingerKind) -> Array:
        """(15, 3), within the joint limits; of a few tries the first in which no fingers run through each other."""
        makers = {
            "fitted": self._around_fits,
            "prior": self._from_prior,
            "gesture": self._gesture,
            "fist": self._fist,
            "wide": self._wide,
        }
        best: Array = np.zeros((15, 3))
        least = np.inf
        for _ in range(TRIES):
            fingers = makers[kind](rng)
            overlap = self.overlap(fingers)
            if overlap < least:
                best, least = fingers, overlap
            if least < MOST_OVERLAP:
                break
        return best

    def draw_root(self, rng: np.random.Generator, along_forearm: float) -> Array:
        """(3,) rotation of the hand: as photographed, widely varied, or of any direction.

        along_forearm: share of hands that are held towards the camera instead.
        """
        if rng.random() < along_forearm:
            return self._along_forearm(rng)
        if self._roots is None or rng.random() < 0.5:
            return _random_rotation(rng)
        seen = self._roots[rng.integers(len(self._roots))]
        varied = matrix_from_axis_angle(rng.normal(0, 0.35, 3)) @ matrix_from_axis_angle(seen)
        roll = matrix_from_axis_angle([0.0, 0.0, rng.normal(0, 0.6)])
        return axis_angle_from_matrix(roll @ varied)

    def _along_forearm(self, rng: np.random.Generator) -> Array:
        """(3,) rotation of a hand whose fingers would point at the camera, within some 40 degrees."""
        joints = self._model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3))).joints[0]
        facing, _ = Rotation.align_vectors([(0.0, 0.0, -1.0)], [joints[MIDDLE] - joints[0]])
        tilt = Rotation.from_rotvec([*rng.normal(0.0, 0.35, 2), 0.0])
        return (tilt * Rotation.from_rotvec([0.0, 0.0, rng.uniform(-np.pi, np.pi)]) * facing).as_rotvec()

    def draw_thumb(self, rng: np.random.Generator, fingers: Array) -> Array:
        """(3, 3) a thumb that was seen with fingers like these (15, 3)."""
        candidates = self._fingers[rng.choice(len(self._fingers), THUMB_CANDIDATES, p=self._chances)]
        flexion = [0, 1, 3, 4]  # of index and middle: they meet the thumb
        distance = np.abs(candidates[:, flexion, 2] - fingers[flexion, 2]).sum(axis=1)
        return candidates[distance.argmin(), FINGER_BONES[THUMB] - 1]

    def overlap(self, fingers: Array) -> float:
        """Depth in metres to which two fingers, or a finger and the palm, run into each other at the worst place."""
        pose = np.concatenate([np.zeros((1, 3)), fingers])
        posed = self._model.skeleton(pose[None], np.zeros((1, 10)), np.zeros((1, 3)))
        spheres = self._spheres
        rotations = posed.rotations[0, spheres.bones]
        centers = posed.joints[0, spheres.bones] + np.einsum("kij,kj->ki", rotations, spheres.centers)
        distance = np.linalg.norm(centers[:, None] - centers, axis=-1)
        depth = np.where(self._apart, spheres.radii[:, None] + spheres.radii - distance, 0.0)
        return float(depth.max())

    def _gaussian(self, rng: np.random.Generator, count: int) -> Array:
        return self._model.pose_prior.mean + rng.standard_normal((count, 45)) @ self._spread.T

    def _from_prior(self, rng: np.random.Generator) -> Array:
        return self._limited(self._gaussian(rng, 1))[0]

    def _around_fits(self, rng: np.random.Generator) -> Array:
        """One fitted hand, half of the time on the way to another one, or with a finger or two of it; and noise."""
        first, second = self._fingers[rng.choice(len(self._fingers), 2, p=self._chances)]
        way = rng.random()
        if way < 0.3:
            first = first + rng.random() * (second - first)
        elif way < 0.5:
            swapped = (FINGER_BONES[rng.random(5) < 0.35] - 1).ravel()
            first = first.copy()
            first[swapped] = second[swapped]
        varied = first + rng.normal(0.0, (0.03, 0.04, 0.09), (15, 3)) * (0.3 + rng.gamma(2.0, 0.4))
        return self._limited(varied)[0]

    def _gesture(self, rng: np.random.Generator) -> Array:
        """Fingers that are straight, curled or between, spread or closed, with a thumb that suits them."""
        curl = np.select(
            [(states := rng.random(4)) < 0.35, states < 0.7],
            [rng.uniform(-0.1, 0.15, 4), rng.uniform(0.75, 1.05, 4)],
            rng.uniform(0.1, 0.8, 4),
        )
        if rng.random() < 0.4:
            curl[:] = curl[0] + rng.normal(0, 0.08, 4)
        fingers = curled(curl, hooked=rng.normal(0.0, 0.25))
        spread = rng.normal(0.0, 0.13) * np.array([1.0, 0.2, -1.3, -0.6]) + rng.normal(0, 0.05, 4)
        fingers[[0, 3, 6, 9], 1] += spread * np.clip(1.0 - curl, 0.1, 1.0)
        fingers[FINGER_BONES[THUMB] - 1] = self.draw_thumb(rng, fingers)
        fingers += rng.normal(0.0, (0.02, 0.03, 0.05), (15, 3))
        return self._limited(fingers)[0]

    def _fist(self, rng: np.random.Generator) -> Array:
        """Fingers of a hand that was seen closed, closed more or less, with a thumb that was seen with any."""
        fingers = self._closed[rng.integers(len(self._closed))].copy()
        fingers[:12, 2] *= rng.uniform(0.95, 1.2)
        thumb = FINGER_BONES[THUMB] - 1
        fingers[thumb] = self._fingers[rng.choice(len(self._fingers), p=self._chances), thumb]
        fingers = self._limited(fingers + rng.normal(0.0, (0.02, 0.03, 0.05), (15, 3)))[0]
        if self._free_thumbs and rng.random() < self._free_thumbs:
            return self._eased(fingers, self._free_thumb(rng, fingers))
        return fingers

    def _wide(self, rng: np.random.Generator) -> Array:
        """A seen or made-up pose with knuckles, last joints and thumb set free, as far as flesh allows."""
        fingers = self._around_fits(rng) if rng.random() < 0.6 else self._gesture(rng)
        free = fingers.copy()
        knuckles = [0, 3, 6, 9]
        free[knuckles, 2] += rng.normal(0.0, FURTHER) + rng.normal(0.0, 0.8 * FURTHER, 4)
        free[knuckles, 1] += rng.normal(0.0, 0.3 * FURTHER, 4)
        apart = rng.random(4) < 0.6
        last = (
            rng.uniform(LAST_JOINT[0], LAST_JOINT[1], 4) if rng.random() < 0.5 else np.full(4, rng.uniform(*LAST_JOINT))
        )
        free[[2, 5, 8, 11], 2] = np.where(apart, last, free[[2, 5, 8, 11], 2])
        return self._eased(fingers, self._free_thumb(rng, free) if rng.random() < 0.7 else free)

    def _free_thumb(self, rng: np.random.Generator, fingers: Array) -> Array:
        """These fingers with a thumb that turns freely in its base and bends freely at its tip."""
        free = fingers.copy()
        base, middle, tip = FINGER_BONES[THUMB] - 1
        free[base] += rng.normal(0.0, (0.25, 0.25, 0.15))
        free[middle] += rng.normal(0.0, (0.12, 0.2, 0.08))
        if rng.random() < 0.7:
            free[tip] = rng.uniform(*THUMB_TIP) * self._thumb_flexion + rng.normal(0.0, 0.04, 3)
        return free

    def _eased(self, fingers: Array, free: Array) -> Array:
        """What lies between a pose and a freer one (15, 3), as far towards the latter as no fingers meet."""
        change = np.clip(free, self._widest[..., 0], self._widest[..., 1]) - fingers
        for share in EASED:
            if self.overlap(fingers + share * change) < MOST_OVERLAP:
                return fingers + share * change
        return fingers

    def _limited(self, fingers: Array) -> Array:
        """Fingers of any layout, within the joint limits: (N, 15, 3)."""
        return np.clip(fingers.reshape(-1, 45), *self._model.joint_limits.T).reshape(-1, 15, 3)


def curled(curl: Array, hooked: float = 0.0) -> Array:
    """(15, 3) with index, middle, pinky and ring finger curled by shares (4,) of a fist.

    hooked: by how much the outer joints lead (positive) or follow the knuckles.
    """
    fingers = np.zeros((15, 3))
    lead = 1.0 + hooked * np.array([-1.0, 0.6, 0.6])
    fingers[:12, 2] = (curl[:, None] * FULL_CURL * lead).ravel()
    return fingers


def _beyond() -> Array:
    """(15, 3, 2) radians by which wide poses pass the least and the greatest angles of the joint limits."""
    beyond = np.zeros((15, 3))
    beyond[[0, 3, 6, 9], 2] = FURTHER
    beyond[[2, 5, 8, 11], 2] = 0.5 * FURTHER
    beyond[FINGER_BONES[THUMB] - 1] = FURTHER
    return np.stack([-beyond, beyond], axis=-1)


def _flexion_axis(covariance: Array) -> Array:
    """(3,) the axis about which a hinge turns most, by the covariance (3, 3) of its rotations; flexion is positive.

    A right thumb bends about -y.
    """
    axis: Array = np.linalg.eigh(covariance)[1][:, -1]
    return -axis if axis[1] > 0 else axis


def _kept_apart(spheres: Spheres) -> NDArray[np.bool_]:
    """(S, S) pairs of spheres that should not meet: of two fingers, beyond their knuckles, which touch at rest."""
    beyond = (spheres.bones - 1) % 3 > 0
    different = spheres.finger[:, None] != spheres.finger
    return different & beyond[:, None] & beyond


def _random_rotation(rng: np.random.Generator) -> Array:
    quaternion = rng.standard_normal(4)
    angle = 2 * np.arctan2(np.linalg.norm(quaternion[1:]), quaternion[0])
    return quaternion[1:] / np.linalg.norm(quaternion[1:]) * ((angle + np.pi) % (2 * np.pi) - np.pi)


def _evened_out(angles: Array) -> Array:
    """(N,) chances that make rare poses as likely as common ones, nearly: by the distance to the neighbours."""
    distance, _ = KDTree(angles).query(angles, k=NEIGHBOURS + 1)
    farthest = np.asarray(distance)[:, -1]
    low, high = np.maximum(np.quantile(farthest, (0.1, 0.9)), 1e-6)  # radians: poses may all be one
    rarity = np.clip(farthest, low, high) ** 2
    return rarity / rarity.sum()
