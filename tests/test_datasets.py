"""Readers of public data sets, on tiny copies of their layouts: files, orders, axes, sides, splits, damage."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from dataset_factory import (
    CAMERA,
    HEIGHT,
    WIDTH,
    Truth,
    ho3d_joints,
    write_coco,
    write_freihand,
    write_hanco,
    write_ho3d,
    write_json,
    write_picture,
    write_rhd,
)
from made_up_mano import made_up_mano, write_pickle

from dahyf_core.datasets import READERS, CocoWholeBody, FreiHand, HanCo, Ho3d, Rhd, Sample
from dahyf_core.datasets.files import read_image
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import HandModel, load_hand_model


@pytest.fixture(scope="module")
def mano(tmp_path_factory) -> HandModel:
    return load_hand_model(write_pickle(tmp_path_factory.mktemp("mano") / "MANO_RIGHT.pkl", made_up_mano()))


def assert_is(sample: Sample, truth: Truth) -> None:
    """The hand, where it is, in the picture that belongs to it."""
    assert sample.side == "right"
    assert sample.keypoints == "freihand"
    np.testing.assert_allclose(sample.joints_3d, truth.joints, atol=1e-6)
    np.testing.assert_allclose(sample.joints_2d, projected(truth.joints), atol=1e-3)
    assert sample.intrinsics.matrix.tolist() == CAMERA.tolist()
    assert (sample.intrinsics.width, sample.intrinsics.height) == (WIDTH, HEIGHT)
    assert sample.image.shape == (HEIGHT, WIDTH, 3)


def assert_posed(sample: Sample, mano: HandModel) -> None:
    """Pose and shape say the same as the joints: orders, mean pose and axes of the parameters are right."""
    posed = mano.skeleton(sample.pose[None], sample.shape[None], np.zeros((1, 3)))
    wrist = sample.joints_3d[0] - posed.joints[0, 0]
    posed = mano(sample.pose[None], sample.shape[None], wrist[None])
    np.testing.assert_allclose(mano.keypoints(posed, "freihand")[0], sample.joints_3d, atol=1e-5)


def projected(points: np.ndarray) -> np.ndarray:
    pixels = points @ CAMERA.T
    return pixels[:, :2] / pixels[:, 2:]


def level(sample: Sample) -> int:
    return round(float(sample.image.mean()))


def test_freihand_has_every_hand_before_every_background(tmp_path, mano):
    hands = write_freihand(tmp_path, mano)
    dataset = FreiHand(tmp_path, mano=mano)
    assert len(dataset) == len(dataset.sources) == 12
    for index in range(12):
        sample = dataset[index]
        assert_is(sample, hands[index % 3])
        assert_posed(sample, mano)
        assert level(sample) == 10 * index
        assert sample.source == dataset.sources[index] == dataset.sources[index % 3]
    np.testing.assert_allclose(dataset.vertices, [hand.vertices for hand in hands], atol=1e-6)


def test_freihand_gives_the_chosen_backgrounds_only(tmp_path, mano):
    write_freihand(tmp_path, mano)
    dataset = FreiHand(tmp_path, versions=("auto", "hom"))
    assert [level(dataset[index]) for index in range(len(dataset))] == [90, 100, 110, 30, 40, 50]
    assert np.isnan(dataset[0].pose).all()
    assert np.isnan(dataset[0].shape).all()


def test_freihand_evaluation_has_one_background(tmp_path, mano):
    hands = write_freihand(tmp_path, mano, "evaluation")
    dataset = FreiHand(tmp_path, "evaluation", mano=mano)
    assert len(dataset) == 3
    assert_is(dataset[2], hands[2])
    assert_posed(dataset[-1], mano)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_ho3d_training_hands_face_an_opencv_camera(tmp_path, mano, suffix):
    truth = write_ho3d(tmp_path, mano, suffix)["train"]
    dataset = Ho3d(tmp_path, mano=mano)
    assert len(dataset) == 3
    for index in range(3):
        assert_is(dataset[index], truth[index])
        assert_posed(dataset[index], mano)
        assert level(dataset[index]) == truth[index].level
        assert dataset[index].visible.all()


def test_ho3d_keeps_the_cameras_of_a_recording_together(tmp_path, mano):
    write_ho3d(tmp_path, mano, ".jpg")
    first, second, third = Ho3d(tmp_path).sources
    assert first == second != third


def test_ho3d_evaluation_knows_wrist_and_box(tmp_path, mano):
    truth = write_ho3d(tmp_path, mano, ".png")["evaluation"][1]
    sample = Ho3d(tmp_path, "evaluation")[1]
    np.testing.assert_allclose(sample.joints_3d[0], truth.joints[0], atol=1e-9)
    assert np.isnan(sample.joints_3d[1:]).all()
    assert sample.visible.tolist() == [True] + [False] * 20
    pixels = projected(truth.joints)
    np.testing.assert_allclose(sample.box, [*pixels.min(axis=0), *pixels.max(axis=0)])


def test_ho3d_evaluation_takes_the_joints_published_later(tmp_path, mano):
    truth = write_ho3d(tmp_path, mano, ".png")["evaluation"]
    write_json(tmp_path / "evaluation_xyz.json", [ho3d_joints(hand).tolist() for hand in truth])
    assert_is(Ho3d(tmp_path, "evaluation")[1], truth[1])


def test_hanco_hands_lie_in_each_camera(tmp_path, mano):
    hand = write_hanco(tmp_path, mano)
    dataset = HanCo.with_hands(tmp_path, mano=mano)
    assert len(dataset) == len(dataset.sources) == 2 * 8
    assert_is(dataset[0], hand)
    for camera in range(7):
        sample = dataset[camera]
        assert_posed(sample, mano)
        assert level(sample) == camera
        np.testing.assert_allclose(sample.joints_2d, projected(sample.joints_3d), atol=1e-3)
    assert level(dataset[8]) == 20


def test_hanco_has_no_hand_where_it_is_out_of_the_picture(tmp_path, mano):
    write_hanco(tmp_path, mano)
    sample = HanCo.with_hands(tmp_path)[7]
    assert sample.side is None
    assert not sample.visible.any()


def test_hanco_splits_and_flags(tmp_path, mano):
    write_hanco(tmp_path, mano)
    test = HanCo.with_hands(tmp_path, "test")
    assert set(test.sources) == {"hanco/0001"}
    assert level(test[0]) == 100
    valid = HanCo.with_hands(tmp_path, only_valid=True)
    assert len(valid) == 8


def test_hanco_without_hands_goes_by_the_masks(tmp_path, mano):
    write_hanco(tmp_path, mano)
    dataset = HanCo.without_hands(tmp_path)
    assert [level(dataset[index]) for index in range(len(dataset))] == [40 + camera for camera in range(1, 8)]
    assert all(dataset[index].side is None for index in range(len(dataset)))
    assert not dataset.hand_mask(0).any()
    assert HanCo.with_hands(tmp_path).hand_mask(0).all()


def test_rhd_has_both_hands_in_the_common_order(tmp_path, mano):
    hands = write_rhd(tmp_path, mano)
    dataset = Rhd(tmp_path)
    assert [dataset[index].side for index in range(len(dataset))] == ["left", "right", "right"]
    for index in range(3):
        sample = dataset[index]
        truth = hands[sample.side]
        np.testing.assert_allclose(sample.joints_3d, truth.joints)
        np.testing.assert_allclose(sample.joints_2d, projected(truth.joints))
    assert dataset.sources[0] == dataset.sources[1] != dataset.sources[2]
    assert level(dataset[2]) == 70
    assert np.flatnonzero(~dataset[2].visible).tolist() == [5, 6, 7, 8, 9, 10, 11, 12]


def test_coco_takes_valid_hands_of_single_people(tmp_path):
    keypoints = write_coco(tmp_path)
    dataset = CocoWholeBody(tmp_path, "val")
    assert len(dataset) == 1
    sample = dataset[0]
    assert sample.side == "left"
    assert np.flatnonzero(~sample.visible).tolist() == [4, 8]
    np.testing.assert_allclose(sample.joints_2d[sample.visible], keypoints[sample.visible, :2])
    assert np.isnan(sample.joints_2d[[4, 8]]).all()
    assert level(sample) == 77


LABELS = {
    "freihand": ["training_K.json", "training_xyz.json"],
    "freihand-evaluation": ["evaluation_K.json", "evaluation_xyz.json"],
    "ho3d": ["train.txt"],
    "hanco": ["meta.json"],
    "hanco-without-hands": ["meta.json", "mask_hand/0000/cam3/00000002.jpg"],
    "rhd": ["training/anno_training.pickle"],
    "coco-wholebody-val": ["annotations/coco_wholebody_val_v1.0.json"],
}
FIRST_PICTURES = {
    "freihand": ["training/rgb/00000000.jpg"],
    "ho3d": ["train/ABF10/rgb/0000.png", "train/ABF10/meta/0000.pkl"],
    "hanco": ["rgb/0000/cam0/00000000.jpg", "calib/0000/00000000.json", "xyz/0000/00000000.json"],
    "rhd": ["training/color/00000.png"],
    "coco-wholebody-val": ["val2017/000000000042.jpg"],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, mano) -> Path:
    """All data sets, each in a folder of its name."""
    folder = tmp_path_factory.mktemp("whole")
    write_freihand(folder / "freihand", mano)
    write_freihand(folder / "freihand-evaluation", mano, "evaluation")
    write_ho3d(folder / "ho3d", mano, ".png")
    write_hanco(folder / "hanco", mano)
    write_hanco(folder / "hanco-without-hands", mano)
    write_rhd(folder / "rhd", mano)
    write_coco(folder / "coco-wholebody-val")
    return folder


def opened(whole, name):
    """The data set in the folder of that name, whose last part may name a split that is not for training."""
    reader = name.removesuffix("-evaluation").removesuffix("-val")
    return READERS[reader](whole / name, "train" if reader == name else "val")


@pytest.fixture(params=["missing", "empty", "garbage"])
def harm(request):
    """Does a file some harm, which is undone after the test."""
    harmed: list[tuple[Path, bytes]] = []

    def do(path: Path) -> None:
        harmed.append((path, path.read_bytes()))
        if request.param == "missing":
            path.unlink()
        else:
            path.write_bytes(b"" if request.param == "empty" else b"{\x80garbage\xff" * 7)

    yield do
    for path, content in harmed:
        path.write_bytes(content)


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in LABELS.items() for file in files])
def test_harmed_labels_are_named(whole, harm, name, file):
    path = whole / name / file
    harm(path)
    with pytest.raises(DatasetError) as failure:
        opened(whole, name)
    assert str(path) in failure.value.reason
    assert failure.value.remedy


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in FIRST_PICTURES.items() for file in files])
def test_harmed_files_of_an_sample_are_named_on_access(whole, harm, name, file):
    dataset = opened(whole, name)
    harm(whole / name / file)
    with pytest.raises(DatasetError) as failure:
        dataset[0]
    assert str(whole / name / file) in failure.value.reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("training_xyz.json", [[[0.0] * 3] * 20] * 3),
        ("training_xyz.json", [[[0.0] * 3] * 21] * 2),
        ("training_xyz.json", {"joints": 1}),
        ("training_K.json", [[1.0, 2.0]] * 3),
    ],
)
def test_labels_of_another_shape_are_refused(tmp_path, mano, name, content):
    write_freihand(tmp_path, mano)
    write_json(tmp_path / name, content)
    with pytest.raises(DatasetError, match="training_"):
        FreiHand(tmp_path)


@pytest.mark.parametrize("flags", [3, [[True] * 3], [[True] * 3, [True] * 2]])
def test_flags_of_another_length_are_refused(tmp_path, mano, flags):
    write_hanco(tmp_path, mano)
    meta = json.loads((tmp_path / "meta.json").read_text())
    write_json(tmp_path / "meta.json", meta | {"is_valid": flags})
    with pytest.raises(DatasetError, match=r"meta\.json are damaged"):
        HanCo.with_hands(tmp_path)


def test_annotations_of_frames_that_lack_a_hand_are_named(tmp_path, mano):
    write_ho3d(tmp_path, mano, ".png")
    path = tmp_path / "train" / "ABF10" / "meta" / "0000.pkl"
    path.write_bytes(pickle.dumps({"camMat": CAMERA, "handJoints3D": None}))
    with pytest.raises(DatasetError, match=r"0000\.pkl lack handJoints3D"):
        Ho3d(tmp_path)[0]


class Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def test_pickles_run_nothing(tmp_path, mano):
    write_rhd(tmp_path, mano)
    path = tmp_path / "training" / "anno_training.pickle"
    path.write_bytes(pickle.dumps({0: Bomb(tmp_path / "trace")}))
    with pytest.raises(DatasetError, match="refused"):
        Rhd(tmp_path)
    assert not (tmp_path / "trace").exists()


def test_a_picture_is_taken_as_its_pixels_lie_in_coco(tmp_path):
    """COCO's labels are of the stored pixels, whatever EXIF says."""
    write_coco(tmp_path)
    path = tmp_path / "val2017" / "000000000042.jpg"
    write_picture(path, 10)
    jpeg = path.read_bytes()
    turned = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    path.write_bytes(jpeg[:2] + turned + jpeg[2:])
    assert read_image(path).shape == (WIDTH, HEIGHT, 3)
    assert CocoWholeBody(tmp_path, "val")[0].image.shape == (HEIGHT, WIDTH, 3)
