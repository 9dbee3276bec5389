"""A hand whose side was mistaken for a while is looked at again in those frames, in patches of the side that it has.

The network sees right hands only: what it saw in a patch that was mirrored for the other side says nothing of the pose.
"""

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from dahyf_core.arrays import IntArray
from dahyf_core.capture.tracking_loop import Clip, pictures
from dahyf_core.hand_model import Side
from dahyf_core.pose import HandObservations, PoseEstimator
from dahyf_core.tracking import crops_from_joints, show_same_hand

FAR = 32
"""Frames between two that are looked at again from which those between are not read."""

LEAST_PRESENCE = 0.5
"""Presence from which another look replaces the first."""


def seen_as(
    side: Side, clip: Clip, position: IntArray, seen: HandObservations, estimator: PoseEstimator
) -> HandObservations:
    """The observations (N,) of a hand, of frames `position` (N,), all in patches of its side where it is seen there.

    Raises FootageError. Where a clip's frames cannot be read again, as those of a camera, all stays as it is.
    """
    wrong = np.flatnonzero(seen.crops.mirrored != (side == "left"))
    rows, looks = np.arange(len(seen)), [seen]
    first = clip.positions.start
    for part in _near_together(position[wrong], wrong):
        rows_at = dict(zip(position[part].tolist(), part.tolist(), strict=True))
        with closing(pictures(clip, int(position[part[0]]) - first, int(position[part[-1]]) - first + 1)) as frames:
            for frame, image in frames:
                if frame.position not in rows_at:
                    continue
                row = rows_at[frame.position]
                before = seen.joints_2d[[row]]
                look = estimator.observe(image, crops_from_joints(before, [side == "left"], clip.intrinsics))
                if look.presence[0] >= LEAST_PRESENCE and show_same_hand(look.joints_2d, before)[0, 0]:
                    rows[row] = len(seen) + len(looks) - 1
                    looks.append(look)
    return HandObservations.concatenate(looks)[rows]


def _near_together(position: IntArray, rows: IntArray) -> Iterator[IntArray]:
    """The rows in parts whose positions, which rise, are near to each other."""
    if len(rows):
        yield from np.split(rows, np.flatnonzero(np.diff(position) > FAR) + 1)
