"""A network that knows the hands in pictures, which it tells apart by their grey."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from capture_factory import PALM_TO_CAMERA
from numpy.typing import NDArray

from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.detection import Palms
from dahyf_core.geometry import MIRROR, axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose import NetworkCard
from dahyf_core.pose.dahyf import NOTHING, DahyfOutputs

MODELS: dict[Side, HandModel] = {"right": load_hand_model(), "left": load_hand_model(side="left")}
PALM = [0, 5, 9, 13, 17, 1, 2]
GREY_STEP = 20
CARD = NetworkCard("oracle", "mediapipe", None, "", "0" * 64)


@dataclass(frozen=True)
class TrueHand:
    """A hand before a camera. turn: of the upright hand about the optical axis, degrees."""

    side: Side
    camera: Intrinsics
    translation: tuple[float, float, float] = (0.0, 0.05, 0.6)
    turn: float = 0.0

    @property
    def pose(self) -> NDArray[np.float64]:
        """(16, 3), fingers a little bent."""
        pose = np.zeros((16, 3))
        turn = matrix_from_axis_angle([0.0, 0.0, np.radians(self.turn)])
        pose[0] = axis_angle_from_matrix(turn @ PALM_TO_CAMERA[self.side])
        pose[1:, 2] = 0.3 if self.side == "right" else -0.3
        return pose

    def keypoints(self, name: str) -> NDArray[np.float64]:
        """(21, 3) m."""
        model = MODELS[self.side]
        posed = model.skeleton(self.pose[None], np.zeros((1, 10)), np.array([self.translation]))
        return model.keypoints(posed, name)[0]

    @property
    def joints_2d(self) -> NDArray[np.float64]:
        """(21, 2) px, where networks locate them."""
        return self.camera.project(self.keypoints("mediapipe"))

    @property
    def box(self) -> list[float]:
        """Left, top, width and height, tight around the joints."""
        low, high = self.joints_2d.min(axis=0), self.joints_2d.max(axis=0)
        return [*low.tolist(), *(high - low).tolist()]


def grey_picture(number: int, camera: Intrinsics) -> NDArray[np.uint8]:
    """(H, W, 3), by which the network knows that it is picture `number`."""
    return np.full((camera.height, camera.width, 3), GREY_STEP * number, np.uint8)


def number_of(patch: NDArray[np.uint8]) -> int:
    return round(float(patch.mean()) / GREY_STEP)


@dataclass
class OracleNetwork:
    """Stands in for `DahyfNetwork`, and by `detect` for the palm detector. hands: of each picture.

    lost: joints are located nowhere near. presence: by how far the hand is from upright in the patch, degrees.
    seen: the crops of each run.
    """

    hands: Sequence[Sequence[TrueHand]]
    lost: bool = False
    seen: list[list[Crops]] = field(default_factory=list)
    provider: str = "TestExecutionProvider"
    card: NetworkCard = CARD

    def run(self, patches: NDArray[np.uint8], *crops: Crops) -> DahyfOutputs:
        if not len(patches):
            return NOTHING
        self.seen.append(list(crops))
        rows = [part[[row]] for part in crops for row in range(len(part))]
        found = [self._observe(patch, crop) for patch, crop in zip(patches, rows, strict=True)]
        joints, presence, right_score, rot6d = (np.array(values, np.float32) for values in zip(*found, strict=True))
        count = len(rows)
        nothing = np.zeros((count, 10), np.float32), np.zeros((count, 3), np.float32), np.zeros((count, 21, 3))
        return DahyfOutputs(joints, presence, right_score, rot6d, *nothing, np.ones(count, np.float32))

    def _observe(self, patch, crop):
        hands = self.hands[number_of(patch)]
        hand = min(hands, key=lambda hand: np.linalg.norm(hand.joints_2d.mean(axis=0) - crop.center[0]))
        rotations = matrix_from_axis_angle(hand.pose)
        if crop.mirrored[0]:
            rotations = MIRROR[:, None] * rotations * MIRROR
        rotations[0] = matrix_from_axis_angle([0.0, 0.0, crop.roll[0]]) @ rotations[0]
        joints = crop.to_patch(hand.joints_2d[None])[0]
        up = joints[9] - joints[0]
        upright = abs(np.arctan2(up[0], -up[1])) < np.radians(60)
        right_score = 0.95 if (hand.side == "right") != crop.mirrored[0] else 0.05
        rot6d = np.concatenate([rotations[..., 0], rotations[..., 1]], axis=-1)
        return joints + 9000 * self.lost, 0.95 if upright else 0.1, right_score, rot6d

    def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
        hands = self.hands[number_of(image)]
        keypoints = np.array([hand.joints_2d[PALM] for hand in hands]).reshape(-1, 7, 2)
        boxes = np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1)
        return Palms(np.full(len(hands), 0.9), boxes, keypoints)


def write_png(path, picture) -> str:
    assert cv2.imwrite(str(path), picture)
    return str(path)
