"""All observations of the followed hands, frame after frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.pose import HandObservations


@dataclass(frozen=True)
class ObservationLog:
    """R observations.

    position (R,): of the frame in the footage. track (R,): number of the track. observations: R of them.
    """

    position: NDArray[np.int64]
    track: NDArray[np.int64]
    observations: HandObservations

    @classmethod
    def empty(cls, intrinsics: Intrinsics) -> Self:
        """A log without observations."""
        crops = Crops.empty(intrinsics)
        nothing = HandObservations(
            crops, np.zeros((0, 21, 2)), np.zeros(0), np.zeros(0), np.zeros((0, 0), dtype=np.float32), np.zeros(0)
        )
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), nothing)

    @classmethod
    def concatenate(cls, logs: Sequence[Self], intrinsics: Intrinsics) -> Self:
        """One log of all."""
        filled = [log for log in logs if len(log)]
        if not filled:
            return cls.empty(intrinsics)
        arrays = [log.to_arrays() for log in filled]
        return cls.from_arrays(
            {name: np.concatenate([part[name] for part in arrays]) for name in arrays[0]}, intrinsics
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], intrinsics: Intrinsics) -> Self:
        """The inverse of `to_arrays`."""
        crops = Crops(arrays["center"], arrays["side"], arrays["roll"], arrays["mirrored"], intrinsics)
        observations = HandObservations(
            crops, *(arrays[name] for name in ("joints_2d", "presence", "right_score", "payload", "is_hand"))
        )
        return cls(arrays["position"], arrays["track"], observations)

    def __len__(self) -> int:
        return len(self.position)

    def in_order(self) -> Self:
        """The same observations, sorted by time."""
        order = np.argsort(self.position, kind="stable")
        return type(self)(self.position[order], self.track[order], self.observations[order])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays of R rows each."""
        observations, crops = self.observations, self.observations.crops
        return {
            "position": self.position,
            "track": self.track,
            "center": crops.center,
            "side": crops.side,
            "roll": crops.roll,
            "mirrored": crops.mirrored,
            "joints_2d": observations.joints_2d,
            "presence": observations.presence,
            "right_score": observations.right_score,
            "payload": observations.payload,
            "is_hand": observations.is_hand,
        }
