"""Photographs: the annotator, its cleaning, the label file, and what is read with it."""

import json
import shutil
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
import typer
from cli_runner import run
from rendered_hands import hand_picture
from typer.testing import CliRunner

from dahyf_core.camera import Crops, Intrinsics, assumed_focal
from dahyf_core.cli.annotate import annotate
from dahyf_core.datasets import (
    READERS,
    Annotator,
    Augmentation,
    CleaningLimits,
    HandlessPhotographs,
    Photographs,
    PhotoLabels,
    cut_sample,
    handless,
    load_labels,
    save_labels,
    split_of,
)
from dahyf_core.datasets.annotation.cleaning import cleaned
from dahyf_core.datasets.annotation.fits import fit_observations
from dahyf_core.datasets.annotation.test_time_augmentation import AveragedObservations, observe_augmented
from dahyf_core.errors import DatasetError, OutputError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.pose import HandObservations

RIGHT, LEFT = load_hand_model(), load_hand_model(side="left")
NO_IMAGE = np.zeros((480, 640, 3), np.uint8)
CAMERA = Intrinsics(800.0, 800.0, 320.0, 240.0, 640, 480)


class Silence:
    """Keeps what it is told."""

    def __init__(self):
        self.warnings = []
        self.steps = []

    def status(self, text):
        pass

    def progress(self, stage, done, total):
        self.steps.append((done, total))

    def warning(self, text):
        self.warnings.append(text)


def made_up_hands(count=6, seed=0):
    """Poses (N, 16, 3) as photographs show them, left or not (N,), and joints (N, 21, 3) m in the camera."""
    rng = np.random.default_rng(seed)
    left = np.arange(count) % 2 == 1
    pose = np.zeros((count, 16, 3))
    pose[:, 1:] = RIGHT.pose_prior.mean.reshape(15, 3) + rng.normal(0.0, 0.1, (count, 15, 3))
    pose[:, 0] = rng.normal((0.0, 0.0, 1.5), 0.3, (count, 3))
    pose[left] *= (1.0, -1.0, -1.0)
    translation = rng.normal((0.0, 0.0, 0.5), 0.03, (count, 3))
    joints = np.empty((count, 21, 3))
    for row in range(count):
        model = LEFT if left[row] else RIGHT
        posed = model.skeleton(pose[[row]], np.zeros((1, 10)), translation[[row]])
        joints[row] = model.keypoints(posed, "mediapipe")[0]
    return pose, left, joints


def seen(joints):
    """Perfect observations of hands (N, 21, 3) m in the camera frame."""
    count = len(joints)
    return AveragedObservations(
        joints_2d=CAMERA.project(joints),
        spread_2d=np.full((count, 21), 0.5),
        world=joints - joints.mean(axis=1, keepdims=True),
        spread_3d=np.full((count, 21), 0.002),
        presence=np.ones(count),
        right_score=np.ones(count),
    )


def made_up_labels(count=4):
    """Flawless labels of that many hands, each in a picture of its own."""
    pose, left, joints = made_up_hands(count)
    return PhotoLabels(
        folder=None,
        picture=np.array([f"{row}.png" for row in range(count)]),
        source=np.array([f"made up/{row}" for row in range(count)]),
        side=np.where(left, "left", "right"),
        picture_size=np.tile((640.0, 480.0), (count, 1)),
        focal=np.full(count, 800.0),
        joints_2d=CAMERA.project(joints),
        spread_2d=np.ones((count, 21)),
        world=joints,
        spread_3d=np.full((count, 21), 0.002),
        pose=pose,
        shape=np.zeros((count, 10)),
        translation=np.zeros((count, 3)),
        joints_3d=joints,
        presence=np.ones(count),
        side_score=np.ones(count),
        moved=np.zeros(count),
        residual_2d=np.zeros(count),
        residual_3d=np.zeros(count),
    )


class TwoMinds:
    """An estimator that sees a fixed hand, 3 px too far right in mirrored patches, else too far left."""

    knows_both_sides = True

    def __init__(self, joints_2d):
        self.joints_2d = joints_2d
        self.crops = []

    def observe(self, image, crops):
        self.crops.append(crops)
        shift = np.where(crops.mirrored, 3.0, -3.0)[:, None, None] * (1.0, 0.0)
        count = len(crops)
        return HandObservations(
            crops,
            self.joints_2d + shift,
            np.ones(count),
            np.full(count, 0.9),
            np.zeros((count, 0), np.float32),
            np.ones(count),
        )

    def points_3d(self, observations):
        return np.zeros((len(observations), 21, 3))


class OneMind(TwoMinds):
    """One that knows right hands alone."""

    knows_both_sides = False


def test_looks_are_averaged_and_their_spread_is_told():
    joints = made_up_hands(1)[2]
    truth = CAMERA.project(joints)
    estimator = TwoMinds(truth)
    averaged = observe_augmented(estimator, NO_IMAGE, truth + 5.0, np.array([False]), CAMERA)
    np.testing.assert_allclose(averaged.joints_2d, truth, atol=1e-6)
    np.testing.assert_allclose(averaged.spread_2d, 3.0, atol=1e-6)
    np.testing.assert_allclose(averaged.right_score, 0.9)
    crops = Crops.concatenate(estimator.crops[1:])
    assert crops.mirrored.sum() == len(crops) / 2
    np.testing.assert_allclose(np.sort(np.ptp(crops.roll.reshape(2, -1), axis=1)), np.radians(30.0))


def test_a_network_of_right_hands_never_looks_at_their_mirror_images():
    estimator = OneMind(CAMERA.project(made_up_hands(1)[2]))
    observe_augmented(estimator, NO_IMAGE, estimator.joints_2d, np.array([False]), CAMERA)
    assert not Crops.concatenate(estimator.crops).mirrored.any()


def test_no_hands_are_looked_at_without_fuss():
    averaged = observe_augmented(
        TwoMinds(np.zeros((0, 21, 2))), NO_IMAGE, np.zeros((0, 21, 2)), np.zeros(0, bool), CAMERA
    )
    assert averaged.joints_2d.shape == (*averaged.spread_2d.shape, 2) == (0, 21, 2)


def test_fits_find_the_poses_of_both_sides():
    pose, left, joints = made_up_hands()
    fits = fit_observations(
        RIGHT, seen(joints), left, np.full(len(left), CAMERA.fx), np.tile((320.0, 240.0), (len(left), 1))
    )
    assert fits.residual_2d.max() < 0.02
    assert fits.residual_3d.max() < 0.004
    np.testing.assert_allclose(fits.joints_3d[..., :2], joints[..., :2], atol=0.01)
    np.testing.assert_allclose(fits.pose[:, 0], pose[:, 0], atol=0.2)
    for row, side in enumerate(left):
        model = LEFT if side else RIGHT
        posed = model.skeleton(fits.pose[[row]], fits.shape[[row]], fits.translation[[row]])
        np.testing.assert_allclose(model.keypoints(posed, "mediapipe")[0], fits.joints_3d[row], atol=1e-6)


def test_focal_lengths_keep_hands_at_a_distance():
    size = np.array([[640.0, 480.0], [100.0, 100.0]])
    np.testing.assert_allclose(assumed_focal(size, np.array([100.0, 80.0])), [800.0, 240.0])


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("too small", lambda labels: {"joints_2d": labels.joints_2d * [[[0.1]], [[1]], [[1]], [[1]]]}),
        ("hardly a hand", lambda labels: {"presence": np.array([0.5, 1, 1, 1])}),
        ("side in doubt", lambda labels: {"side_score": np.array([0.3, 1, 1, 1])}),
        ("given label contradicted", lambda labels: {"moved": np.array([0.3, 0, 0, 0])}),
        ("seen differently each time", lambda labels: {"spread_2d": labels.spread_2d * [[40], [1], [1], [1]]}),
        (
            "same as another",
            lambda labels: {
                "picture": np.array(["1.png", "1.png", "2.png", "3.png"]),
                "joints_2d": labels.joints_2d[[1, 1, 2, 3]] + [[[1.0]], [[0]], [[0]], [[0]]],
                "presence": np.array([0.9, 1, 1, 1]),
            },
        ),
    ],
)
def test_bad_labels_are_left_out_for_their_reason(reason, change):
    labels = made_up_labels()
    kept, dropped = cleaned(replace(labels, **change(labels)), np.ones(4), CleaningLimits())
    assert kept.source.tolist() == labels.source[1:].tolist()
    assert {name for name, count in dropped.items() if count} == {reason}


def test_hands_that_overlap_in_other_pictures_are_no_twins():
    labels = made_up_labels()
    same_place = replace(labels, joints_2d=labels.joints_2d[[0, 0, 0, 0]])
    assert len(cleaned(same_place, np.ones(4), CleaningLimits())[0]) == 4


def test_bad_fits_become_unknown_and_joints_stay():
    labels = replace(made_up_labels(), residual_2d=np.array([0.2, 0, 0, 0]), residual_3d=np.array([0, 0.1, 0, 0]))
    kept, dropped = cleaned(labels, np.ones(4), CleaningLimits())
    assert not any(dropped.values())
    for values in (kept.pose, kept.shape, kept.translation, kept.joints_3d):
        assert np.isnan(values[:2]).all()
        assert np.isfinite(values[2:]).all()
    assert np.isfinite(kept.joints_2d).all()


def test_labels_come_back_from_their_file(tmp_path):
    labels = replace(made_up_labels(), folder=tmp_path)
    labels.pose[0] = np.nan
    save_labels(labels, tmp_path / "labels.npz")
    again = load_labels(tmp_path / "labels.npz")
    for field in fields(labels):
        before, after = getattr(labels, field.name), getattr(again, field.name)
        if field.name in ("folder", "picture", "source", "side"):
            assert np.array_equal(before, after)
        else:
            np.testing.assert_allclose(after, before, rtol=1e-6)


def test_labels_are_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(OutputError):
        save_labels(replace(made_up_labels(), folder=tmp_path), tmp_path / "nowhere" / "labels.npz")


@pytest.mark.parametrize("harm", ["missing", "cut", "other", "shape", "version"])
def test_harmed_label_files_are_named(tmp_path, harm):
    path = tmp_path / "labels.npz"
    save_labels(replace(made_up_labels(), folder=tmp_path), path)
    with np.load(path) as file:
        arrays = dict(file)
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif harm == "other":
        np.savez(path, frame=np.arange(3))
    elif harm == "shape":
        np.savez(path, **{**arrays, "pose": arrays["pose"][:, :15]})
    else:
        header = json.loads(arrays["header"].item()) | {"version": 2}
        np.savez(path, **{**arrays, "header": np.array(json.dumps(header))})
    with pytest.raises(DatasetError, match=r"labels\.npz"):
        load_labels(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures: of one hand, of two, and of none."""
    folder = tmp_path_factory.mktemp("photographs")
    pictures = {
        "one.png": hand_picture(0, 480, 360),
        "more/two.png": hand_picture(5, 640, 360, rows=(("right", "left"),)),
        "none.png": np.full((360, 480, 3), 90, np.uint8),
    }
    (folder / "more").mkdir()
    for name, picture in pictures.items():
        assert cv2.imwrite(str(folder / name), picture[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def annotation(folder):
    return Annotator(threads=1).annotate(folder, Silence())


def test_the_annotator_finds_hands_sides_and_poses(annotation):
    labels = annotation.labels
    assert annotation.pictures == 3
    assert sorted(zip(labels.picture.tolist(), labels.side.tolist(), strict=True)) == [
        ("more/two.png", "left"),
        ("more/two.png", "right"),
        ("one.png", "right"),
    ]
    assert np.isfinite(labels.pose).all()
    for row in range(3):
        projected = labels.intrinsics(row).project(labels.joints_3d[row])
        apart = np.linalg.norm(projected - labels.joints_2d[row], axis=1).mean()
        assert apart < 0.05 * labels.box_side[row]


class Teacher(OneMind):
    """One that sees the same points in space in every picture, and joints elsewhere than they are."""

    points = made_up_hands(1)[2][0]

    def __init__(self):
        super().__init__(np.zeros((1, 21, 2)))

    def points_3d(self, observations):
        return np.repeat(self.points[None], len(observations), axis=0)


def test_a_teacher_labels_in_space_what_the_landmark_network_located(folder, annotation, tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), cv2.imread(str(folder / "one.png")))
    labels = Annotator(teacher=Teacher(), threads=1).annotate(tmp_path, Silence()).labels
    (row,) = np.flatnonzero(annotation.labels.picture == "one.png")
    np.testing.assert_allclose(labels.joints_2d[0], annotation.labels.joints_2d[row], atol=1e-3)
    relative = labels.world[0] - labels.world[0, 0]
    np.testing.assert_allclose(relative, Teacher.points - Teacher.points[0], atol=1e-5)


def test_photographs_are_read_with_their_labels(folder, annotation, tmp_path):
    save_labels(annotation.labels, tmp_path / "labels.npz")
    dataset = Photographs(tmp_path / "labels.npz")
    assert len(dataset) == len(dataset.sources) == 3
    for index in range(3):
        sample = dataset[index]
        assert sample.source == dataset.sources[index]
        assert sample.keypoints == "mediapipe"
        assert sample.visible.sum() > 15
        model = LEFT if sample.side == "left" else RIGHT
        posed = model.skeleton(sample.pose[None], sample.shape[None], np.zeros((1, 3)))
        points = model.keypoints(posed, "mediapipe")[0]
        np.testing.assert_allclose(points - points[0], sample.joints_3d - sample.joints_3d[0], atol=1e-5)
        assert sample.image.shape[:2] == (sample.intrinsics.height, sample.intrinsics.width)


def test_splits_of_photographs_share_no_source(tmp_path):
    labels = replace(made_up_labels(60), folder=tmp_path)
    save_labels(labels, tmp_path / "labels.npz")
    for split in ("train", "val", "test"):
        sources = Photographs(tmp_path / "labels.npz", split).sources
        assert sources == [source for source in labels.source.tolist() if split_of(source) == split]


def test_a_damaged_photograph_is_named_on_access(annotation, folder, tmp_path):
    save_labels(annotation.labels, tmp_path / "labels.npz")
    with pytest.raises(DatasetError, match=r"elsewhere.*cannot be read"):
        Photographs(tmp_path / "labels.npz", folder=tmp_path / "elsewhere")[0]


def test_labels_that_a_folder_has_are_where_the_annotator_looks(folder, annotation, tmp_path):
    """Of two hands in the picture one is given, roughly."""
    (row,) = np.flatnonzero((annotation.labels.picture == "more/two.png") & (annotation.labels.side == "left"))
    joints = annotation.labels.joints_2d[row]
    cv2.imwrite(str(tmp_path / "two.png"), cv2.imread(str(folder / "more" / "two.png")))
    (tmp_path / "index.json").write_text(json.dumps([{"file": "two.png", "set": "made", "source": "up"}]))
    given = {"image_index": np.array([0]), "side": np.array(["left"]), "handedness_score": np.array([0.9])}
    np.savez(tmp_path / "mediapipe_labels.npz", keypoints_2d=joints[None] + 3.0, **given)
    found = Annotator(threads=1).annotate(tmp_path, Silence()).labels
    assert found.source.tolist() == ["made/up"]
    assert found.side.tolist() == ["left"]
    assert np.linalg.norm(found.joints_2d[0] - joints, axis=1).max() < 0.1 * annotation.labels.box_side[row]
    np.savez(tmp_path / "mediapipe_labels.npz", keypoints_2d=joints[None], **given | {"image_index": np.array([1])})
    with pytest.raises(DatasetError, match="mediapipe_labels"):
        Annotator(threads=1).annotate(tmp_path, Silence())


def test_a_picture_that_cannot_be_read_is_warned_about(folder, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "plain.png"), np.full((64, 64, 3), 90, np.uint8))
    report = Silence()
    assert len(Annotator(threads=1).annotate(tmp_path, report).labels) == 0
    assert len(report.warnings) == 1
    assert "broken.jpg" in report.warnings[0]
    assert report.steps == [(1, 2), (2, 2)]


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(DatasetError, match="holds no pictures"):
        Annotator(threads=1).annotate(tmp_path, Silence())


def test_pictures_without_hands_are_found(folder):
    dataset = HandlessPhotographs(folder, threads=1)
    assert dataset.sources == ["none.png"]
    assert dataset[0].side is None


def test_pictures_without_hands_are_split_by_their_path(tmp_path):
    names = {"train": ["00.png", "01.png"], "val": ["38.png"], "test": ["12.png"]}
    for split, files in names.items():
        for level, file in enumerate(files):
            assert split_of(file) == split
            cv2.imwrite(str(tmp_path / file), np.full((32, 32, 3), 50 * level, np.uint8))
    assert len(HandlessPhotographs(tmp_path, threads=1)) == 4
    for split, files in names.items():
        assert READERS["backgrounds"](tmp_path, split).sources == files


def test_pictures_are_looked_at_once_as_long_as_they_stay_the_same(folder, tmp_path, monkeypatch):
    pictures = tmp_path / "pictures"
    shutil.copytree(folder, pictures)
    first = HandlessPhotographs(pictures, threads=1)
    looked_at = []
    look = handless.possible_hands
    monkeypatch.setattr(handless, "possible_hands", lambda *given: looked_at.append(given) or look(*given))
    again = HandlessPhotographs(pictures, threads=1)
    assert again.sources == first.sources
    assert not looked_at

    shutil.move(pictures / "none.png", pictures / "moved.png")
    assert HandlessPhotographs(pictures, threads=1).sources == ["moved.png"]
    assert not looked_at

    cv2.imwrite(str(pictures / "new.png"), np.full((64, 64, 3), 90, np.uint8))
    assert HandlessPhotographs(pictures, threads=1).sources == ["moved.png", "new.png"]
    assert len(looked_at) == 1

    (pictures / handless.CACHE).write_text('{"made_with": 1')
    assert HandlessPhotographs(pictures, threads=1).sources == ["moved.png", "new.png"]
    assert len(looked_at) > 1


def test_what_is_mistaken_for_a_palm_is_shown_too(shared_data, tmp_path):
    """A plate of pastries, which the palm detector likes."""
    shutil.copy(shared_data / "backgrounds" / "train2017_0082.jpg", tmp_path)
    dataset = HandlessPhotographs(tmp_path, threads=1)
    assert len(dataset) > 1
    assert np.isnan(dataset[0].box).all()
    mistaken = dataset[1]
    assert mistaken.side is None
    patch = cut_sample(mistaken, Augmentation(), np.random.default_rng(0))
    assert not patch.is_hand
    assert patch.side == pytest.approx(1.6 * (mistaken.box[2] - mistaken.box[0]))


def test_annotate_on_the_command_line(folder, tmp_path):
    app = typer.Typer()
    app.command()(annotate)
    cv2.imwrite(str(tmp_path / "one.png"), cv2.imread(str(folder / "one.png")))
    result = CliRunner().invoke(app, [str(tmp_path), "-o", str(tmp_path / "labels.npz"), "--json"])
    assert result.exit_code == 0
    done = json.loads(result.stdout.splitlines()[-1])
    assert (done["type"], done["hands"], done["frames"]) == ("done", 1, 1)
    assert load_labels(tmp_path / "labels.npz").picture.tolist() == ["one.png"]
    missing = CliRunner().invoke(app, [str(tmp_path / "nothing"), "-o", str(tmp_path / "labels.npz"), "--json"])
    assert missing.exit_code == DatasetError.exit_code


def test_annotate_takes_a_network_for_poses_and_paints_hands_over(folder, annotation, shipped_network, tmp_path):
    options = ("--network", shipped_network, "--backgrounds", tmp_path / "empty")
    assert run("annotate", folder, "-o", tmp_path / "labels.npz", *options).done["hands"] > 0
    found = load_labels(tmp_path / "labels.npz")
    assert found.picture.tolist() == annotation.labels.picture.tolist()
    assert np.isfinite(found.pose).all()
    assert not np.allclose(found.pose, annotation.labels.pose, atol=1e-3, equal_nan=True)
    painted = {file.relative_to(tmp_path / "empty").with_suffix("").as_posix() for file in tmp_path.rglob("*.jpg")}
    assert painted == set(found.source)
