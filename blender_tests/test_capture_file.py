"""Files that are not captures, or are damaged, are refused in a sentence before anything is built."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from capture_factory import capture_arrays, footage, intrinsics, write_capture

from addon.backend.capture_file import read_capture
from addon.errors import CaptureFileError


def test_reads_what_the_core_writes(tmp_path: Path) -> None:
    capture = read_capture(write_capture(tmp_path / "clip.npz", capture_arrays(frames=4)))
    assert [hand.side for hand in capture.hands] == ["right", "left"]
    assert capture.hands[0].pose.shape == (4, 16, 3)
    assert float(capture.footage.rate) == pytest.approx(29.97, abs=1e-3)
    assert capture.intrinsics.width == 640


def test_no_hands_are_a_valid_capture(tmp_path: Path) -> None:
    assert read_capture(write_capture(tmp_path / "clip.npz", capture_arrays(sides=()))).hands == ()


def refusal(path: Path) -> str:
    with pytest.raises(CaptureFileError) as caught:
        read_capture(path)
    assert str(path) in caught.value.reason
    assert caught.value.remedy
    assert caught.value.exit_code == 6
    return caught.value.reason


def test_missing(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.npz")
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"MZ not a capture", b"PK\x03\x04 broken"])
def test_another_kind_of_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.npz"
    path.write_bytes(content)
    assert "is not a capture" in refusal(path)


def test_another_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "clip.npz", pose=np.zeros(3))
    assert "is not a capture" in refusal(tmp_path / "clip.npz")


def test_newer_schema(tmp_path: Path) -> None:
    arrays = capture_arrays() | {"schema_version": np.array(3)}
    assert "newer version (schema 3" in refusal(write_capture(tmp_path / "clip.npz", arrays))


def test_truncated(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "clip.npz", capture_arrays())
    path.write_bytes(path.read_bytes()[:-400])
    refusal(path)


def test_flipped_bytes(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "clip.npz", capture_arrays())
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64 * [0xA5])
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def replace(name: str, value: object) -> Callable[[dict], None]:
    return lambda arrays: arrays.update({name: np.asarray(value)})


def put(name: str, place: object, value: object) -> Callable[[dict], None]:
    return lambda arrays: arrays[name].__setitem__(place, value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("pose"), "pose is missing"),
        (replace("pose", np.zeros((2, 6, 15, 3), np.float32)), "pose has the shape"),
        (replace("pose", np.zeros((2, 6, 16, 3), np.complex64)), "pose is an array of complex64"),
        (replace("time", np.zeros(5)), "time has the shape"),
        (replace("side", ["right", "up"]), "neither left nor right"),
        (put("pose", (0, 2), np.nan), "pose does not agree with state"),
        (put("state", (0, 2), 9), "state has values outside 0 to 3"),
        (put("rest_joints", (0, 3), np.inf), "rest_joints has infinite values"),
        (lambda arrays: put("rest_joints", (0, 2), arrays["rest_joints"][0, 1])(arrays), "the length of a bone"),
        (put("faces", (0, 0, 0), 10_000), "faces has values outside"),
        (put("faces", (0, 0, 0), -1), "faces has values outside"),
        (put("parents", 3, 3), "do not form a hand"),
        (put("pose", (0, 2), 1e30), "pose has values outside"),
        (put("translation", (0, 2), 1e30), "translation has values outside"),
        (put("rest_vertices", (0, 2), 1e30), "rest_vertices has values outside"),
        (put("rest_joints", (0, 3), 9.0), "the length of a bone"),
        (put("confidence", (0, 2), 7.0), "confidence has values outside"),
        (put("skin_weights", 3, 0.9), "skin_weights"),
        (put("skin_weights", (3, 0), -1.0), "skin_weights"),
        (put("frame", 3, 2), "out of order"),
        (put("time", 3, 0.0), "out of order"),
        (put("frame", 5, 2**60), "frame has values outside"),
        (put("bone_names", 3, "index2"), "not MANO's"),
        (replace("meta", "{"), ""),
        (replace("meta", "[]"), ""),
        (replace("meta", "{}"), "its meta has no version"),
    ],
)
def test_damage_inside(tmp_path: Path, change: Callable[[dict], None], words: str) -> None:
    arrays = capture_arrays()
    change(arrays)
    reason = refusal(write_capture(tmp_path / "clip.npz", arrays))
    assert "is damaged" in reason
    assert words in reason


@pytest.mark.parametrize("camera", [intrinsics(fx=0.0), intrinsics(cx=float("nan")), intrinsics(width=-4)])
def test_impossible_cameras(tmp_path: Path, camera: dict) -> None:
    arrays = capture_arrays(intrinsics=camera)
    refusal(write_capture(tmp_path / "clip.npz", arrays))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    touched = tmp_path / "touched"

    class Malicious:
        def __reduce__(self) -> tuple:
            return Path.touch, (touched,)

    arrays = capture_arrays() | {"pose": np.array([Malicious()], dtype=object)}
    np.savez(tmp_path / "clip.npz", **arrays)
    assert "damaged" in refusal(tmp_path / "clip.npz")
    assert not touched.exists()


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "clip.npz", capture_arrays())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.npy", "w") as member:
        for _ in range(100):
            member.write(bytes(2**20))
    assert "unpack to 0.1 GB" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.npz")
    refusal(tmp_path / "clip.npz")


def test_names_that_are_too_long(tmp_path: Path) -> None:
    refusal(tmp_path / f"{'a' * 300}.npz")


@pytest.mark.parametrize(
    "changes",
    [
        {"rate": ["1e1000000000", 1]},
        {"rate": ["1e1000000000"]},
        {"rate": [10**17, 1]},
        {"rate": [25, 0]},
        {"rate": [1, 999_999_999]},
        {"rate": [True, True]},
        {"rate": 25},
        {"width": 10**9},
        {"width": "640"},
        {"width": 640.5},
        {"path": "a\0b"},
        {"path": "\ud800"},
        {"path": 5},
        {"kind": "film"},
        {"rotation": 45},
        {"constant_rate": 1},
    ],
    ids=str,
)
def test_impossible_footage(tmp_path: Path, changes: dict) -> None:
    arrays = capture_arrays(footage=footage(**changes))
    assert "is damaged" in refusal(write_capture(tmp_path / "clip.npz", arrays))


@pytest.mark.parametrize(
    "coefficients", [[0.1], [0.1] * 6, [0.1] * 5000, [1e300] * 5, ["0", "0", "0", "0", "0"]], ids=len
)
def test_lenses_of_other_models(tmp_path: Path, coefficients: list) -> None:
    arrays = capture_arrays(intrinsics=intrinsics() | {"distortion": coefficients})
    refusal(write_capture(tmp_path / "clip.npz", arrays))


@pytest.mark.parametrize("meta", ["[" * 100_000, '{"footage": ' * 5_000, "1" * 6_000, "NaN", "1e999"], ids=len)
def test_hostile_json(tmp_path: Path, meta: str) -> None:
    refusal(write_capture(tmp_path / "clip.npz", capture_arrays() | {"meta": np.array(meta)}))


def test_footage_whose_name_is_not_utf8(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "clip.npz", capture_arrays(footage=footage(path="/clips/\udcff.mp4")))
    assert os.fsencode(read_capture(path).footage.path) == b"/clips/\xff.mp4"
