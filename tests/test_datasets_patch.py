"""From samples to patches: what the network is shown, and that all labels speak of the same virtual camera."""

from dataclasses import replace

import numpy as np
import pytest

from dahyf_core.camera import PATCH_SIZE, Intrinsics
from dahyf_core.datasets import Augmentation, Sample, cut_sample, rows_of, split_of
from dahyf_core.geometry import axis_angle_from_matrix
from dahyf_core.hand_model import Side, load_hand_model

CAMERA = Intrinsics(700.0, 700.0, 320.0, 240.0, 640, 480)
STILL = Augmentation()
LIVELY = Augmentation(roll=0.5, scale=0.2, shift=0.1, colour=0.2, blur=1.5, noise=8.0)
RIGHT = load_hand_model()


def made_up(side: Side, seed: int = 0) -> Sample:
    """A hand before noise."""
    rng = np.random.default_rng(seed)
    model = load_hand_model(side=side)
    pose, shape = rng.normal(0.0, 0.4, (16, 3)), rng.normal(0.0, 0.5, 10)
    translation = np.array([[rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), 0.6]])
    joints_3d = model.keypoints(model.skeleton(pose[None], shape[None], translation), "own")[0]
    return Sample(
        image=rng.integers(0, 255, (480, 640, 3), dtype=np.uint8),
        intrinsics=CAMERA,
        source="made up",
        side=side,
        joints_2d=CAMERA.project(joints_3d),
        visible=np.ones(21, dtype=bool),
        joints_3d=joints_3d,
        pose=pose,
        shape=shape,
    )


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("augmentation", [STILL, LIVELY])
def test_labels_of_a_patch_agree_with_each_other(side, augmentation):
    for seed in range(5):
        patch = cut_sample(made_up(side, seed), augmentation, np.random.default_rng(seed))
        in_camera = patch.focal * patch.joints_3d[:, :2] / patch.joints_3d[:, 2:]
        in_patch = (in_camera - patch.center) / patch.side * PATCH_SIZE + PATCH_SIZE / 2
        np.testing.assert_allclose(in_patch, patch.joints_2d, atol=1e-6)
        pose = axis_angle_from_matrix(patch.rotations)
        bones = RIGHT.skeleton(pose[None], patch.shape[None], np.zeros((1, 3)))
        posed = RIGHT.keypoints(bones, "own")[0]
        np.testing.assert_allclose(posed - posed[0], patch.joints_3d - patch.joints_3d[0], atol=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_still_patch_is_upright_and_holds_the_hand_in_its_middle(side):
    patch = cut_sample(made_up(side), STILL, np.random.default_rng(0))
    along = patch.joints_2d[9] - patch.joints_2d[0]
    assert abs(along[0]) < 1e-6
    assert along[1] < 0
    low, high = patch.joints_2d.min(axis=0), patch.joints_2d.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, PATCH_SIZE / 2)
    assert (high - low).max() == pytest.approx(PATCH_SIZE / 1.6)
    assert patch.is_hand


def test_joints_are_where_the_picture_shows_them():
    """Bright spots in the picture stay under the labels, in a lively patch too."""
    sample = made_up("left", 3)
    image = np.zeros_like(sample.image)
    columns, rows = np.round(sample.joints_2d[[4, 20]]).astype(int).T
    for row, column in zip(rows, columns, strict=True):
        image[row - 2 : row + 3, column - 2 : column + 3] = 255
    patch = cut_sample(
        replace(sample, image=image), Augmentation(roll=0.5, scale=0.1, shift=0.05), np.random.default_rng(2)
    )
    for x, y in np.round(patch.joints_2d[[4, 20]]).astype(int):
        assert patch.image[y, x].min() > 200


def test_a_patch_depends_on_the_generator_alone():
    sample = made_up("right")
    first, again, other = (cut_sample(sample, LIVELY, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.joints_2d, again.joints_2d)
    assert not np.allclose(first.joints_2d, other.joints_2d)


def test_unknown_labels_stay_unknown():
    sample = made_up("right")
    known = Sample(sample.image, CAMERA, "x", "right", joints_2d=sample.joints_2d.copy(), visible=sample.visible)
    known.joints_2d[[0, 20]] = np.nan
    patch = cut_sample(known, LIVELY, np.random.default_rng(0))
    assert np.isnan(patch.joints_3d).all()
    assert np.isnan(patch.rotations).all()
    assert np.isnan(patch.shape).all()
    assert np.isnan(patch.joints_2d).any(axis=1).nonzero()[0].tolist() == [0, 20]


def test_a_hand_that_is_only_boxed_is_cut_by_its_box():
    image = np.zeros((480, 640, 3), np.uint8)
    image[100:200, 300:420] = 255
    boxed = Sample(image, CAMERA, "x", "right", box=np.array([300.0, 100.0, 420.0, 200.0]))
    patch = cut_sample(boxed, STILL, np.random.default_rng(0))
    assert patch.side == pytest.approx(1.6 * 120)
    assert patch.image[PATCH_SIZE // 2, PATCH_SIZE // 2].min() == 255
    assert patch.image.mean() / 255 == pytest.approx(120 * 100 / patch.side**2, rel=0.05)


def test_patches_of_pictures_without_a_hand_lie_anywhere():
    sample = made_up("right")
    empty = Sample(sample.image, CAMERA, "x")
    patches = [cut_sample(empty, LIVELY, np.random.default_rng(seed)) for seed in range(8)]
    assert not any(patch.is_hand for patch in patches)
    assert np.ptp([patch.center[0] for patch in patches]) > 100
    assert len({patch.image.shape for patch in patches}) == 1


def test_splits_go_by_source_and_cover_everything():
    sources = [f"set/{number // 3}" for number in range(3000)]
    rows = {split: rows_of(sources, split) for split in ("train", "val", "test")}
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(3000))
    origins = {split: {sources[row] for row in chosen} for split, chosen in rows.items()}
    assert not origins["train"] & (origins["val"] | origins["test"])
    assert not origins["val"] & origins["test"]
    assert 0.03 < len(rows["val"]) / 3000 < 0.07
    assert 0.03 < len(rows["test"]) / 3000 < 0.07


def test_splits_never_change():
    assert [split_of(f"kaust_rps/{number:04d}") for number in (0, 25, 26, 44)] == ["train", "val", "test", "val"]
