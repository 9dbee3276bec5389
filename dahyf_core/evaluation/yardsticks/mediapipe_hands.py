"""MediaPipe Hands, run by mediapipe_process.py in an environment of its own."""

import json
import struct
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Crops, Intrinsics, Lens
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.cleaning.smoothing import find_runs, smooth, smooth_rotations
from dahyf_core.datasets import Sample
from dahyf_core.datasets.files import read_image
from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.yardsticks.systems import MODELS, Followed, Motion
from dahyf_core.footage import probe, read_frames
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle, viewing_rotation
from dahyf_core.hand_model import Side
from dahyf_core.metrics import palm_rotation
from dahyf_core.pose import HandEstimates

FLAT_JOINTS = {
    side: model.keypoints(model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3))), "mediapipe")[0]
    for side, model in MODELS.items()
}
SCRIPT = Path(__file__).with_name("mediapipe_process.py")
MOST_HANDS = 4
"""Number of hands that it searches in a still. The intended one is picked afterwards."""


@dataclass(frozen=True, eq=False)
class MediaPipeHand:
    """points: (21, 2) px. world: (21, 3) m, in a camera that looks straight at the hand. score: of the side."""

    points: Array
    world: Array
    side: Side
    score: float

    @property
    def middle(self) -> Array:
        """(2,) px, of its box."""
        middle: Array = (self.points.min(axis=0) + self.points.max(axis=0)) / 2
        return middle


class MediaPipeProcess:
    """A running MediaPipe process that answers pictures with hands."""

    def __init__(self, python: Path, mode: str, max_hands: int) -> None:
        """mode: "stills", each on its own, or "video", frames of one clip."""
        self._process = subprocess.Popen(
            [python, SCRIPT, mode, str(max_hands)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def see(self, picture: Image) -> list[MediaPipeHand]:
        """The hands in a picture (H, W, 3), RGB."""
        try:
            answer = self._answer(struct.pack("<II", *picture.shape[:2]) + picture.tobytes())
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise SettingsError(
                "MediaPipe Hands stopped.", f"Run {SCRIPT} with its interpreter to see why; it needs mediapipe 0.10.21."
            )
        return [
            MediaPipeHand(np.array(hand["points"]), np.array(hand["world"]), hand["side"], hand["score"])
            for hand in json.loads(answer)
        ]

    def _answer(self, question: bytes) -> bytes:
        """Its next line of text, empty if it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question)
        self._process.stdin.flush()
        return self._process.stdout.readline()


class MediaPipeSystem:
    """MediaPipe Hands: static mode for whole stills, video mode for clips.

    Of its hands in a still, the one nearest to the true box counts, and none if its middle lies outside the box. It
    uses no camera, so its 3D points are turned to the ray through the hand. Wrist rotations are those of the palm.
    """

    name = "mediapipe"

    def __init__(self, python: Path) -> None:
        """python: an interpreter that has mediapipe 0.10.21."""
        self._python = python
        self._stills = MediaPipeProcess(self._python, "stills", MOST_HANDS)
        self.follow = lru_cache(self._follow)

    @property
    def in_crops(self) -> None:
        """None, because it has no confidence for crops."""
        return None

    def look(self, sample: Sample) -> HandEstimates | None:
        box = np.concatenate([sample.joints_2d.min(axis=0), sample.joints_2d.max(axis=0)])
        hand = self._nearest(sample.image, box)
        assert sample.side is not None
        return None if hand is None else estimates(hand, sample.side, sample.intrinsics)

    def look_in(self, picture: Image, box: Array, intrinsics: Intrinsics) -> tuple[Side, HandEstimates] | None:
        hand = self._nearest(picture, box)
        return None if hand is None else (hand.side, estimates(hand, hand.side, intrinsics))

    def find(self, picture: Path) -> float | None:
        return max((hand.score for hand in self._stills.see(read_image(picture))), default=None)

    def _nearest(self, picture: Image, box: Array) -> MediaPipeHand | None:
        middle = (box[:2] + box[2:]) / 2
        hands = self._stills.see(picture)
        inside = [hand for hand in hands if (np.abs(hand.middle - middle) < box[2:] - middle).all()]
        return min(inside, key=lambda hand: float(np.linalg.norm(hand.middle - middle)), default=None)

    def _follow(self, clip: Path, lens: Lens) -> Followed:
        info = probe(clip, None)
        intrinsics = lens.intrinsics(info.width, info.height, float(info.pixel_aspect))
        with MediaPipeProcess(self._python, "video", 1) as process:
            hands = [process.see(frame.image) for frame in read_frames(info, range(len(info.times)))]
        sides = [frame[0].side for frame in hands if frame]
        side: Side = "left" if sides.count("left") > len(sides) / 2 else "right"
        wrist, joints = np.full((len(hands), 3, 3), np.nan), np.full((len(hands), 21, 3), np.nan)
        for number, frame in enumerate(hands):
            if frame:
                answer = estimates(frame[0], side, intrinsics)
                wrist[number], joints[number] = matrix_from_axis_angle(answer.pose[0, 0]), answer.joints_3d[0]
        raw = Motion(wrist, joints)
        return Followed(raw, smoothed(raw, info.times))


def estimates(hand: MediaPipeHand, side: Side, intrinsics: Intrinsics) -> HandEstimates:
    """MediaPipe's hand as estimates, NaN where unknown. side: the true side, not MediaPipe's."""
    crop = Crops(
        np.asarray(hand.middle[None], np.float64), np.ones(1), np.zeros(1), np.zeros(1, dtype=bool), intrinsics
    )
    joints = hand.world[None] @ np.swapaxes(viewing_rotation(crop.view_rays()), 1, 2)
    pose = np.full((1, 16, 3), np.nan)
    pose[:, 0] = axis_angle_from_matrix(palm_rotation(joints, FLAT_JOINTS[side]))
    return HandEstimates(
        pose=pose,
        shape=np.full((1, 10), np.nan),
        translation=np.full((1, 3), np.nan),
        joints_2d=hand.points[None],
        joints_2d_projected=np.full((1, 21, 2), np.nan),
        joints_3d=joints,
        confidence=np.array([hand.score]),
    )


def smoothed(raw: Motion, times: NDArray[np.float64]) -> Motion:
    """The motion after the filters of a capture, without filled gaps, as a user of MediaPipe could smooth it."""
    settings = CleaningSettings()
    wrist, joints = raw.wrist.copy(), raw.joints.copy()
    for run in find_runs(raw.seen, times):
        axis_angle = axis_angle_from_matrix(wrist[run])
        wrist[run] = matrix_from_axis_angle(smooth_rotations(axis_angle, times[run], settings.wrist_rotation_hz))
        joints[run] = smooth(joints[run], times[run], settings.finger_hz)
    return Motion(wrist, joints)
