"""The shipped ONNX networks equal MediaPipe's TensorFlow Lite files.

Everywhere: on the golden inputs and outputs that tools/assets/build_models stores. In .env/build-models, which that
script leaves behind: live, on random pictures. Both runtimes compute in float32 but add in a different order, so points
may differ by thousandths of a pixel.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dahyf_core.runtime import Session, create_session
from dahyf_core.shipped import asset

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
TFLITE = ROOT / ".env" / "build-models" / "tflite"
PIXELS, METRES, PROBABILITY, LOGIT = 0.01, 1e-5, 1e-4, 1e-3


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "networks.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def detector() -> Session:
    return create_session(asset("palm_detector.onnx"), threads=1)


@pytest.fixture(scope="module")
def landmarks() -> Session:
    return create_session(asset("hand_landmark.onnx"), threads=1)


def test_networks_are_small_enough_to_ship():
    assert sum(asset(name).stat().st_size for name in ("palm_detector.onnx", "hand_landmark.onnx")) < 16e6


def test_detector_equals_golden(detector, golden):
    boxes, score_logits = detector.run(image=golden["image"][None])
    np.testing.assert_allclose(score_logits[0, :, 0], golden["score_logits"], atol=LOGIT)
    np.testing.assert_allclose(boxes[0, golden["anchors"]], golden["anchor_boxes"], atol=PIXELS)


def test_golden_picture_holds_palms_and_background(golden):
    assert (golden["score_logits"] > 0).sum() >= 2
    np.testing.assert_array_equal(golden["presence"] > 0.5, [True, True, False])


def test_landmarks_equal_golden(landmarks, golden):
    points, presence, right_score, world = landmarks.run(patches=golden["patches"])
    np.testing.assert_allclose(points, golden["points"], atol=PIXELS)
    np.testing.assert_allclose(presence, golden["presence"], atol=PROBABILITY)
    np.testing.assert_allclose(right_score, golden["right_score"], atol=PROBABILITY)
    np.testing.assert_allclose(world, golden["world"], atol=METRES)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_landmarks_of_a_patch_do_not_depend_on_its_batch(landmarks, golden, count):
    patches = np.resize(golden["patches"], (count, 224, 224, 3))
    points, presence, right_score, world = landmarks.run(patches=patches)
    assert presence.shape == right_score.shape == (count,)
    for result, expected in ((points, golden["points"]), (world, golden["world"])):
        np.testing.assert_allclose(result, np.resize(expected, (count, 21, 3)), atol=PIXELS)


@pytest.fixture(scope="module")
def tflite():
    """Runs one of MediaPipe's files on one picture of bytes; gives its outputs without the batch axis."""
    lite = pytest.importorskip(
        "tensorflow", reason="TensorFlow is not installed: tools/assets/build_models runs this comparison"
    ).lite
    if not TFLITE.is_dir():
        pytest.skip("MediaPipe's TensorFlow Lite files are absent: tools/assets/build_models fetches them")

    def run(name: str, picture: np.ndarray) -> list[np.ndarray]:
        interpreter = lite.Interpreter(str(TFLITE / name))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None].astype(np.float32) / 255)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"])[0] for output in interpreter.get_output_details()]

    return run


def random_crops(size: int, count: int) -> np.ndarray:
    """(count, size, size, 3) bytes: the drawn hands, cut at random places, scales, rolls, and contrasts, with noise."""
    rng = np.random.default_rng(0)
    picture = cv2.cvtColor(cv2.imread(str(GOLDEN / "drawn_hands.png")), cv2.COLOR_BGR2RGB)
    crops = []
    for _ in range(count):
        center = rng.uniform((150, 150), (500, 350))
        matrix = cv2.getRotationMatrix2D(center, rng.uniform(-180, 180), size / rng.uniform(150, 500))
        matrix[:, 2] += size / 2 - center
        crop = cv2.warpAffine(picture, matrix, (size, size)) * rng.uniform(0.5, 1.2) + rng.normal(0, 8, (size, size, 3))
        crops.append(np.clip(crop, 0, 255).astype(np.uint8))
    return np.stack(crops)


def test_detector_equals_tflite_on_random_pictures(detector, tflite):
    for picture in random_crops(192, 10):
        boxes, score_logits = detector.run(image=picture[None])
        expected_boxes, expected_logits = tflite("palm_detection_full.tflite", picture)
        np.testing.assert_allclose(boxes[0], expected_boxes, atol=PIXELS)
        np.testing.assert_allclose(score_logits[0], expected_logits, atol=LOGIT)


def test_landmarks_equal_tflite_on_random_pictures(landmarks, tflite):
    for picture in random_crops(224, 20):
        points, presence, right_score, world = (result[0] for result in landmarks.run(patches=picture[None]))
        expected = tflite("hand_landmark_full.tflite", picture)
        np.testing.assert_allclose(points.ravel(), expected[0], atol=PIXELS)
        np.testing.assert_allclose(presence, expected[1][0], atol=PROBABILITY)
        np.testing.assert_allclose(right_score, expected[2][0], atol=PROBABILITY)
        np.testing.assert_allclose(world.ravel(), expected[3], atol=METRES)
