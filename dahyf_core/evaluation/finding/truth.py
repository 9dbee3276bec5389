"""Where the hands of a clip or a picture are: from drawn clips exactly, from a file of facts for real ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.errors import DatasetError, detail
from dahyf_core.hand_model import Side
from dahyf_core.synthesis.clips import ClipTruth

FEWEST_SHOWN: Final = 9
"""Joints of a drawn hand that are seen where it must be found."""


class Presence(IntEnum):
    """Of a hand in a frame. PARTLY: cut, hidden or blurred so much that finding it is neither right nor wrong."""

    ABSENT = 0
    PARTLY = 1
    PRESENT = 2


@dataclass(frozen=True, eq=False)
class TrueHands:
    """H hands over T frames; a picture is one frame.

    side: (H,) "left", "right", or "" where it is not known. presence: (H, T). centre: (H, T, 2) px, middle of the
    joints' box, NaN where absent. size: (H, T) px, its longer side.
    """

    side: NDArray[np.str_]
    presence: NDArray[np.int8]
    centre: Array
    size: Array

    @classmethod
    def drawn(cls, truth: ClipTruth) -> Self:
        """Those of a drawn clip."""
        shown = truth.shown.sum(axis=2)
        presence = np.select([shown >= FEWEST_SHOWN, shown > 0], [Presence.PRESENT, Presence.PARTLY], Presence.ABSENT)
        low, high = truth.joints_2d.min(axis=2), truth.joints_2d.max(axis=2)
        centre = np.where(presence[..., None] > 0, 0.5 * (low + high), np.nan)
        return cls(truth.side, presence.astype(np.int8), centre, (high - low).max(axis=2))

    @classmethod
    def boxes(cls, boxes: Sequence["Box"]) -> Self:
        """Those of a picture."""
        centre = np.array([box.centre for box in boxes], float).reshape(-1, 1, 2)
        size = np.array([box.size for box in boxes], float).reshape(-1, 1)
        presence = np.full(size.shape, Presence.PRESENT, np.int8)
        return cls(np.array([box.side or "" for box in boxes], "<U5"), presence, centre, size)

    @property
    def frames(self) -> int:
        return int(self.presence.shape[1])


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hand in a picture. centre: px. size: px, the longer side of the joints' box."""

    centre: tuple[float, float]
    size: float
    side: Side | None = None


class SeenHand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hand in a clip, as somebody saw it. present, partly: first and last frames of spans.

    at: rows of frame, centre x, y and size, px; between them is interpolated.
    """

    side: Side
    at: list[tuple[int, float, float, float]]
    present: list[tuple[int, int]] = []
    partly: list[tuple[int, int]] = []

    def over(self, frames: int) -> tuple[NDArray[np.int8], Array, Array]:
        """presence (T,), centre (T, 2), size (T,)."""
        presence = np.zeros(frames, np.int8)
        for spans, state in ((self.partly, Presence.PARTLY), (self.present, Presence.PRESENT)):
            for first, last in spans:
                presence[first : last + 1] = state
        rows = np.array(self.at, float)
        columns = [np.interp(np.arange(frames), rows[:, 0], rows[:, column]) for column in (1, 2, 3)]
        centre = np.where(presence[:, None] > 0, np.stack(columns[:2], axis=-1), np.nan)
        return presence, centre, columns[2]


class Truths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of real footage; paths are relative to one folder.

    clips: hands of each. pictures: hands of each. people: photographs of a folder of photographs in which hands are, or
    may be, seen. sorts: some of the pictures by what is seen in them, each a set of its own.
    """

    clips: dict[str, list[SeenHand]]
    pictures: dict[str, list[Box]]
    people: list[str]
    sorts: dict[str, list[str]] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises DatasetError."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError, RecursionError) as error:
            raise DatasetError(
                f"{path} is not a file of facts about hands: {detail(error)}.", "docs/finding.md describes it."
            ) from error

    def of_clip(self, name: str, frames: int) -> TrueHands:
        """The hands of a clip of so many frames."""
        hands = self.clips[name]
        columns: list[Any] = [list(column) for column in zip(*(hand.over(frames) for hand in hands), strict=True)]
        presence, centre, size = columns or ([], [], [])
        return TrueHands(
            np.array([hand.side for hand in hands], "<U5"),
            np.array(presence, np.int8).reshape(-1, frames),
            np.array(centre, float).reshape(-1, frames, 2),
            np.array(size, float).reshape(-1, frames),
        )
