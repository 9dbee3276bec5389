"""The real camera: what users know about a lens, and projection with distortion."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.errors import SettingsError

WIDE_ANGLE = (-0.28, 0.09, 0.001, -0.0005, -0.01)


def test_without_knowledge_the_focal_length_is_the_diagonal() -> None:
    intrinsics = Lens().intrinsics(1280, 720)
    assert intrinsics.fx == intrinsics.fy == pytest.approx(math.hypot(1280, 720))
    assert (intrinsics.cx, intrinsics.cy) == (640, 360)
    assert intrinsics.source == "assumed: focal length = diagonal of the frame"


@pytest.mark.parametrize(
    ("lens", "focal_px", "source"),
    [
        (Lens(fov_degrees=90), 640, "horizontal field of view of 90 degrees"),
        (Lens(focal_px=900), 900, "focal length of 900 px"),
        (Lens(focal_mm=24, sensor_mm=36), 1280 * 24 / 36, "focal length of 24 mm on a sensor 36 mm wide"),
    ],
)
def test_each_way_to_state_the_focal_length(lens: Lens, focal_px: float, source: str) -> None:
    intrinsics = lens.intrinsics(1280, 720)
    assert intrinsics.fx == intrinsics.fy == pytest.approx(focal_px)
    assert intrinsics.source == source


def test_intrinsics_are_taken_as_given() -> None:
    intrinsics = Lens(pinhole=(1000, 1100, 630, 350), distortion=(0.1,)).intrinsics(1280, 720)
    assert (intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy) == (1000, 1100, 630, 350)
    assert intrinsics.distortion == (0.1, 0, 0, 0, 0)


def test_wide_pixels_shorten_the_horizontal_focal_length() -> None:
    intrinsics = Lens(fov_degrees=60).intrinsics(720, 576, pixel_aspect=16 / 11)
    assert intrinsics.fy / intrinsics.fx == pytest.approx(16 / 11)
    square = np.array([[0, 0, 1], [0.1, 0, 1], [0, 0.1, 1]])
    origin, right, down = intrinsics.project(square)
    assert (right[0] - origin[0]) * 16 / 11 == pytest.approx(down[1] - origin[1])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"fov_degrees": 0}, "field of view of 0 degrees is impossible"),
        ({"fov_degrees": 180}, "field of view of 180 degrees is impossible"),
        ({"focal_px": -5}, "focal length in pixels of -5 is impossible"),
        ({"focal_px": float("nan")}, "focal length in pixels of nan is impossible"),
        ({"focal_mm": 24}, "and a sensor width in mm belong together"),
        ({"sensor_mm": 36}, "and a sensor width in mm belong together"),
        ({"focal_mm": 24, "sensor_mm": 0}, "sensor width in mm of 0 is impossible"),
        ({"focal_px": 900, "fov_degrees": 60}, "more than one way"),
        ({"pinhole": (0, 900, 1, 1)}, "intrinsics .* are impossible"),
        ({"distortion": (0, 0, 0, 0, 0, 1)}, "distortion .* is not understood"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, float], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Lens(**settings)  # type: ignore[arg-type]


def test_distortion_that_folds_the_picture_is_refused() -> None:
    with pytest.raises(SettingsError, match="folds the picture"):
        Lens(fov_degrees=70, distortion=(-1.5,)).intrinsics(1280, 720)


def test_distortion_that_folds_the_corners_alone_is_warned_about() -> None:
    calibrated = (-0.014, 1.419, -0.0035, -0.0036, -6.394)
    lens = Lens(pinhole=(926.1, 925.8, 356.1, 355.2), distortion=calibrated)
    with pytest.warns(UserWarning, match="in the corners"):
        assert lens.intrinsics(720, 720).distortion == calibrated


@pytest.mark.parametrize("distortion", [(), WIDE_ANGLE])
@given(x=st.floats(0, 1279), y=st.floats(0, 719), depth=st.floats(0.1, 5))
def test_normalise_undoes_project(distortion: tuple[float, ...], x: float, y: float, depth: float) -> None:
    intrinsics = Intrinsics(1000, 950, 630, 370, 1280, 720, distortion)
    filmed = np.array([x, y])
    ray = np.append(intrinsics.normalise(filmed), 1.0)
    assert intrinsics.project(ray * depth) == pytest.approx(filmed, abs=1e-4)


@pytest.mark.parametrize("distortion", [(), WIDE_ANGLE])
def test_any_shape_and_missing_points(distortion: tuple[float, ...]) -> None:
    intrinsics = Intrinsics(1000, 950, 630, 370, 1280, 720, distortion)
    points = np.random.default_rng(0).normal(size=(2, 3, 21, 3)) * 0.1 + [0, 0, 1]
    points[1, 2, 5] = np.nan
    pixels = intrinsics.project(points)
    assert pixels.shape == (2, 3, 21, 2)
    assert np.isnan(pixels[1, 2, 5]).all()
    assert np.isfinite(pixels).sum() == pixels.size - 2
    assert pixels[0, 1, 7] == pytest.approx(intrinsics.project(points[0, 1, 7]))
    assert intrinsics.project(np.zeros((0, 21, 3))).shape == (0, 21, 2)
