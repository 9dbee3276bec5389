"""Patches and their virtual cameras."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, cut_patches, upright_roll

WIDTH, HEIGHT = 640, 480
SQUARE = Intrinsics(700, 700, 320, 240, WIDTH, HEIGHT)
ODD = Intrinsics(700, 560, 250, 300, WIDTH, HEIGHT)

angles = st.floats(-np.pi, np.pi)
intrinsics_kinds = st.sampled_from([SQUARE, ODD])


@st.composite
def crops_of_one(draw: Callable[..., float]) -> Crops:
    return Crops(
        np.array([[draw(st.floats(-50, WIDTH + 50)), draw(st.floats(-50, HEIGHT + 50))]]),
        np.array([draw(st.floats(20, 900))]),
        np.array([draw(angles)]),
        np.array([draw(st.booleans())]),
        draw(intrinsics_kinds),
    )


def one_crop(
    center: tuple[float, float] = (320, 240),
    side: float = 224,
    roll: float = 0,
    mirrored: bool = False,
    intrinsics: Intrinsics = SQUARE,
) -> Crops:
    return Crops(np.array([center], dtype=float), np.array([side]), np.array([roll]), np.array([mirrored]), intrinsics)


def patch_points() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, PATCH_SIZE, size=(1, 9, 2))


@given(crops_of_one())
def test_to_patch_undoes_to_frame(crops: Crops) -> None:
    points = patch_points()
    assert crops.to_patch(crops.to_frame(points)) == pytest.approx(points)


@given(crops_of_one())
def test_the_affine_map_is_to_frame(crops: Crops) -> None:
    points = patch_points()
    homogeneous = np.concatenate([points, np.ones((1, 9, 1))], axis=-1)
    assert homogeneous[0] @ crops.frame_from_patch()[0].T == pytest.approx(crops.to_frame(points)[0])


@given(crops_of_one())
def test_the_middle_of_the_patch_is_the_center(crops: Crops) -> None:
    assert crops.to_frame([[[PATCH_SIZE / 2, PATCH_SIZE / 2]]])[0, 0] == pytest.approx(crops.center[0])


def test_an_upright_patch_spans_side_pixels_along_x() -> None:
    left, right = one_crop(side=100, intrinsics=ODD).to_frame([[[0, 112], [PATCH_SIZE, 112]]])[0]
    assert right - left == pytest.approx([100, 0])


@given(crops_of_one(), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.2, 3))
def test_a_patch_is_what_the_virtual_pinhole_sees(crops: Crops, x: float, y: float, depth: float) -> None:
    point = np.array([x, y, 1]) * depth
    in_patch = crops.to_patch(crops.intrinsics.project(point)[None, None])[0, 0]
    virtual = crops.to_virtual(point[None, None])[0, 0]
    virtual_pixel = crops.intrinsics.fx * virtual[:2] / virtual[2]
    scale = crops.side[0] / PATCH_SIZE
    assert virtual_pixel == pytest.approx(crops.virtual_center()[0] + (in_patch - PATCH_SIZE / 2) * scale, abs=1e-6)


@given(crops_of_one())
def test_virtual_axes_are_a_rotation_but_for_mirroring(crops: Crops) -> None:
    vectors = np.random.default_rng(2).normal(size=(1, 5, 3))
    virtual = crops.to_virtual(vectors)
    assert crops.to_camera(virtual) == pytest.approx(vectors)
    assert virtual[..., 2] == pytest.approx(vectors[..., 2])
    axes = crops.to_virtual(np.eye(3)[None])[0].T
    assert np.linalg.det(axes) == pytest.approx(-1 if crops.mirrored[0] else 1)


@given(crops_of_one())
def test_a_mirrored_patch_is_the_patch_of_the_mirrored_frame(crops: Crops) -> None:
    camera = crops.intrinsics
    flipped_camera = Intrinsics(camera.fx, camera.fy, -camera.cx, camera.cy, WIDTH, HEIGHT)
    flip = np.array([-1.0, 1.0])
    flipped = Crops(crops.center * flip, crops.side, crops.roll, ~crops.mirrored, flipped_camera)
    assert flipped.to_frame(patch_points()) == pytest.approx(crops.to_frame(patch_points()) * flip)


@given(crops_of_one(), angles)
def test_rolling_turns_the_patch_about_its_middle(crops: Crops, angle: float) -> None:
    rolled = Crops(crops.center, crops.side, crops.roll + angle, crops.mirrored, crops.intrinsics)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = patch_points()
    turned = (points - PATCH_SIZE / 2) @ turn.T + PATCH_SIZE / 2
    assert rolled.to_frame(turned) == pytest.approx(crops.to_frame(points))


@given(
    st.lists(st.floats(0, 400), min_size=2, max_size=2),
    angles,
    st.floats(20, 200),
    st.booleans(),
    intrinsics_kinds,
)
def test_upright_roll_points_the_hand_up(
    wrist: list[float], direction: float, length: float, mirrored: bool, intrinsics: Intrinsics
) -> None:
    knuckle = np.array(wrist) + length * np.array([np.cos(direction), np.sin(direction)])
    roll = upright_roll([wrist], [knuckle], [mirrored], intrinsics)
    crops = Crops(np.array([wrist]), np.array([300.0]), roll, np.array([mirrored]), intrinsics)
    start, end = crops.to_patch([[wrist, knuckle]])[0]
    assert (end - start)[0] == pytest.approx(0, abs=1e-6)
    assert end[1] < start[1]


def test_a_selection_is_crops_again() -> None:
    crops = Crops.concatenate([one_crop(side=50), one_crop(side=60, mirrored=True), one_crop(side=70)])
    assert len(crops) == 3
    assert crops[1].side.tolist() == [60]
    assert crops[-1].side.tolist() == [70]
    assert crops[np.array([True, False, True])].side.tolist() == [50, 70]
    assert crops[[2, 0]].side.tolist() == [70, 50]
    assert crops[1:].mirrored.tolist() == [True, False]


def test_no_crops() -> None:
    empty = Crops.empty(SQUARE)
    assert len(empty) == 0
    assert empty.to_frame(np.zeros((0, 21, 2))).shape == (0, 21, 2)
    assert cut_patches(np.zeros((HEIGHT, WIDTH, 3), np.uint8), empty).shape == (0, PATCH_SIZE, PATCH_SIZE, 3)
    assert len(Crops.concatenate([empty, one_crop()])) == 1


def ramp() -> np.ndarray:
    """A frame whose red and green say where a pixel is: x * 255 / WIDTH and y * 255 / HEIGHT."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x * 255 / WIDTH, y * 255 / HEIGHT, np.zeros_like(x)], axis=-1).round().astype(np.uint8)


@pytest.mark.parametrize(
    "crops",
    [
        one_crop(),
        one_crop(side=60, roll=1.0),
        one_crop(side=250, roll=-2.5, mirrored=True, intrinsics=ODD),
        one_crop(side=460, center=(300, 200), roll=0.4),
        one_crop(side=900, mirrored=True, roll=0.1),
    ],
)
def test_patch_pixels_show_their_frame_points(crops: Crops) -> None:
    (patch,) = cut_patches(ramp(), crops)
    y, x = np.mgrid[:PATCH_SIZE, :PATCH_SIZE]
    shown = crops.to_frame(np.stack([x, y], axis=-1).reshape(1, -1, 2))[0].reshape(PATCH_SIZE, PATCH_SIZE, 2)
    margin = crops.side[0] / PATCH_SIZE
    inside = ((shown > margin) & (shown < np.array([WIDTH, HEIGHT]) - 1 - margin)).all(axis=-1)
    assert inside.sum() > 10_000
    error = (patch[..., :2] - shown * 255 / [WIDTH, HEIGHT])[inside]
    assert np.abs(error).max() < 1.6
    assert np.abs(error.mean(axis=0)).max() < 0.3


def test_beyond_the_frame_its_border_is_repeated() -> None:
    (patch,) = cut_patches(ramp(), one_crop(center=(WIDTH - 1, 240), side=224))
    assert (patch[:, 113:, 0] == ramp()[0, -1, 0]).all()
    (outside,) = cut_patches(ramp(), one_crop(center=(-2000, 240), side=700))
    assert (outside[..., 0] == 0).all()


def test_large_crops_are_averaged_not_sparsely_sampled() -> None:
    checkers = np.indices((1200, 1200)).sum(axis=0) % 2 * 255
    frame = np.repeat(checkers[..., None], 3, axis=2).astype(np.uint8)
    (patch,) = cut_patches(frame, one_crop(center=(600, 600), side=900, roll=0.3))
    assert patch[20:-20, 20:-20].std() < 3
