"""The capture file: what is written is read again, what is wrong is refused, what fails leaves nothing behind."""

import errno
import json
import os
import pickle
import re
import resource
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from capture_factory import make_capture

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import load_capture, recleaned, save_capture
from dahyf_core.cleaning import CleaningSettings, ThresholdOverride
from dahyf_core.errors import CaptureFileError, ModelFileError, OutputError
from dahyf_core.export import export_capture
from dahyf_core.geometry import matrix_from_axis_angle
from dahyf_core.hand_model import load_hand_model
from dahyf_core.shared.capture_schema import ARRAYS

DOCUMENT = Path(__file__).parent.parent / "docs" / "capture-file.md"


@pytest.fixture(scope="module")
def capture():
    return make_capture(frames=12, unconfident=[3], unseen=[6, 7])


@pytest.fixture(scope="module")
def models():
    return {side: load_hand_model(side=side) for side in ("left", "right")}


@pytest.fixture
def saved(capture, tmp_path):
    path = tmp_path / "clip.npz"
    save_capture(capture, path)
    return path


def assert_same(first, second):
    assert first.source == second.source
    assert first.cleaning == second.cleaning
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
        assert getattr(first, name).dtype == getattr(second, name).dtype


def rewritten(path, **changes):
    """The archive at `path` with some arrays exchanged, or left out where the new value is None."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


# Round trip


@pytest.mark.parametrize("sides", [(), ("left",), ("right", "left"), ("right", "right", "left")])
@pytest.mark.parametrize("frames", [1, 12])
def test_captures_survive_the_file(tmp_path, sides, frames):
    intrinsics = Intrinsics(900.5, 880.25, 400.0, 310.0, 720, 1280, (0.1, -0.05, 0.001, 0.002, 0.01), "calibrated")
    capture = make_capture(frames, sides, Fraction(24000, 1001), intrinsics, first_frame=101, mirrored=True)
    save_capture(capture, tmp_path / "clip.npz")
    loaded = load_capture(tmp_path / "clip.npz")
    assert_same(loaded, capture)
    assert loaded.hands == len(sides)
    assert loaded.source.footage.rate == Fraction(24000, 1001)


def test_the_name_is_kept_as_given(capture, tmp_path):
    save_capture(capture, tmp_path / "clip.capture")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.capture"]


def test_plain_numpy_reads_it_as_documented(saved, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    monkeypatch.chdir(saved.parent)
    saved.rename("clip.npz")
    exec(compile(example, str(DOCUMENT), "exec"), {})
    assert capsys.readouterr().out.startswith("right [ 0  1  2")


def test_each_array_is_documented_with_its_shape_and_type():
    rows = re.findall(r"^\| `(\w+)` \| \(([^)]*)\) \| `?([^`|]*?)`? \|", DOCUMENT.read_text(), flags=re.MULTILINE)
    documented = {name: (dtype, tuple(re.findall(r"\w+", shape))) for name, shape, dtype in rows}
    expected = {name: (dtype, tuple(map(str, shape))) for name, (dtype, shape) in ARRAYS.items()}
    assert documented == expected | {"schema_version": ("int64", ()), "meta": ("str", ())}


def test_the_rest_pose_places_the_joints(capture, models):
    """What the add-on relies on: rest_joints, pose and translation alone give the bones."""
    for hand, side in enumerate(capture.side):
        rotations = matrix_from_axis_angle(capture.pose[hand, 0])
        rest = capture.rest_joints[hand].astype(float)
        joints = [rest[0] + capture.translation[hand, 0]]
        for bone in range(1, 16):
            parent = capture.parents[bone]
            rotations[bone] = rotations[parent] @ rotations[bone]
            joints.append(joints[parent] + rotations[parent] @ (rest[bone] - rest[parent]))
        first = slice(hand, hand + 1)
        skeleton = models[side].skeleton(capture.pose[first, 0], capture.shape[first], capture.translation[first, 0])
        np.testing.assert_allclose(joints, skeleton.joints[0], atol=1e-6)


def test_threshold_overrides_of_older_files_are_read_with_a_warning(capture, tmp_path):
    path = tmp_path / "old.npz"
    overrides = (ThresholdOverride(3, 9, 0.5),)
    save_capture(replace(capture, cleaning=CleaningSettings(threshold_overrides=overrides)), path)
    with np.load(path) as file:
        arrays = dict(file)
    arrays["meta"] = np.array(str(arrays["meta"]).replace("threshold_overrides", "floors"))
    np.savez(path, **arrays)
    with pytest.warns(UserWarning, match="now called threshold_overrides"):
        assert load_capture(path).cleaning.threshold_overrides == overrides


# Cleaning again


def test_cleaning_again_with_the_same_settings_changes_nothing(saved, capture, models):
    assert_same(recleaned(load_capture(saved), capture.cleaning, models), capture)


def test_cleaning_again_keeps_the_raw_arrays(capture, models):
    settings = CleaningSettings(lost="hold", finger_hz=1.0, threshold_overrides=(ThresholdOverride(3, 9, 0.5),))
    again = recleaned(capture, settings, models)
    assert again.cleaning == settings
    assert not np.array_equal(again.pose, capture.pose, equal_nan=True)
    for name in ARRAYS:
        if name.startswith("raw_"):
            np.testing.assert_array_equal(getattr(again, name), getattr(capture, name))


def test_cleaning_again_needs_the_same_hand_model(capture, models):
    mano = {side: replace(model, name="mano") for side, model in models.items()}
    with pytest.raises(ModelFileError, match="made with the hand model open_hand, not with mano"):
        recleaned(capture, CleaningSettings(), mano)
    other = {side: replace(model, sha256="f" * 64) for side, model in models.items()}
    with pytest.raises(ModelFileError, match="another version"):
        recleaned(capture, CleaningSettings(), other)


# Files that are no captures, or damaged, or malicious


def assert_refused(path, reason=None):
    with pytest.raises(CaptureFileError, match=reason) as caught:
        load_capture(path)
    assert str(path) in caught.value.reason
    assert caught.value.remedy.endswith(".")
    assert caught.value.exit_code == 6


def test_missing_file(tmp_path):
    assert_refused(tmp_path / "nowhere.npz", "does not exist")


def test_folder(tmp_path):
    assert_refused(tmp_path, "it is not a file")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello" * 1000, pickle.dumps([1, 2]), b"\x93NUMPY\x01\x00"])
def test_other_files(tmp_path, content):
    path = tmp_path / "clip.npz"
    path.write_bytes(content)
    assert_refused(path, "is not a capture file")


def test_other_archives(tmp_path):
    path = tmp_path / "clip.npz"
    np.savez(path, a=np.zeros(3))
    assert_refused(path, "is not a capture file: it has no meta and no schema_version")


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9, 0.999])
def test_truncated_file(saved, kept):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * kept)])
    assert_refused(saved, "is not a capture file")


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes(saved, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(saved.read_bytes())
    for place in rng.integers(0, len(content), 20):
        content[place] ^= int(rng.integers(1, 256))
    saved.write_bytes(content)
    assert_refused(saved)


def test_newer_schema(saved):
    rewritten(saved, schema_version=np.array(99), pose=None)
    assert_refused(saved, "newer version")


class Payload:
    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("name", ["pose", "meta", "schema_version"])
def test_pickles_are_refused_unopened(saved, tmp_path, name):
    payload = Payload()
    payload.folder = str(tmp_path / "executed")
    rewritten(saved, **{name: np.array([payload], dtype=object)})
    assert_refused(saved, "is an array of object")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ARRAYS)
def test_each_array_is_needed_in_its_type_and_shape(saved, name):
    with np.load(saved) as file:
        array = file[name]
    for wrong in (None, array.astype("complex64" if array.dtype.kind in "fiu" else "<U9"), array[None]):
        rewritten(saved, **{name: wrong})
        assert_refused(saved, name)


def test_arrays_must_agree_on_the_number_of_frames(saved, capture):
    rewritten(saved, pose=capture.pose[:, :-1])
    assert_refused(saved, r"pose has the shape \(2, 11, 16, 3\)")


def damage(name, index, value):
    def apply(path):
        with np.load(path) as file:
            array = file[name]
        array[index] = value
        rewritten(path, **{name: array})

    return apply


@pytest.mark.parametrize(
    ("apply", "reason"),
    [
        (damage("raw_pose", (0, 0, 0, 0), np.inf), "raw_pose has infinite values"),
        (damage("pose", (0, 0, 0, 0), np.nan), "pose does not agree with state"),
        (damage("raw_pose", (0, 0, 0, 0), np.nan), "raw_pose does not agree with raw_confidence"),
        (damage("state", (0, 0), 0), "does not agree with state"),
        (damage("state", (0, 0), 9), "state has values outside"),
        (damage("time", 3, np.nan), "time has missing values"),
        (damage("time", 3, 0.0), "out of order"),
        (damage("frame", 3, 0), "out of order"),
        (damage("faces", (0, 0, 0), 10**6), "faces has values outside"),
        (damage("side", 0, "up"), "side"),
        (damage("parents", 3, 7), "parents"),
    ],
)
def test_values_that_cannot_be(saved, apply, reason):
    apply(saved)
    assert_refused(saved, reason)


@pytest.mark.parametrize(
    "meta",
    ["", "[]", "null", "{}", '{"footage": {"rate": [1, 0]}}', "[" * 100_000],
)
def test_meta_that_is_no_capture(saved, meta):
    rewritten(saved, meta=np.array(meta))
    assert_refused(saved, "is damaged")


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("intrinsics", "fx", 0.0),
        ("intrinsics", "cx", float("nan")),
        ("intrinsics", "width", -5),
        ("footage", "rate", [0, 1]),
        ("footage", "rate", [30, 0]),
        ("cleaning", "threshold", "high"),
        ("hand_model", "sha256", "abc"),
    ],
)
def test_meta_that_cannot_be(saved, part, name, value):
    with np.load(saved) as file:
        meta = json.loads(str(file["meta"]))
    meta[part][name] = value
    rewritten(saved, meta=np.array(json.dumps(meta)))
    assert_refused(saved, "meta is not understood|is impossible")


def test_unknown_names_are_ignored(saved, capture):
    with np.load(saved) as file:
        meta = json.loads(str(file["meta"]))
    meta["cleaning"]["later"] = meta["later"] = 1
    rewritten(saved, meta=np.array(json.dumps(meta)), later=np.zeros(3))
    assert_same(load_capture(saved), capture)


def test_a_zip_bomb_is_refused_by_its_declared_size(saved):
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.npy", "w") as member:
        for _ in range(100):
            member.write(bytes(2**20))
    assert_refused(saved, "unpack to 0.1 GB")


@pytest.mark.parametrize("header", [b"(10000000000000,)", b"(9**9**9,)", b"(", b"()" * 5000])
def test_array_headers_that_lie(saved, header):
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["time.npy"] = _npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': " + header + b", }")
    with zipfile.ZipFile(saved, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert_refused(saved, "is damaged")


def _npy(header):
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(96)


# Writing


def failing_fsync(error):
    def fsync(descriptor):
        raise error

    return fsync


@pytest.mark.parametrize("write", [save_capture, export_capture])
def test_a_full_disk_leaves_the_folder_as_it_was(capture, tmp_path, monkeypatch, write):
    path = tmp_path / "out.json"
    path.write_text("before")
    monkeypatch.setattr(os, "fsync", failing_fsync(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write(capture, path)
    assert str(path) in caught.value.reason
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]
    assert path.read_text() == "before"


@pytest.mark.parametrize("write", [save_capture, export_capture])
def test_a_disk_that_fills_up_while_writing(capture, tmp_path, write):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            write(capture, tmp_path / "out.json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_the_folder_as_it_was(capture, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing_fsync(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        save_capture(capture, tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [save_capture, export_capture])
def test_a_missing_folder_is_named(capture, tmp_path, write):
    with pytest.raises(OutputError, match=r"nowhere.*No such file"):
        write(capture, tmp_path / "nowhere" / "out.json")


# JSON


def test_json_holds_the_cleaned_hands(tmp_path):
    capture = make_capture(frames=30, unseen=range(5, 25))
    path = tmp_path / "clip.json"
    export_capture(capture, path)
    document = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["meta"]["footage"]["rate"] == [30000, 1001]
    assert len(document["bones"]) == len(document["parents"]) == 16
    assert len(document["joints"]) == 21
    assert [hand["side"] for hand in document["hands"]] == ["right", "left"]
    for hand, exported in enumerate(document["hands"]):
        missing, frame = exported["frames"][10], exported["frames"][29]
        assert missing["state"] == "missing"
        assert missing["pose_axis_angle"] is missing["joints_2d"] is None
        assert frame["state"] == "observed"
        np.testing.assert_allclose(frame["pose_axis_angle"], capture.pose[hand, 29], atol=1e-6)
        np.testing.assert_allclose(frame["joints_3d"], capture.joints_3d[hand, 29], atol=1e-6)
        np.testing.assert_allclose(frame["wrist_position"], capture.wrist_position[hand, 29], atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(frame["pose_quaternion"], axis=1), 1, atol=1e-5)


def test_json_has_one_frame_a_line(capture, tmp_path):
    export_capture(capture, tmp_path / "clip.json")
    lines = (tmp_path / "clip.json").read_text().splitlines()
    frames = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"frame"')]
    assert [frame["frame"] for frame in frames] == [*range(12), *range(12)]


def test_json_without_hands(tmp_path):
    export_capture(make_capture(frames=3, sides=()), tmp_path / "clip.json")
    assert json.loads((tmp_path / "clip.json").read_text())["hands"] == []
