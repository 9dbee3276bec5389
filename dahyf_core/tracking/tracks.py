"""The hands that are followed at one moment."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera import Crops, Intrinsics


@dataclass(frozen=True)
class Tracks:
    """N followed hands as they were last seen, in the order of their age.

    id (N,). born (N,): time of the first sight, s. joints_2d (N, 21, 2): px as filmed. velocity (N, 2): of the palm,
    px/s. size (N,): radius of the joints as it was in the last while, px. vote (N,): sum of the evidence for a right
    hand. is_hand (N,): its mean in the last while, infinite for what somebody says is a hand. center, side, roll,
    mirrored: the crop they were seen in.
    """

    id: NDArray[np.int64]
    born: FloatArray
    joints_2d: FloatArray
    velocity: FloatArray
    size: FloatArray
    vote: FloatArray
    is_hand: FloatArray
    center: FloatArray
    side: FloatArray
    roll: FloatArray
    mirrored: NDArray[np.bool_]

    @classmethod
    def none(cls) -> "Tracks":
        """Tracks without any hand."""
        return cls(
            id=np.zeros(0, dtype=np.int64),
            born=np.zeros(0),
            joints_2d=np.zeros((0, 21, 2)),
            velocity=np.zeros((0, 2)),
            size=np.zeros(0),
            vote=np.zeros(0),
            is_hand=np.zeros(0),
            center=np.zeros((0, 2)),
            side=np.zeros(0),
            roll=np.zeros(0),
            mirrored=np.zeros(0, dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Tracks":
        return Tracks(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def __add__(self, other: "Tracks") -> "Tracks":
        return Tracks(
            **{
                field.name: np.concatenate([getattr(self, field.name), getattr(other, field.name)])
                for field in fields(self)
            }
        )

    def crops(self, intrinsics: Intrinsics) -> Crops:
        """The crops that the hands were last seen in."""
        return Crops(self.center, self.side, self.roll, self.mirrored, intrinsics)
