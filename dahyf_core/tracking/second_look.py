"""Where a followed hand was not where it was expected: the patches in which to look again, and the best look."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, IntArray
from dahyf_core.camera import Crops
from dahyf_core.tracking.association import Observation, radius
from dahyf_core.tracking.boxes import crops_from_joints
from dahyf_core.tracking.tracks import Tracks

SURE_PRESENCE = 0.8
"""An observation with less is looked at again: a capture's gate would lose the frame."""

LOOK_SHIFT, LOOK_GROWTH, LOOK_TURN = 0.2, 1.35, np.radians(40.0)
"""A patch that lies farther from its joints than this (in sides, as a ratio of sizes, in radians) is moved to them."""

ODD_GROWTH = 1.35
"""A hand that changes its size by this ratio from one look to the next is looked at again."""

PALM_REACH = 1.0
"""A palm this near to the patch in which a hand was last seen, in its sides, may be that hand's."""

PALM_SHIFT, PALM_GROWTH, LEAST_SUPPORT = 0.3, 0.4, 0.2
"""Standard deviations of the distance and the logarithm of the size of a hand's patch against that of its palm, in
sides of that, and what is left to a hand that a palm near it contradicts."""

LEAST_RADIUS = 1.0
"""Smallest size of a hand, px."""

SPREAD_SHIFT, SPREAD_GROWTH = 0.25, 0.2
"""Standard deviations of the distance of a hand from the middle of its patch (in sides), and of its growth (in
logarithm) since the last look, where looks are compared."""


def doubtful_rows(seen: Observation, tracks: Tracks) -> IntArray:
    """Which of the observations (N,) of N followed hands are worth another look."""
    around = crops_from_joints(seen.joints_2d, seen.crops.mirrored, seen.crops.intrinsics)
    turn = (around.roll - seen.crops.roll + np.pi) % (2 * np.pi) - np.pi
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = (
            (_shift(around, seen.crops) > LOOK_SHIFT)
            | (np.abs(np.log(around.side / seen.crops.side)) > np.log(LOOK_GROWTH))
            | (np.abs(turn) > LOOK_TURN)
            | (np.abs(_growth(seen, tracks)) > np.log(ODD_GROWTH))
        )
    return np.flatnonzero(apart | (np.asarray(seen.presence) < SURE_PRESENCE))


def other_crops(
    rows: IntArray, seen: Observation, tracks: Tracks, mirrored: NDArray[np.bool_], palms: Crops
) -> tuple[IntArray, Crops]:
    """Patches in which to look again for some followed hands, and the row (M,) that each of them is for.

    Each hand gets a patch around its joints, one of its usual size there, the last one itself, and those of the palms
    near it. mirrored: of the followed hands. palms: patches, not mirrored, of what a detector found.
    """
    intrinsics = seen.crops.intrinsics
    last = tracks.crops(intrinsics)
    sized = rows[radius(seen.joints_2d[rows]) >= LEAST_RADIUS]
    around = crops_from_joints(seen.joints_2d[sized], mirrored[sized], intrinsics)
    usual = around.side * tracks.size[sized] / radius(seen.joints_2d[sized])
    steady = Crops(around.center, usual, last.roll[sized], mirrored[sized], intrinsics)
    still = Crops(last.center[rows], last.side[rows], last.roll[rows], mirrored[rows], intrinsics)
    apart = np.linalg.norm(palms.center[None] - last.center[rows, None], axis=-1) / last.side[rows, None]
    near, palm = np.nonzero(apart < PALM_REACH)
    found = Crops(
        palms.center[palm],
        palms.side[palm],
        np.where(mirrored[rows[near]], -palms.roll[palm], palms.roll[palm]),
        mirrored[rows[near]],
        intrinsics,
    )
    return np.concatenate([sized, sized, rows, rows[near]]), Crops.concatenate([around, steady, still, found])


def plausibility(seen: Observation, tracks: Tracks, palms: Crops) -> FloatArray:
    """(N,) how well observations show N followed hands: their presence, and how well patch, size and palms agree.

    palms: patches of what a detector found in the frame. Those near a hand speak for it, or another place of it.
    """
    around = crops_from_joints(seen.joints_2d, seen.crops.mirrored, seen.crops.intrinsics)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = (_shift(around, seen.crops) / SPREAD_SHIFT) ** 2 + (_growth(seen, tracks) / SPREAD_GROWTH) ** 2
        worth = (
            np.asarray(seen.presence) * np.asarray(seen.is_hand) * np.exp(-off / 2) * _support(around, tracks, palms)
        )
    return np.nan_to_num(worth)


def _support(around: Crops, tracks: Tracks, palms: Crops) -> FloatArray:
    """(N,) how well the nearest palm agrees with hands whose own patches are `around` them; 1 where no palm is near."""
    if not len(palms):
        return np.ones(len(around))
    apart = np.linalg.norm(around.center[:, None] - palms.center[None], axis=-1) / palms.side
    grown = np.log(around.side[:, None] / palms.side[None])
    off = (apart / PALM_SHIFT) ** 2 + (grown / PALM_GROWTH) ** 2
    reach = np.linalg.norm(tracks.center[:, None] - palms.center[None], axis=-1) / tracks.side[:, None] < PALM_REACH
    agreement = np.where(reach, np.exp(-off / 2), 0).max(axis=1)
    return np.where(reach.any(axis=1), np.maximum(agreement, LEAST_SUPPORT), 1.0)


def _shift(crops: Crops, others: Crops) -> FloatArray:
    return np.linalg.norm(crops.center - others.center, axis=1) / others.side


def _growth(seen: Observation, tracks: Tracks) -> FloatArray:
    return np.log(radius(seen.joints_2d) / tracks.size)
