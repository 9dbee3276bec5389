"""A capture: footage in, hand poses out, as one value."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core import __version__
from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.capture.guidance import Guidance
from dahyf_core.cleaning import CleaningSettings, RawHand
from dahyf_core.hand_model import HandModel, Side

if TYPE_CHECKING:
    from dahyf_core.footage import Deinterlacing, FootageInfo


@dataclass(frozen=True)
class FootageRecord:
    """The footage a capture was made from. width and height are after the rotation (degrees) of its metadata.

    kind: "video", "sequence" or "still". "import" is another tool's file without pictures; width and height are those
    of its camera, or 0.
    deinterlace: the frames that were deinterlaced, as `footage.probe` takes it.
    """

    path: str
    kind: str
    sha256: str
    width: int
    height: int
    rate: Fraction
    rotation: int
    has_constant_rate: bool
    deinterlace: "Deinterlacing" = "auto"

    @classmethod
    def of(cls, info: "FootageInfo") -> Self:
        """The record of probed footage."""
        return cls(
            path=str(info.path.absolute()),
            kind=info.kind,
            sha256=info.sha256,
            width=info.width,
            height=info.height,
            rate=info.rate,
            rotation=info.rotation,
            has_constant_rate=info.has_constant_rate,
            deinterlace=info.deinterlace,
        )


@dataclass(frozen=True)
class HandModelRecord:
    """The hand model whose parameters a capture holds: its name and, by side, the hash of the file it came from."""

    name: str
    sha256: Mapping[str, str]

    @classmethod
    def of(cls, models: Mapping[Side, HandModel]) -> Self:
        """models: by side."""
        return cls(next(iter(models.values())).name, {side: model.sha256 for side, model in models.items()})


def now() -> str:
    """The time in ISO 8601 with time zone.

    SOURCE_DATE_EPOCH in the environment (reproducible-builds.org), seconds since 1970, replaces it: the same capture is
    then the same bytes.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else time.time()
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class ImportRecord:
    """The file of another tool that a capture was made from.

    tool: name of the importer. sha256: of the file, or of the first file of a folder. conversions: sentences that say
    what was converted, assumed or left out.
    """

    tool: str
    file: str
    sha256: str
    conversions: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaptureSource:
    """The source of a capture. mirrored: the footage shows a mirror image. created: ISO 8601 with time zone.

    intrinsics: None where no camera is known; the 3D frame then has the camera's axes (x right, y down, z forward) and
    any origin. guidance: what the user knew of the hands. absent: what the source lacks, some of
    `shared.capture_schema.ABSENT`. imported: the other tool's file, if it was imported.
    """

    footage: FootageRecord
    intrinsics: Intrinsics | None
    estimator: str
    hand_model: HandModelRecord
    mirrored: bool = False
    guidance: Guidance = field(default_factory=Guidance)
    absent: tuple[str, ...] = ()
    imported: ImportRecord | None = None
    version: str = __version__
    created: str = field(default_factory=now)


@dataclass(frozen=True, eq=False)
class Capture:
    """T frames of H hands, raw and cleaned; docs/capture-file.md has the shape, unit and frame of each array.

    float32 but for `time`. T >= 1; H may be 0.
    """

    source: CaptureSource
    cleaning: CleaningSettings
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    side: NDArray[np.str_]
    raw_box: Array
    raw_joints_2d: Array
    raw_joints_2d_projected: Array
    raw_pose: Array
    raw_shape: Array
    raw_translation: Array
    raw_confidence: Array
    pose: Array
    shape: Array
    translation: Array
    confidence: Array
    state: NDArray[np.uint8]
    joints_2d: Array
    joints_3d: Array
    rest_vertices: Array
    rest_joints: Array
    rest_tips: Array
    faces: NDArray[np.int32]
    skin_weights: Array
    parents: NDArray[np.int32]
    bone_names: NDArray[np.str_]

    @property
    def hands(self) -> int:
        """Number of hands."""
        return len(self.side)

    @property
    def wrist_position(self) -> Array:
        """(H, T, 3) head of the wrist bone, m, camera frame."""
        return self.rest_joints[:, None, 0] + self.translation

    def known_confidence(self, hand: int, frames: NDArray[np.bool_]) -> Array:
        """(N,) confidences of a hand in some of the frames (T,), without those that the source does not have."""
        confidence: Array = self.confidence[hand, frames]
        return confidence[np.isfinite(confidence)]

    def raw_hand(self, hand: int) -> RawHand:
        """The uncleaned estimates of one hand."""
        side: Side = "left" if self.side[hand] == "left" else "right"
        return RawHand(
            side=side,
            box=self.raw_box[hand],
            joints_2d=self.raw_joints_2d[hand],
            joints_2d_projected=self.raw_joints_2d_projected[hand],
            pose=self.raw_pose[hand],
            shape=self.raw_shape[hand],
            translation=self.raw_translation[hand],
            confidence=self.raw_confidence[hand],
        )
