"""Palms in frames, and the patches they ask for."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dahyf_core.camera import PATCH_SIZE, Intrinsics, Lens
from dahyf_core.detection import HandDetector, PalmDetector, Palms, crops_from_palms
from dahyf_core.detection.letterbox import INPUT_SIZE, anchor_centers, letterbox
from dahyf_core.detection.palms import MIDDLE_MCP, WRIST
from dahyf_core.detection.suppression import merge_overlapping, overlap
from dahyf_core.detection.tiles import OVERLAP, tiles_of

ROOT = Path(__file__).parent.parent
SAMPLE_CLIP = ROOT / "samples" / "one_hand.mp4"
DRAWN_HANDS = ROOT / "tests" / "golden" / "drawn_hands.png"
DRAWN_WRISTS = np.array([(200, 330), (470, 300)])

HANDS = ROOT / "tests" / "golden" / "hands.png"
HAND_WRISTS, HAND_KNUCKLES = np.array([(165, 207), (376, 127)]), np.array([(159, 160), (369, 176)])
"""tools/assets/hand_detector/golden.py drew it, and said where wrists and middle knuckles are."""

# What MediaPipe Hands 0.10.21 (full model) says of frames of the sample clip: the box, then the keypoints.
MEDIAPIPE_PALMS = {
    0: (
        [176.8, 174.0, 248.2, 245.5],
        [191.3, 172.5, 208.6, 244.7, 216.2, 238.6, 224.1, 232.3, 232.0, 226.1, 196.9, 199.7, 201.9, 226.6],
    ),
    40: (
        [192.0, 135.6, 291.7, 235.2],
        [238.3, 134.3, 225.0, 236.3, 242.1, 229.6, 259.2, 222.1, 276.1, 214.6, 222.4, 163.5, 206.5, 194.2],
    ),
    80: (
        [187.4, 75.7, 299.5, 187.7],
        [236.4, 74.3, 228.2, 189.5, 246.6, 181.7, 264.9, 174.0, 282.7, 166.8, 220.2, 112.0, 203.7, 151.0],
    ),
}


@pytest.fixture(scope="module")
def detector() -> HandDetector:
    return HandDetector(threads=1)


@pytest.fixture(scope="module")
def drawn_hands() -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(DRAWN_HANDS)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def hands() -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(HANDS)), cv2.COLOR_BGR2RGB)


def palms_of(*keypoint_pairs: tuple[tuple[float, float], tuple[float, float]], half_side: float = 50) -> Palms:
    """Palms with the given wrists and middle knuckles, each in a square box around the point between them."""
    pairs = np.array(keypoint_pairs, dtype=float)
    keypoints = np.repeat(pairs.mean(axis=1, keepdims=True), 7, axis=1)
    keypoints[:, [WRIST, MIDDLE_MCP]] = pairs
    center = pairs.mean(axis=1)
    box = np.concatenate([center - half_side, center + half_side], axis=1)
    return Palms(np.full(len(pairs), 0.9), box, keypoints)


class TestAnchors:
    def test_two_on_each_fine_cell_then_six_on_each_coarse_one(self):
        anchors = anchor_centers()
        assert anchors.shape == (2016, 2)
        np.testing.assert_array_equal(anchors[:4], [(4, 4), (4, 4), (12, 4), (12, 4)])
        np.testing.assert_array_equal(anchors[2 * 24 * 24 :][[0, 5, 6, 6 * 12]], [(8, 8), (8, 8), (24, 8), (8, 24)])
        np.testing.assert_array_equal(anchors[-1], (184, 184))


class TestLetterbox:
    @pytest.mark.parametrize(
        ("width", "height"), [(192, 192), (640, 360), (360, 640), (1281, 721), (1920, 1081), (64, 48), (900, 1)]
    )
    def test_picture_shows_what_its_map_says(self, width, height):
        x, y = np.meshgrid(np.linspace(20, 250, width), np.linspace(20, 250, height))
        frame = np.stack([x, y, np.full_like(x, 255)], axis=-1).round().astype(np.uint8)
        picture, frame_from_picture = letterbox(frame)
        assert picture.shape == (INPUT_SIZE, INPUT_SIZE, 3)

        v, u = np.mgrid[:INPUT_SIZE, :INPUT_SIZE]
        frame_x, frame_y = frame_from_picture @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
        step = frame_from_picture[0, 0] + 1
        inside = (frame_x > step) & (frame_x < width - 1 - step)
        inside &= (frame_y > step) & (frame_y < height - 1 - step) if height > 1 else frame_y == 0
        outside = (frame_x < -step) | (frame_x > width + step) | (frame_y < -step) | (frame_y > height + step)
        colours = picture.reshape(-1, 3).astype(float)
        np.testing.assert_allclose(colours[inside, 0], np.interp(frame_x[inside], [0, width - 1], [20, 250]), atol=1.5)
        if height > 1:
            expected = np.interp(frame_y[inside], [0, height - 1], [20, 250])
            np.testing.assert_allclose(colours[inside, 1], expected, atol=1.5)
        assert not colours[outside].any()


BOXES = st.tuples(*[st.floats(0, 100)] * 2, *[st.floats(0.1, 50)] * 2).map(
    lambda box: np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]])
)


class TestSuppression:
    @given(first=BOXES, second=BOXES)
    def test_overlap_is_symmetric_and_between_zero_and_one(self, first, second):
        forth, back = overlap(first, second[None])[0], overlap(second, first[None])[0]
        assert forth == pytest.approx(back)
        assert 0 <= forth <= 1 + 1e-12
        assert overlap(first, first[None])[0] == pytest.approx(1)

    def test_overlap_of_a_half_covered_box(self):
        box = np.array([0.0, 0.0, 2.0, 2.0])
        others = np.array([[1.0, 0.0, 3.0, 2.0], [2.0, 0.0, 4.0, 2.0], [5.0, 5.0, 5.0, 5.0]])
        np.testing.assert_allclose(overlap(box, others), [1 / 3, 0, 0])

    def test_a_group_gets_its_best_score_and_its_weighted_mean(self):
        box = np.array([[0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0], [1.0, 0.0, 11.0, 10.0]])
        score, values = merge_overlapping(np.array([0.6, 0.7, 0.9]), box, box, min_overlap=0.3)
        np.testing.assert_allclose(score, [0.9, 0.7])
        np.testing.assert_allclose(values, [[0.6, 0, 10.6, 10], box[1]])

    @given(boxes=st.lists(BOXES, max_size=12), data=st.data())
    def test_nothing_is_lost_and_order_is_by_score(self, boxes, data):
        box = np.array(boxes).reshape(-1, 4)
        score = np.array(data.draw(st.lists(st.floats(0.5, 1), min_size=len(box), max_size=len(box))))
        counts = np.ones((len(box), 1))
        merged_score, merged = merge_overlapping(score, box, np.hstack([box, counts]), min_overlap=0.3)
        assert (np.diff(merged_score) <= 0).all()
        assert len(merged) <= len(box)
        for single in box:
            assert any(np.all(single[:2] < kept[2:4]) and np.all(single[2:] > kept[:2]) for kept in merged)


class TestTiles:
    @given(width=st.integers(1, 4000), height=st.integers(1, 4000), count=st.integers(2, 6), data=st.data())
    def test_what_is_smaller_than_the_overlap_is_whole_in_some_tile(self, width, height, count, data):
        parts = tiles_of(width, height, count)
        side = max(part[2] - part[0] for part in parts)
        size = int(0.95 * OVERLAP * side) - 1
        x, y = (data.draw(st.integers(0, max(0, length - size))) for length in (width, height))
        right, bottom = min(x + size, width), min(y + size, height)
        assert any(a <= x and b <= y and c >= right and d >= bottom for a, b, c, d in parts)

    @given(width=st.integers(1, 4000), height=st.integers(1, 4000), count=st.integers(2, 6))
    def test_tiles_lie_in_the_frame_and_the_longer_side_has_so_many(self, width, height, count):
        parts = tiles_of(width, height, count)
        for left, top, right, bottom in parts:
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
        if max(width, height) > 20 * count:
            assert len({part[0 if width >= height else 1] for part in parts}) == count


def grey(image: np.ndarray) -> np.ndarray:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=-1)


def blue(image: np.ndarray) -> np.ndarray:
    return image[..., ::-1].copy()


def gloved(image: np.ndarray) -> np.ndarray:
    """Skin, which is redder than it is blue, in a dull green."""
    skin = cv2.GaussianBlur((image[..., 0] > image[..., 2] + 25.0).astype(np.float32), (0, 0), 1.5)[..., None]
    glove = grey(image) * np.array([0.5, 0.9, 0.45])
    return np.rint(skin * glove + (1 - skin) * image).astype(np.uint8)


class TestHandDetector:
    @pytest.mark.parametrize("change", [np.copy, grey, blue, gloved])
    def test_finds_hands_in_any_colour(self, detector, hands, change):
        palms = detector.detect(change(hands))
        assert len(palms) == 2
        palms = palms[np.argsort(palms.box[:, 0])]
        assert np.linalg.norm(palms.keypoints[:, WRIST] - HAND_WRISTS, axis=-1).max() < 35
        assert np.linalg.norm(palms.keypoints[:, MIDDLE_MCP] - HAND_KNUCKLES, axis=-1).max() < 35
        assert (palms.box[:, :2] < palms.box[:, 2:]).all()

    def test_is_found_where_mediapipe_finds_less(self, detector, hands):
        assert len(PalmDetector(threads=1).detect(blue(hands))) < len(detector.detect(blue(hands)))

    def test_patches_hold_the_whole_hands(self, detector, drawn_hands):
        palms = detector.detect(drawn_hands)
        assert palms.patch is not None
        palms = palms[np.argsort(palms.box[:, 0])]
        left_hand = np.array([(60, 235), (265, 130), (150, 85), (155, 330)])
        crops = crops_from_palms(palms, Lens().intrinsics(640, 480))
        inside = crops[:1].to_patch(left_hand[None])[0]
        assert (inside > 0).all()
        assert (inside < PATCH_SIZE).all()

    @pytest.mark.parametrize("turns", [1, 2, 3])
    def test_palms_turn_with_the_frame(self, detector, drawn_hands, turns):
        upright = detector.detect(drawn_hands)
        height, width = drawn_hands.shape[:2]
        points = upright.keypoints[:, WRIST]
        for _ in range(turns):
            points, (width, height) = np.stack([points[:, 1], width - 1 - points[:, 0]], axis=-1), (height, width)
        wrists = detector.detect(np.rot90(drawn_hands, turns).copy()).keypoints[:, WRIST]
        assert len(wrists) == 2
        distance = np.linalg.norm(wrists[:, None] - points, axis=-1).min(axis=0)
        assert distance.max() < 40

    def test_finds_hands_in_large_grainy_footage(self, detector, drawn_hands):
        large = cv2.resize(drawn_hands, (3840, 2880), interpolation=cv2.INTER_CUBIC)
        grain = np.random.default_rng(0).normal(0, 25, large.shape[:2]).astype(np.float32)
        grainy = np.clip(large + grain[..., None], 0, 255).astype(np.uint8)
        palms = detector.detect(grainy)
        assert len(palms) == 2
        expected = 6 * detector.detect(drawn_hands).box
        assert np.abs(np.sort(palms.box, axis=0) - np.sort(expected, axis=0)).max() < 90

    def test_tiles_find_small_hands(self, detector, hands):
        frame = np.full((2160, 3840, 3), 90, np.uint8)
        frame[1300:1620, 2900:3380] = hands
        palms = detector.detect(frame, tiles=4)
        distance = np.linalg.norm(palms.keypoints[:, WRIST] - (HAND_WRISTS + np.array([2900, 1300]))[:, None], axis=-1)
        assert (distance.min(axis=1) < 35).all()
        assert len(palms) > len(detector.detect(frame))

    def test_palms_of_a_part_move_into_the_frame(self, detector, drawn_hands):
        palms = detector.detect(np.ascontiguousarray(drawn_hands[60:, 380:])).moved(np.array([380.0, 60.0]))
        assert np.linalg.norm(palms.keypoints[0, WRIST] - DRAWN_WRISTS[1]) < 45
        (crops,) = crops_from_palms(palms[:1], Lens().intrinsics(640, 480)).center
        assert np.linalg.norm(crops - (505, 235)) < 60

    def test_an_empty_frame_has_no_hands_and_no_crops(self, detector):
        palms = detector.detect(np.zeros((360, 640, 3), dtype=np.uint8))
        assert len(palms) == 0
        assert palms.box.shape == (0, 4)
        assert palms.keypoints.shape == (0, 7, 2)
        assert len(crops_from_palms(palms, Lens().intrinsics(640, 360))) == 0

    def test_min_score_decides_what_is_a_hand(self, detector, drawn_hands):
        scores = detector.detect(drawn_hands).score
        strict = HandDetector(min_score=float(scores.mean()), threads=1)
        np.testing.assert_allclose(strict.detect(drawn_hands).score, scores[:1])


class TestPalmDetector:
    @pytest.mark.parametrize("frame", MEDIAPIPE_PALMS)
    def test_equals_mediapipe_on_the_sample_clip(self, frame):
        clip = cv2.VideoCapture(str(SAMPLE_CLIP))
        images = [clip.read()[1] for _ in range(frame + 1)]
        palms = PalmDetector(threads=1).detect(cv2.cvtColor(images[-1], cv2.COLOR_BGR2RGB))
        box, keypoints = MEDIAPIPE_PALMS[frame]
        np.testing.assert_allclose(palms.box, [box], atol=1)
        np.testing.assert_allclose(palms.keypoints.reshape(1, -1), [keypoints], atol=1)


class TestCropsFromPalms:
    def test_upright_palm(self):
        intrinsics = Lens().intrinsics(1280, 720)
        crops = crops_from_palms(palms_of(((600, 400), (600, 320))), intrinsics)
        np.testing.assert_allclose(crops.center, [(600, 310)])
        np.testing.assert_allclose(crops.side, [260])
        np.testing.assert_allclose(crops.roll, [0], atol=1e-12)
        assert not crops.mirrored.any()

    def test_a_patch_of_the_detector_is_taken_as_it_is(self):
        palms = replace(palms_of(((600, 400), (600, 320))), patch=np.array([[590.0, 300.0, 333.0]]))
        crops = crops_from_palms(palms, Lens().intrinsics(1280, 720))
        np.testing.assert_allclose(crops.center, [(590, 300)])
        np.testing.assert_allclose(crops.side, [333])
        np.testing.assert_allclose(crops.roll, [0], atol=1e-12)

    @given(angle=st.floats(-3, 3), aspect=st.floats(0.5, 2), center=st.tuples(*[st.floats(0, 1000)] * 2))
    def test_hand_points_up_in_its_patch_above_the_palm(self, angle, aspect, center):
        intrinsics = Intrinsics(900, 900 / aspect, 500, 400, 1000, 800)
        along = 80 * np.array([np.cos(angle), np.sin(angle)])
        palms = palms_of((center - along / 2, center + along / 2), half_side=70)
        crops = crops_from_palms(palms, intrinsics)
        wrist, knuckle = crops.to_patch(palms.keypoints[:, [WRIST, MIDDLE_MCP]])[0]
        assert knuckle[0] == pytest.approx(wrist[0], abs=1e-6)
        assert knuckle[1] < wrist[1]
        middle = crops.to_patch([[center]])[0, 0]
        assert middle[0] == pytest.approx(PATCH_SIZE / 2, abs=1e-6)
        assert middle[1] == pytest.approx(PATCH_SIZE / 2 * (1 + 1 / 2.6), abs=1e-6)
