"""Input that hangs, fills the memory or is absurd: refused in a sentence, before any work, whoever made it."""

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest
from capture_factory import make_capture
from cli_runner import run
from footage_factory import cut_short, numbered_picture, write_picture, write_pictures, write_video
from made_up_mano import made_up_mano, write_npz, write_pickle

from dahyf_core.camera import Lens
from dahyf_core.capture import load_capture, save_capture
from dahyf_core.cleaning.settings import LostRule
from dahyf_core.cli.options import Lost
from dahyf_core.errors import CaptureFileError, DatasetError, FootageError, ModelFileError, SettingsError
from dahyf_core.footage import probe, read_frames, read_picture
from dahyf_core.hand_model import load_hand_model
from dahyf_core.shared.cleaning import LOST_RULES
from dahyf_core.shared.errors import ExitCode
from dahyf_core.stills.prediction import Prediction, write_predictions

ROOT = Path(__file__).parent.parent
MEMORY = 2 << 30
SECONDS = 60

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def test_the_add_on_shares_the_limits_and_tables():
    core, copy = ROOT / "dahyf_core" / "shared", ROOT / "addon" / "shared"
    assert {path.name for path in copy.glob("*.py")} == {path.name for path in core.glob("*.py")}
    for path in core.glob("*.py"):
        assert (copy / path.name).read_text() == path.read_text(), "cp dahyf_core/shared/*.py addon/shared/"


def test_the_exit_codes_are_documented():
    rows = re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "command-line.md").read_text(), flags=re.MULTILINE)
    assert list(map(int, rows)) == sorted(ExitCode)


def test_the_rules_of_lost_frames_are_the_same_everywhere():
    assert set(get_args(LostRule)) == {*Lost} == set(LOST_RULES)


# Outputs that are inputs


@pytest.fixture
def model(tmp_path):
    return write_npz(tmp_path / "MANO_RIGHT.npz", made_up_mano())


def link_to(path, kind):
    link = path.with_name("link.npz")
    if kind == "itself":
        return path
    (link.symlink_to if kind == "symbolic link" else link.hardlink_to)(path)
    return link


@pytest.mark.parametrize("kind", ["itself", "symbolic link", "hard link"])
@pytest.mark.parametrize("command", ["capture", "clean"])
def test_no_command_overwrites_the_hand_model(tmp_path, model, kind, command):
    clip = write_video(tmp_path / "clip.mp4")
    save_capture(make_capture(frames=3), tmp_path / "clip.npz")
    before = model.read_bytes()
    given = clip if command == "capture" else tmp_path / "clip.npz"
    result = run(command, given, "--hand-model", model, "-o", link_to(model, kind))
    assert result.exit_code == 7, result
    assert "MANO_RIGHT.npz, which is an input" in result.error["text"]
    assert model.read_bytes() == before


def test_no_preview_overwrites_a_picture_of_its_sequence(tmp_path):
    folder = write_pictures(tmp_path / "shots", range(4), size=(1280, 720))
    capture = make_capture(frames=4)
    save_capture(capture, tmp_path / "shots.npz")
    before = (folder / "shot_0002.png").read_bytes()
    result = run("preview", tmp_path / "shots.npz", "--footage", folder, "-o", folder / "shot_0002.png")
    assert result.exit_code in (3, 7), result
    assert (folder / "shot_0002.png").read_bytes() == before


def test_no_prediction_overwrites_its_boxes_or_pictures(tmp_path):
    picture = write_picture(tmp_path / "a.png", numbered_picture(3))
    odd = tmp_path / "picture.json"
    shutil.copy(picture, odd)
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps([{"image": str(odd), "box": [1, 1, 30, 30]}]))
    for output in (boxes, odd):
        before = output.read_bytes()
        assert run("predict", "--boxes", boxes, "-o", output).exit_code == 7
        assert output.read_bytes() == before


def test_names_of_outputs_that_no_file_can_have(tmp_path):
    clip = write_video(tmp_path / "clip.mp4")
    result = run("capture", clip, "-o", tmp_path / f"{'a' * 300}.npz")
    assert result.exit_code == 7
    assert "name" in result.error["text"]


@needs_pipes
def test_outputs_that_are_pipes(tmp_path):
    os.mkfifo(tmp_path / "out.npz")
    result = run("capture", write_video(tmp_path / "clip.mp4"), "-o", tmp_path / "out.npz")
    assert result.exit_code == 7
    assert "pipe" in result.error["text"]


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("capture", "{long}.mp4", "-o", "a.npz"), 3),
        (("info", "{long}.npz"), 6),
        (("preview", "{long}.npz", "-o", "a.png"), 6),
        (("predict", "{long}.png", "-o", "a.json"), 3),
        (("predict", "--boxes", "{long}.json", "-o", "a.json"), 8),
        (("clean", "clip.npz", "--hand-model", "{long}.npz"), 5),
    ],
)
def test_names_of_inputs_that_no_file_can_have(tmp_path, monkeypatch, arguments, exit_code):
    monkeypatch.chdir(tmp_path)
    save_capture(make_capture(frames=3), Path("clip.npz"))
    result = run(*(argument.format(long="a" * 300) for argument in arguments))
    assert result.exit_code == exit_code, result
    assert result.error["text"].endswith(".")


# Hand models


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda a: {"v_template": a["v_template"] * 1e6}, "m long"),
        (lambda a: {"v_template": a["v_template"] * 0}, "m long"),
        (lambda a: {"v_template": np.random.default_rng(0).normal(0, 0.05, (778, 3))}, "proportions"),
        (lambda a: {"weights": a["weights"] * 2}, "weights do not sum to one"),
        (lambda a: {"weights": np.eye(16)[np.zeros(778, int)] * 3 - 2 / 16}, "weights"),
        (lambda a: {"weights": a["weights"] + np.eye(16)[[1] * 778] - np.eye(16)[[2] * 778]}, "below zero"),
        (lambda a: {"J_regressor": a["J_regressor"] * 0}, "J_regressor do not sum"),
        (lambda a: {"J_regressor": np.full((16, 778), 1 / 778)}, "bones are 0"),
        (lambda a: {"v_template": a["v_template"] + np.eye(778)[:, [5]] * 0.3}, "from its bones"),
        (lambda a: {"shapedirs": a["shapedirs"] * 1e30}, "shapedirs"),
        (lambda a: {"posedirs": a["posedirs"] * 1e30}, "posedirs"),
        (lambda a: {"hands_mean": a["hands_mean"] + 1e300}, "hands_mean"),
    ],
)
def test_absurd_hand_models(tmp_path, change, named):
    arrays = made_up_mano()
    arrays["J_regressor"] = arrays["J_regressor"].toarray()
    path = tmp_path / "MANO_RIGHT.pkl"
    with pytest.raises(ModelFileError, match=named) as refusal:
        load_hand_model(write_pickle(path, arrays | change(arrays)))
    assert str(path) in refusal.value.reason
    assert "MANO_RIGHT.pkl" in refusal.value.remedy


def test_a_capture_that_could_not_be_read_is_not_written(tmp_path):
    capture = make_capture(frames=3)
    capture.rest_vertices[:] = 1e30
    with pytest.raises(CaptureFileError, match="rest_vertices has values outside"):
        save_capture(capture, tmp_path / "clip.npz")
    assert list(tmp_path.iterdir()) == []


def laughs(depth=40):
    """Lists each of which holds the one before twice."""
    value = []
    for _ in range(depth):
        value = [value, value]
    return pickle.dumps({"v_template": value})


def laughing_key():
    """A dictionary whose key is a tuple of the tuple before, twice, and so on: hashing it never ends."""
    return b"\x80\x02})" + b"2\x86" * 60 + b"K\x01s."


def repeated_in_a_sparse_matrix(count=300_000_000):
    """One element whose column says that it has very many."""
    arrays = made_up_mano()
    arrays["J_regressor"].indptr[1:] = count
    return pickle.dumps(arrays)


def wide_sparse_matrix():
    arrays = made_up_mano()
    arrays["J_regressor"]._shape = (1_000_000, 778)
    return pickle.dumps(arrays)


def far_memo(place=400_000_000):
    return b"\x80\x02}r" + place.to_bytes(4, "little") + b"."


def encoded_again_and_again():
    """A text of 1 MB of which each few bytes of the file ask for another copy."""
    call = b"h\x01h\x00\x85R"
    text = b"X" + (1 << 20).to_bytes(4, "little") + b"a" * (1 << 20) + b"q\x00"
    return b"\x80\x02](" + text + b"c_codecs\nencode\nq\x01" + call * 50_000 + b"e."


def long_integer():
    return b"I" + b"9" * 1_000_000 + b"\n."


HOSTILE_PICKLES = {
    made.__name__: made
    for made in (
        laughs,
        laughing_key,
        repeated_in_a_sparse_matrix,
        wide_sparse_matrix,
        far_memo,
        encoded_again_and_again,
        long_integer,
    )
}

READ_MODELS = """
import resource, sys
most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (most, most))
from pathlib import Path
from dahyf_core.errors import ModelFileError
from dahyf_core.hand_model import load_hand_model
for path in sys.argv[2:]:
    try:
        load_hand_model(Path(path))
    except ModelFileError as error:
        print(error.reason)
"""


def refusals_in_a_small_process(files):
    """Read models where only so much memory and time is left; what is said of each."""
    pytest.importorskip("resource", reason="memory cannot be limited on this system")
    command = [sys.executable, "-c", READ_MODELS, str(MEMORY), *map(str, files)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_hostile_pickles_cost_neither_time_nor_memory(tmp_path):
    files = []
    for name, made in HOSTILE_PICKLES.items():
        files.append(tmp_path / f"{name}.pkl")
        files[-1].write_bytes(made())
    reasons = refusals_in_a_small_process(files)
    assert len(reasons) == len(files), reasons
    for path, reason in zip(files, reasons, strict=True):
        assert str(path) in reason
        assert len(reason) < 500


def test_hostile_archives_of_hand_models(tmp_path):
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    for name, method in (("deflated", zipfile.ZIP_DEFLATED), ("lzma", zipfile.ZIP_LZMA)):
        with (
            zipfile.ZipFile(tmp_path / f"{name}.npz", "w", method) as archive,
            archive.open("v_template.npy", "w") as member,
        ):
            for _ in range(256 if name == "deflated" else 1):
                member.write(bytes(1 << 20))
    (tmp_path / "empty.npz").touch()
    files = sorted(tmp_path.iterdir())
    reasons = refusals_in_a_small_process(files)
    assert len(reasons) == len(files) == 4, reasons


def test_hostile_models_that_others_made(shared_data):
    files = sorted((shared_data / "faults" / "hand_models").glob("*"))
    if not files:
        pytest.skip("the folder of footage has no faults/hand_models")
    assert len(refusals_in_a_small_process(files)) == len(files)


@needs_pipes
def test_models_captures_and_boxes_that_are_pipes(tmp_path):
    for name in ("a.pkl", "a.npz", "a.json"):
        os.mkfifo(tmp_path / name)
    for name in ("a.pkl", "a.npz"):
        with pytest.raises(ModelFileError):
            load_hand_model(tmp_path / name)
    with pytest.raises(CaptureFileError, match="not a file"):
        load_capture(tmp_path / "a.npz")
    assert run("predict", "--boxes", tmp_path / "a.json", "-o", tmp_path / "out.json").exit_code == 8


# Captures


@pytest.mark.parametrize(
    "rate", [["1e1000000000", 1], ["1e1000000000"], [25, 0], [0, 25], [-25, 1], [10**17, 1], [1, 10**9], [25.5, 1], 25]
)
def test_rates_of_captures(tmp_path, rate):
    assert_meta_is_refused(tmp_path, "footage", "rate", rate)


@pytest.mark.parametrize("coefficients", [[0.1], [0.1] * 4, [0.1] * 6, [1e9] * 5, ["0"] * 5])
def test_lens_distortion_of_captures(tmp_path, coefficients):
    assert_meta_is_refused(tmp_path, "intrinsics", "distortion", coefficients)


def assert_meta_is_refused(folder, part, name, value):
    path = folder / "clip.npz"
    save_capture(make_capture(frames=3), path)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"]))
    meta[part][name] = value
    np.savez(path, **arrays | {"meta": np.array(json.dumps(meta))})
    with pytest.raises(CaptureFileError, match="is damaged"):
        load_capture(path)


# Settings


@pytest.mark.parametrize(
    "rate", ["1e1000000000", "1e9", "9" * 5_000, "1/0", "0", "-5", "nan", "1e-9", "99999999", "1_0"]
)
def test_rates_on_the_command_line(tmp_path, rate):
    write_pictures(tmp_path / "shots", range(3))
    result = run("capture", tmp_path / "shots", "-o", tmp_path / "a.npz", "--rate", rate)
    assert result.exit_code == 2, result


@pytest.mark.parametrize(
    "options",
    [
        {"fov_degrees": 1e-300},
        {"focal_px": 1e308},
        {"focal_px": 1e-308},
        {"focal_mm": 1e300, "sensor_mm": 1e-300},
        {"pinhole": (500.0, 500.0, 1e300, 0.0)},
        {"distortion": (1e300,)},
        {"distortion": (float("nan"),)},
        {"distortion": (0.1,) * 6},
    ],
    ids=str,
)
def test_lenses_that_no_camera_has(options):
    with pytest.raises(SettingsError):
        Lens(**options).intrinsics(640, 480)


def test_one_coefficient_of_distortion_is_the_first_of_five():
    assert Lens(fov_degrees=60, distortion=(0.1,)).intrinsics(640, 480).distortion == (0.1, 0, 0, 0, 0)


def test_predictions_are_finite_or_not_written(tmp_path):
    numbers = {name: np.zeros(3) for name in ("joints_3d", "joints_2d", "joints_2d_projected", "pose", "shape")}
    far = Prediction("a.png", np.arange(4.0), "left", 0.5, **numbers, translation=np.full(3, np.inf), focal=500.0)
    with pytest.raises(DatasetError, match=r"box \[0.0, 1.0, 2.0, 3.0\] of a.png"):
        write_predictions([far], tmp_path / "hands.json")
    assert list(tmp_path.iterdir()) == []


# Footage: no files, absurd forms


@needs_pipes
@pytest.mark.parametrize("name", ["clip.mp4", "clip.png", "shots/shot_0001.png"])
def test_pipes_and_devices_are_no_footage(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(FootageError):
        probe(path)
    with pytest.raises(FootageError):
        probe(path.parent if "shots" in name else Path(os.devnull))
    with pytest.raises(FootageError, match="not a file"):
        read_picture(path)


@needs_pipes
def test_a_pipe_among_the_pictures_of_a_sequence_is_none_of_them(tmp_path):
    folder = write_pictures(tmp_path / "shots", range(3))
    os.mkfifo(folder / "shot_0003.png")
    assert len(probe(folder)) == 3


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (16, 2000)])
def test_pictures_of_a_form_that_no_camera_gives(tmp_path, size):
    path = write_picture(tmp_path / "a.png", np.zeros((size[1], size[0], 3), np.uint8))
    with pytest.raises(FootageError, match=f"{size[0]} x {size[1]} pixels, a shape"):
        probe(path)


def test_videos_of_a_form_that_no_camera_gives(tmp_path):
    path = write_video(tmp_path / "a.mkv", 3, (16, 1600))
    with pytest.raises(FootageError, match="16 x 1600 pixels, a shape"):
        probe(path)


def test_pictures_of_too_many_pixels(tmp_path):
    """A file of 0.4 MB that unpacks to 1.2 GB."""
    result = subprocess.run([sys.executable, "-c", LARGE_PICTURE, tmp_path / "a.png"], cwd=ROOT, capture_output=True)
    assert b"too many pixels" in result.stdout, result.stderr


LARGE_PICTURE = """
import sys, zlib
from pathlib import Path
import dahyf_core
from dahyf_core.errors import FootageError
from dahyf_core.footage import probe
side, path = 20_000, Path(sys.argv[1])
def chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
packer = zlib.compressobj(1)
rows = b"".join([packer.compress(bytes(side + 1)) for _ in range(side)] + [packer.flush()])
head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
path.write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
try:
    probe(path)
except FootageError as error:
    print(error)
"""


def test_previews_of_upright_strips_stay_small(tmp_path):
    """The longest form that is taken, as one picture of one frame."""
    from dahyf_core.preview.sheet import TALLEST_TILE, _views

    capture = make_capture(frames=1)
    footage = capture.source.footage
    object.__setattr__(footage, "width", 64)
    object.__setattr__(footage, "height", 2048)
    (view,) = _views(capture, np.array([0]), 1872)
    assert view.size[1] <= 2 * TALLEST_TILE
    assert view.size[0] * view.size[1] < 10_000_000


# Footage: less, or other, than it promises


QUICK_VP8 = {"deadline": "realtime", "cpu-used": "8"}


@pytest.mark.parametrize(("suffix", "codec", "options"), [(".mkv", "libx264", {}), (".webm", "libvpx", QUICK_VP8)])
def test_a_cut_clip_says_how_much_is_there(tmp_path, recwarn, suffix, codec, options):
    path = write_video(tmp_path / f"a{suffix}", 50, (160, 120), codec=codec, picture=noise, options=options)
    probe(path)
    assert not recwarn.list
    there = r"ends early: only [01]\.\d\d of its 2\.00 seconds are there, \d\d of about 50 frames"
    with pytest.warns(UserWarning, match=there):
        info = probe(cut_short(path, 0.5))
    assert 10 < len(info) < 40


def noise(index, width, height):
    return np.random.default_rng(index).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_an_avi_that_repeats_frames_is_not_short(tmp_path, recwarn):
    """Empty chunks stand for frames that are shown again; the time is full without them."""
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index in range(20):
            if index not in (5, 6, 12):
                frame = av.VideoFrame.from_ndarray(noise(index, 160, 120), "rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    info = probe(path)
    assert not [str(warning.message) for warning in recwarn.list]
    assert len(info) == 17
    with pytest.warns(UserWarning, match="ends early: .* of its 20 frames"):
        probe(cut_short(path, 0.6))


@pytest.mark.parametrize(
    ("name", "options", "audio_seconds"),
    [
        ("a.mkv", {}, 4),
        ("a.mkv", {"live": "1"}, 1),
        ("a.webm", {"live": "1"}, 0),
        ("a.mp4", {"movflags": "frag_keyframe+empty_moov"}, 3),
        ("a.mp4", {}, 4),
        ("a.ts", {}, 3),
        ("a.flv", {}, 3),
    ],
)
def test_whole_clips_are_not_called_short(tmp_path, recwarn, name, options, audio_seconds):
    """With sound that is longer or shorter, without a stated length, in fragments."""
    path = tmp_path / name
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(
            "libvpx" if name == "a.webm" else "libx264", rate=25, options=QUICK_VP8 if name == "a.webm" else {}
        )
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=48000) if audio_seconds else None
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(numbered_picture(index), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            silence = np.zeros((1, 48000 * audio_seconds), np.float32)
            samples = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
            samples.sample_rate = 48000
            container.mux(sound.encode(samples))
            container.mux(sound.encode())
    assert len(probe(path)) == 50
    assert not [str(warning.message) for warning in recwarn.list]


MATRICES = {
    "mirrored": ((-1, 0, 0, 1), 0, "mirrored"),
    "upside down in a mirror": ((1, 0, 0, -1), 180, "mirrored"),
    "turned in a mirror": ((0, 1, 1, 0), 270, "mirrored"),
    "empty": ((0, 0, 0, 0), 0, "empty display matrix"),
    "turned": ((0, 1, -1, 0), 270, None),
    "turned back": ((0, -1, 1, 0), 90, None),
    "upside down": ((-1, 0, 0, -1), 180, None),
}


@pytest.mark.parametrize(("matrix", "rotation", "warning"), MATRICES.values(), ids=MATRICES)
def test_display_matrices(tmp_path, recwarn, matrix, rotation, warning):
    path = write_video(tmp_path / "a.mp4", 3, (64, 48))
    write_display_matrix(path, matrix)
    info = probe(path)
    said = [str(each.message) for each in recwarn.list]
    assert info.rotation == rotation
    assert (info.width, info.height) == ((48, 64) if rotation % 180 else (64, 48))
    assert len(said) == (warning is not None)
    assert warning is None or warning in said[0]
    assert next(read_frames(info, range(0, 1))).image.shape == (info.height, info.width, 3)


def write_display_matrix(path, matrix):
    """Put a 2 x 2 matrix into an MP4 file's track header, which holds it in 16.16 fixed point after 40 bytes."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (int(value) << 16 for value in matrix)
    whole = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4")
    content[start : start + 36] = whole.tobytes()
    path.write_bytes(content)


def test_a_pause_of_hours_is_named(tmp_path):
    path = write_video(tmp_path / "a.mkv", 4, milliseconds=[0, 40, 100_000_000, 100_000_040])
    with pytest.warns(UserWarning, match="pauses for 1667 minutes between its frames 1 and 2"):
        assert probe(path).rate == 25


@pytest.mark.parametrize(("name", "kind", "codec"), [("a.webp", "webp", "libwebp_anim"), ("a.png", "apng", "apng")])
def test_animations_of_ffmpeg_are_clips(tmp_path, name, kind, codec):
    with av.open(str(tmp_path / name), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgba" if kind == "apng" else "bgra"
        for index in range(5):
            image = np.dstack([numbered_picture(index), np.full((48, 64, 1), 255, np.uint8)])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgba").reformat(format=stream.pix_fmt)))
        container.mux(stream.encode())
    info = probe(tmp_path / name)
    assert (info.kind, len(info), info.rate) == ("video", 5, 10)


EXPECTED_OF_FAULTS = {
    "half.mkv": "3.48 of its 8.08 seconds are there",
    "ptall.png": "1 x 5000 pixels, a shape that no camera records",
    "rot_flip.mp4": "asks players to show it mirrored",
    "rot_zero.mp4": "empty display matrix",
    "t3.avi": None,
    "vanim.webp": None,
    "vanim_apng.png": None,
    "vgapday.mkv": "pauses for 1667 minutes",
    "vtall.mkv": "16 x 16000 pixels, a shape that no camera records",
}


@pytest.mark.parametrize("name", EXPECTED_OF_FAULTS)
def test_faulty_footage_that_others_made(shared_data, name):
    path = shared_data / "faults" / "footage" / name
    if not path.is_file():
        pytest.skip(f"the folder of footage has no {path}")
    result = run("info", path)
    said = [message["text"] for message in result.messages if message["type"] in ("warning", "error")]
    assert len(said) == (EXPECTED_OF_FAULTS[name] is not None)
    assert not said or EXPECTED_OF_FAULTS[name] in said[0]


def test_boxes_that_others_made(shared_data, tmp_path):
    files = sorted((shared_data / "faults" / "json").glob("[bf]_*.json"))
    if not files:
        pytest.skip("the folder of footage has no faults/json")
    for path in files:
        result = run("predict", "--boxes", path, "-o", tmp_path / "out.json")
        assert result.exit_code == 8, (path, result)
        assert list(tmp_path.iterdir()) == []
