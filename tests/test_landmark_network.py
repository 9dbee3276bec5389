"""The landmark network behind its wrapper: what its outputs mean."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dahyf_core.camera import Lens, cut_patches
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.pose.baseline import LandmarkNetwork

GOLDEN = Path(__file__).parent / "golden"
WRIST, MIDDLE_MCP, MIDDLE_TIP = 0, 9, 12
KNUCKLES = [5, 9, 13, 17]


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return LandmarkNetwork(threads=1)


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    """(2, 224, 224, 3): a drawn left hand and a drawn right hand, palms to the viewer, fingers up."""
    with np.load(GOLDEN / "networks.npz") as arrays:
        return arrays["patches"][:2]


def test_right_score_is_of_the_hand_as_shown(network, patches):
    left, right = network.run(patches).right_score
    assert left < 0.1
    assert right > 0.9
    flipped_left, flipped_right = network.run(np.ascontiguousarray(patches[:, :, ::-1])).right_score
    assert flipped_left > 0.9
    assert flipped_right < 0.1


def test_points_and_world_have_the_same_axes(network, patches):
    outputs = network.run(patches)
    for joints in (outputs.points[..., :2], outputs.world[..., :2]):
        assert (joints[:, MIDDLE_TIP, 1] < joints[:, MIDDLE_MCP, 1]).all()
        assert (joints[:, MIDDLE_MCP, 1] < joints[:, WRIST, 1]).all()
        index_to_pinky = np.diff(joints[:, KNUCKLES, 0], axis=1)
        assert (index_to_pinky[0] > 0).all()
        assert (index_to_pinky[1] < 0).all()


def test_world_is_in_metres(network, patches):
    world = network.run(patches).world
    palm = np.linalg.norm(world[:, MIDDLE_MCP] - world[:, WRIST], axis=-1)
    assert ((palm > 0.06) & (palm < 0.12)).all()


def test_no_patches_give_no_hands(network):
    outputs = network.run(np.zeros((0, 224, 224, 3), dtype=np.uint8))
    assert outputs.points.shape == outputs.world.shape == (0, 21, 3)
    assert outputs.presence.shape == outputs.right_score.shape == (0,)


def test_sees_hands_in_the_patches_of_detected_palms(network):
    frame = cv2.cvtColor(cv2.imread(str(GOLDEN / "drawn_hands.png")), cv2.COLOR_BGR2RGB)
    crops = crops_from_palms(PalmDetector(threads=1).detect(frame), Lens().intrinsics(640, 480))
    assert len(crops) == 2
    assert (network.run(cut_patches(frame, crops)).presence > 0.8).all()
