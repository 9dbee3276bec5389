"""Mesh and joints over footage: where they are drawn, and what the video and the picture hold."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from capture_factory import make_capture
from footage_factory import number_of, write_picture, write_video
from hypothesis import given
from hypothesis import strategies as st

from dahyf_core.camera import Intrinsics
from dahyf_core.cleaning import State
from dahyf_core.errors import FootageError, OutputError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.preview import (
    CapturedFootage,
    draw_mesh,
    skin,
    without_cleaning,
    write_sheet,
)
from dahyf_core.preview import (
    write_video as write_preview,
)
from dahyf_core.preview.overlay import draw_hands
from dahyf_core.preview.sheet import choose_frames
from dahyf_core.preview.view import View

CAMERA = Intrinsics(500, 500, 160, 120, 320, 240)
RED = (255, 0, 0)
ONE_HAND = make_capture(frames=1, sides=["right"])


def sphere(centre, radius, turns=48):
    """Vertices and faces, counter-clockwise seen from outside."""
    around, down = np.meshgrid(np.arange(turns) / turns * 2 * np.pi, np.linspace(0, np.pi, turns))
    points = np.stack([np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], axis=-1)
    index = np.arange(turns * turns).reshape(turns, turns)
    a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
    c, d = index[1:], np.roll(index, -1, axis=1)[1:]
    faces = np.concatenate([np.stack([a, c, b], axis=-1), np.stack([b, c, d], axis=-1)]).reshape(-1, 3)
    return np.array(centre) + radius * points.reshape(-1, 3), faces


def black(camera=CAMERA):
    return np.zeros((camera.height, camera.width, 3), np.uint8)


@pytest.mark.parametrize("distance", [0.3, 1.0, 4.0])  # each has a different number of samples a pixel
def test_a_sphere_covers_the_pixels_that_see_it(distance):
    image = black()
    centre = np.array([0.02, -0.01, 1.0]) * distance
    draw_mesh(image, *sphere(centre, 0.2 * distance), CAMERA, (255, 255, 255))
    x, y = np.meshgrid(np.arange(320), np.arange(240))
    rays = np.stack([(x - CAMERA.cx) / CAMERA.fx, (y - CAMERA.cy) / CAMERA.fy, np.ones(x.shape)], axis=-1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    miss = np.linalg.norm(np.cross(rays, centre), axis=-1) / distance
    covered = image.any(axis=-1)
    assert covered[miss < 0.196].all()
    assert not covered[miss > 0.204].any()


def test_light_comes_from_above_and_edges_are_darker():
    image = black()
    draw_mesh(image, *sphere((0, 0, 1), 0.2), CAMERA, (200, 200, 200))
    centre, above, below, edge = image[120, 160, 0], image[80, 160, 0], image[160, 160, 0], image[120, 256, 0]
    assert above > below
    assert edge < centre
    assert image.max() <= 255


def test_opacity_blends():
    opaque, half, nothing = black(), black(), black()
    for image, opacity in ((opaque, 1.0), (half, 0.5), (nothing, 0.0)):
        draw_mesh(image, *sphere((0, 0, 1), 0.2), CAMERA, (150, 80, 40), opacity)
    np.testing.assert_allclose(half, opaque / 2, atol=1)
    assert not nothing.any()


def test_a_nearer_part_hides_a_farther_one():
    far, far_faces = sphere((0, 0, 1.4), 0.1)
    near, near_faces = sphere((0.03, 0, 1.0), 0.03)
    alone, both = black(), black()
    draw_mesh(alone, near, near_faces, CAMERA, RED)
    for order in ([(far, far_faces), (near, near_faces)], [(near, near_faces), (far, far_faces)]):
        (first, first_faces), (second, second_faces) = order
        draw_mesh(
            both, np.concatenate([first, second]), np.concatenate([first_faces, second_faces + len(first)]), CAMERA, RED
        )
        covered = cv2.erode(alone.max(axis=-1), np.ones((3, 3))) > 0
        np.testing.assert_array_equal(both[covered], alone[covered])


@pytest.mark.parametrize("centre", [(0, 0, -1), (3, 0, 1), (0, -3, 1)], ids=["behind", "right of", "above"])
def test_what_the_camera_does_not_see_is_not_drawn(centre):
    image = black()
    draw_mesh(image, *sphere(centre, 0.2), CAMERA, RED)
    assert not image.any()


def test_a_mesh_around_the_camera_or_without_values_does_no_harm():
    vertices, faces = sphere((0, 0, 0.1), 0.3)
    draw_mesh(black(), vertices, faces, CAMERA, RED)
    image = black()
    draw_mesh(image, np.full_like(vertices, np.nan), faces, CAMERA, RED)
    assert not image.any()


def test_the_lens_distortion_moves_the_mesh():
    camera = replace(CAMERA, distortion=(-0.4, 0.1, 0.0, 0.0, 0.0))
    vertices, faces = sphere((0.25, 0.15, 1), 0.01)
    image = black()
    draw_mesh(image, vertices, faces, camera, RED)
    rows, columns = np.nonzero(image[..., 0])
    expected = camera.project(np.array([0.25, 0.15, 1.0]))
    assert np.linalg.norm(expected - CAMERA.project(np.array([0.25, 0.15, 1.0]))) > 4
    np.testing.assert_allclose([columns.mean(), rows.mean()], expected, atol=0.3)


@pytest.mark.parametrize("side", ["left", "right"])
def test_skinning_equals_the_hand_model(side):
    model = load_hand_model(side=side)
    random = np.random.default_rng(3)
    pose, shape, translation = 0.4 * random.normal(size=(16, 3)), random.normal(size=10), np.array([0.1, -0.2, 0.6])
    rest = model.rest(shape)
    vertices = skin(rest.vertices, rest.joints, model.weights, model.parents, pose, translation)
    np.testing.assert_allclose(vertices, model(pose[None], shape[None], translation[None]).vertices[0], atol=1e-7)


@given(
    left=st.integers(0, 300),
    top=st.integers(0, 100),
    width=st.integers(50, 900),
    scale=st.floats(0.2, 3),
    point=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(0.4, 2)),
)
def test_a_view_moves_camera_and_pixels_alike(left, top, width, scale, point):
    camera = Intrinsics(900, 910, 600, 350, 1280, 720, (0.1, -0.05, 0.001, 0.002, 0.0))
    view = View(left, top, width, 600, scale)
    filmed = camera.project(np.array(point))
    np.testing.assert_allclose(view.intrinsics(camera).project(np.array(point)), view.pixels(filmed), atol=1e-6)


def test_a_view_shows_its_part_of_the_picture():
    image = black()
    image[100:104, 200:204] = 255
    view = View(left=180, top=90, width=80, height=60, scale=2)
    shown = view.picture(image)
    assert shown.shape == (120, 160, 3)
    rows, columns = np.nonzero(shown[..., 0] > 127)
    np.testing.assert_allclose([columns.mean(), rows.mean()], view.pixels(np.array([201.5, 101.5])), atol=0.1)


def test_hands_are_drawn_where_they_are_and_missing_ones_not():
    capture = make_capture(frames=20, unseen=range(8, 20))
    view = View.whole(1280, 720, 1920)
    image = np.zeros((720, 1280, 3), np.uint8)
    draw_hands(image, capture, 0, view)
    for x, y in capture.joints_2d[:, 0].reshape(-1, 2).round().astype(int):
        assert image[y, x].any()
    assert (capture.state[:, 15] == State.MISSING).all()
    image[:] = 0
    draw_hands(image, capture, 15, view)
    assert not image.any()


def test_poses_that_were_not_observed_have_another_colour():
    capture = make_capture(frames=1)
    pictures = []
    for state in (State.OBSERVED, State.REPLACED, State.INTERPOLATED):
        image = np.zeros((720, 1280, 3), np.uint8)
        draw_hands(image, replace(capture, state=np.full_like(capture.state, state)), 0, View.whole(1280, 720, 1280))
        pictures.append(image.reshape(-1, 3).astype(float).mean(axis=0))
    hues = [picture / picture.sum() for picture in pictures]
    assert all(np.abs(hues[a] - hues[b]).max() > 0.03 for a, b in ((0, 1), (0, 2), (1, 2)))


@given(
    state=st.lists(st.sampled_from([State.MISSING, State.OBSERVED, State.REPLACED]), min_size=1, max_size=60),
    count=st.integers(1, 20),
)
def test_chosen_frames_show_hands_where_there_are_any(state, count):
    capture = replace(ONE_HAND, state=np.array([state], np.uint8), frame=np.arange(len(state)))
    chosen = choose_frames(capture, count)
    with_hands = np.flatnonzero(np.array(state) != State.MISSING)
    candidates = with_hands if len(with_hands) else np.arange(len(state))
    assert len(chosen) == min(count, len(candidates))
    assert (np.diff(chosen) > 0).all()
    assert set(chosen) <= set(candidates)
    assert chosen[0] == candidates[0]


def capture_of(path: Path, frames: int = 12, size: tuple[int, int] = (320, 180), **options):
    """A capture that claims to be of this footage."""
    camera = Intrinsics(367, 367, size[0] / 2, size[1] / 2, *size)
    return make_capture(frames=frames, intrinsics=camera, footage=path, **options)


def decoded(path: Path) -> tuple[av.video.stream.VideoStream, list[av.VideoFrame]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream, list(container.decode(stream))


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "clip.mp4", size=(320, 180), rate=Fraction(30000, 1001))


@pytest.mark.filterwarnings("ignore:.*not the same file")
class TestVideo:
    def test_keeps_rate_length_and_pictures(self, clip, tmp_path):
        capture = capture_of(clip, sides=[])
        write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4")
        stream, frames = decoded(tmp_path / "out.mp4")
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(30000, 1001)
        assert [frame.time for frame in frames] == pytest.approx(capture.time, abs=1e-4)
        assert [number_of(frame.to_ndarray(format="rgb24")) for frame in frames] == list(range(12))

    def test_keeps_a_variable_rate(self, tmp_path):
        milliseconds = [0, 33, 100, 133, 300, 333, 400, 433, 500, 700, 733, 900]
        clip = write_video(tmp_path / "clip.mkv", size=(320, 180), milliseconds=milliseconds)
        capture = capture_of(clip, sides=[])
        record = replace(capture.source.footage, has_constant_rate=False)
        times = np.array(milliseconds) / 1000
        capture = replace(capture, time=times, source=replace(capture.source, footage=record))
        write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4")
        assert [frame.time for frame in decoded(tmp_path / "out.mp4")[1]] == pytest.approx(times, abs=1e-4)

    def test_a_range_starts_at_its_first_frame(self, clip, tmp_path):
        capture = capture_of(clip, frames=5, first_frame=4, sides=[])
        write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4")
        frames = decoded(tmp_path / "out.mp4")[1]
        assert frames[0].time == 0
        assert [number_of(frame.to_ndarray(format="rgb24")) for frame in frames] == [4, 5, 6, 7, 8]

    def test_odd_sizes_become_even(self, tmp_path):
        clip = write_video(tmp_path / "clip.mp4", size=(321, 181), frames=2, pixel_format="yuv444p")
        capture = capture_of(clip, frames=2, size=(321, 181))
        write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4")
        stream, frames = decoded(tmp_path / "out.mp4")
        assert (stream.width, stream.height, len(frames)) == (322, 182, 2)

    def test_large_footage_is_made_smaller(self, tmp_path):
        clip = write_video(tmp_path / "clip.mp4", size=(4096, 2160), frames=1)
        capture = capture_of(clip, frames=1, size=(4096, 2160))
        write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4")
        stream, _ = decoded(tmp_path / "out.mp4")
        assert (stream.width, stream.height) == (1920, 1012)

    def test_leaves_nothing_behind_when_it_fails(self, clip, tmp_path):
        capture = capture_of(clip)
        before = sorted(tmp_path.iterdir())

        def fail(done: int, total: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_preview(capture, CapturedFootage.find(capture), tmp_path / "out.mp4", fail)
        assert sorted(tmp_path.iterdir()) == before

    def test_says_when_it_cannot_write(self, clip, tmp_path):
        capture = capture_of(clip)
        with pytest.raises(OutputError, match="missing"):
            write_preview(capture, CapturedFootage.find(capture), tmp_path / "missing" / "out.mp4")


@pytest.mark.filterwarnings("ignore:.*not the same file")
class TestSheet:
    @pytest.mark.parametrize("suffix", [".png", ".jpg"])
    def test_is_a_picture_of_the_format_that_its_name_says(self, clip, tmp_path, suffix):
        capture = capture_of(clip)
        output = tmp_path / f"sheet{suffix}"
        write_sheet(capture, CapturedFootage.find(capture), output)
        assert output.read_bytes()[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
        assert cv2.imread(str(output)).shape[1] == 1920

    @pytest.mark.parametrize("frames", [1, 5, 40])
    def test_has_as_many_tiles_as_there_are_frames(self, clip, tmp_path, frames):
        capture = capture_of(clip)
        write_sheet(capture, CapturedFootage.find(capture), tmp_path / "sheet.png", frames)
        assert cv2.imread(str(tmp_path / "sheet.png")) is not None

    @pytest.mark.parametrize("size", [(320, 180), (180, 320)], ids=["landscape", "portrait"])
    def test_shows_footage_without_hands(self, tmp_path, size):
        clip = write_video(tmp_path / "clip.mp4", size=size, frames=6)
        capture = capture_of(clip, frames=6, size=size, sides=[])
        write_sheet(capture, CapturedFootage.find(capture), tmp_path / "sheet.png")
        assert cv2.imread(str(tmp_path / "sheet.png")).mean() > 30

    def test_shows_a_still(self, tmp_path):
        still = write_picture(tmp_path / "still.png", np.full((90, 160, 3), 90, np.uint8))
        capture = capture_of(still, frames=1, size=(160, 90))
        write_sheet(capture, CapturedFootage.find(capture), tmp_path / "sheet.png")
        assert cv2.imread(str(tmp_path / "sheet.png")) is not None


class TestFootage:
    def test_that_is_gone_is_asked_for(self, tmp_path):
        with pytest.raises(FootageError, match=r"gone\.mp4 is no longer there.*--footage"):
            CapturedFootage.find(capture_of(tmp_path / "gone.mp4"))

    def test_that_moved_is_found(self, clip, tmp_path):
        capture = capture_of(tmp_path / "gone.mp4")
        with pytest.warns(UserWarning, match="not the same file"):
            assert CapturedFootage.find(capture, clip).info.path == clip

    def test_that_is_mirrored_is_flipped_as_it_was_for_the_capture(self, clip):
        with pytest.warns(UserWarning, match="not the same file"):
            found = CapturedFootage.find(capture_of(clip, mirrored=True))
        assert number_of(found.picture(3)[:, ::-1]) == 3
        assert [number_of(picture[:, ::-1]) for _, picture in found.pictures()] == list(range(12))

    def test_of_another_size_is_refused(self, tmp_path):
        clip = write_video(tmp_path / "clip.mp4")
        with pytest.raises(FootageError, match=r"64 x 48 px.*320 x 180"):
            CapturedFootage.find(capture_of(clip))

    @pytest.mark.parametrize("first", [4, 30])
    def test_that_is_too_short_is_refused(self, clip, first):
        with pytest.raises(FootageError, match="lacks frames"):
            CapturedFootage.find(capture_of(clip, first_frame=first))


def test_raw_hands_are_those_of_the_estimator():
    capture = make_capture(frames=20, sides=["right"], unconfident=[5], unseen=[9, 10])
    models = {side: load_hand_model(side=side) for side in ("left", "right")}
    raw = without_cleaning(capture, models)
    assert raw.state[0].tolist() == [State.MISSING if index in (9, 10) else State.OBSERVED for index in range(20)]
    np.testing.assert_allclose(
        raw.pose[raw.state == State.OBSERVED], capture.raw_pose[raw.state == State.OBSERVED], atol=1e-5
    )
