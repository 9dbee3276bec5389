"""The head that tells hands from what is taken for them, in the network that ships."""

import json

import cv2
import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_hands import hand_picture

from dahyf_core.camera import Crops, Lens, upright_crops
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.pose import network_estimator
from dahyf_core.pose.network_card import IS_HAND, LITE, open_network
from dahyf_core.tracking import LIKELY_HAND


@pytest.fixture(scope="module")
def estimator(shipped_network):
    return network_estimator({}, 1)


def square(image, x, y, side, roll=0.0):
    camera = Lens().intrinsics(image.shape[1], image.shape[0])
    return Crops(np.array([[x, y]]), np.array([side]), np.array([roll]), np.array([False]), camera)


def around_the_hand(estimator, image):
    """An upright patch around the hand that is found in a picture of one."""
    camera = Lens().intrinsics(image.shape[1], image.shape[0])
    seen = estimator.observe(image, crops_from_palms(PalmDetector(threads=1).detect(image), camera))
    return upright_crops(seen.joints_2d, seen.right_score < 0.5, camera)


@pytest.fixture(scope="module")
def drawn_hand(estimator):
    """A picture of a drawn hand, and the patch around it."""
    image = hand_picture(0, 640, 480)
    return image, around_the_hand(estimator, image)


def face(image):
    cv2.ellipse(image, (320, 240), (90, 120), 0, 0, 360, (224, 172, 140), -1)
    for x in (285, 355):
        cv2.circle(image, (x, 215), 12, (60, 40, 30), -1)
    cv2.ellipse(image, (320, 290), (40, 15), 0, 0, 180, (170, 60, 60), -1)


def ball(image):
    cv2.circle(image, (320, 240), 110, (200, 90, 40), -1)
    cv2.circle(image, (285, 200), 30, (235, 180, 140), -1)


def bottle(image):
    cv2.rectangle(image, (280, 180), (360, 380), (40, 120, 60), -1)
    cv2.rectangle(image, (305, 100), (335, 180), (40, 120, 60), -1)


def wall(image):
    pass


@pytest.mark.parametrize("draw", [face, ball, bottle, wall])
def test_drawn_things_are_no_hands(estimator, draw):
    image = np.repeat(np.linspace(60, 140, 480, dtype=np.uint8)[:, None, None], 640, axis=1).repeat(3, axis=2)
    draw(image)
    assert estimator.observe(image, square(image, 320, 240, 400)).is_hand[0] < LIKELY_HAND


def as_filmed(image):
    return image


def in_grey(image):
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2)


def in_blue(image):
    return np.ascontiguousarray(image[..., ::-1])


def blurred(image):
    return cv2.GaussianBlur(image, (0, 0), 4)


def in_the_dark(image):
    return image // 3


@pytest.mark.parametrize("change", [as_filmed, in_grey, in_blue, blurred, in_the_dark])
def test_a_drawn_hand_is_one_in_any_look(estimator, drawn_hand, change):
    image, crops = drawn_hand
    assert (estimator.observe(np.asarray(change(image), np.uint8), crops).is_hand > LIKELY_HAND).all()


@given(
    turn=st.floats(-0.35, 0.35),
    scale=st.floats(0.85, 1.25),
    x=st.floats(-0.06, 0.06),
    y=st.floats(-0.06, 0.06),
    mirrored=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_a_hand_stays_one_where_its_patch_is_a_little_off(estimator, drawn_hand, turn, scale, x, y, mirrored):
    image, crops = drawn_hand
    moved = Crops(
        crops.center + crops.side * np.array([x, y]),
        crops.side * scale,
        crops.roll + turn,
        np.full(1, mirrored),
        crops.intrinsics,
    )
    assert (estimator.observe(image, moved).is_hand > LIKELY_HAND).all()


def test_the_network_that_ships_has_the_head():
    session, _ = open_network(LITE, threads=1)
    assert session.outputs[-1] == IS_HAND


def test_the_parts_of_a_photograph_that_are_no_hands(shared_data, estimator):
    """Of what the confidence takes for hands in photographs that the head did not learn from, it refuses a good part.

    It refuses hardly any hand there.
    """
    facts = json.loads((ROOT / "tests" / "golden" / "ghosts.json").read_text())
    refused = {True: [], False: []}
    for file, places in facts.items():
        image = cv2.cvtColor(cv2.imread(str(shared_data / "backgrounds" / file)), cv2.COLOR_BGR2RGB)
        for x, y, side, roll, is_hand in places:
            seen = estimator.observe(image, square(image, x, y, side, roll))
            refused[is_hand].append(bool(seen.is_hand[0] < LIKELY_HAND))
    assert np.mean(refused[False]) > 0.4
    assert np.mean(refused[True]) < 0.1
