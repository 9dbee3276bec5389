"""Damaged files by the hundred: each reader answers, or refuses with its own error; nothing else, and soon."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from capture_factory import make_capture
from damage import damaged_arrays, damaged_bytes, damaged_json
from footage_factory import numbered_picture, write_picture, write_video
from made_up_mano import made_up_mano, write_npz, write_official_pickle, write_pickle

from dahyf_core.capture import load_capture, save_capture
from dahyf_core.errors import CaptureFileError, DahyfError, DatasetError, FootageError, ModelFileError
from dahyf_core.footage import probe, read_frames
from dahyf_core.hand_model import load_hand_model
from dahyf_core.stills.boxes import read_boxes

pytestmark = pytest.mark.filterwarnings("ignore")

SEEDS = range(4)


def refused(read: Callable[[Path], object], path: Path, error: type[DahyfError]) -> bool:
    """Whether a file is refused, in sentences that name it."""
    try:
        read(path)
    except error as refusal:
        said = refusal.reason
    else:
        return False
    assert path.name in said
    assert len(said) < 2_000
    assert "\n" not in said
    return True


def decode_all(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = probe(path)
        for frame in read_frames(info, slice(None)):
            assert frame.image.shape == (info.height, info.width, 3)


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """A small file of every kind, by its ending."""
    folder = tmp_path_factory.mktemp("originals")
    save_capture(make_capture(frames=4), folder / "capture.npz")
    arrays = made_up_mano()
    write_npz(folder / "model.npz", arrays)
    write_pickle(folder / "model.pkl", arrays)
    write_official_pickle(folder / "official.pkl", arrays)
    for name, codec in (("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4"), ("a.mov", "mpeg4")):
        write_video(folder / name, 8, codec=codec)
    for name in ("a.png", "a.jpg", "a.webp", "a.tif"):
        write_picture(folder / name, numbered_picture(7))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("seed", SEEDS)
def test_captures_with_damaged_bytes(originals, tmp_path, seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        (tmp_path / "a.npz").write_bytes(damaged_bytes(originals["capture.npz"], rng))
        refused(load_capture, tmp_path / "a.npz", CaptureFileError)


@pytest.mark.parametrize("seed", SEEDS)
def test_forged_captures(originals, tmp_path, seed):
    rng = np.random.default_rng(seed)
    (tmp_path / "a.npz").write_bytes(originals["capture.npz"])
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        arrays = dict(file)
    answers = []
    for _ in range(60):
        np.savez(tmp_path / "a.npz", **damaged_arrays(arrays, rng))
        answers.append(refused(load_capture, tmp_path / "a.npz", CaptureFileError))
    assert any(answers)


@pytest.mark.parametrize("name", ["model.npz", "model.pkl", "official.pkl"])
def test_hand_models_with_damaged_bytes(originals, tmp_path, name):
    rng = np.random.default_rng(1)
    path = tmp_path / f"a{Path(name).suffix}"
    head = originals[name][:4_000]
    for number in range(40):
        damaged = damaged_bytes(head, rng) + originals[name][4_000:] if number % 2 else originals[name]
        path.write_bytes(damaged if number % 2 else damaged_bytes(damaged, rng))
        refused(load_hand_model, path, ModelFileError)


def test_short_pickles_of_any_opcodes(tmp_path):
    """Sequences of opcodes that no pickler writes, around the names that are known."""
    rng = np.random.default_rng(2)
    known = [b"numpy\nndarray", b"numpy\ndtype", b"scipy.sparse.csc\ncsc_matrix", b"_codecs\nencode", b"chumpy.ch\nCh"]
    names = [b"c" + name + b"\n" for name in known]
    for _ in range(400):
        words = [bytes([int(opcode)]) for opcode in rng.choice(list(b"(.0123aNbcdeghjlopqrtuX)]}\x85\x86\x87\x94"), 20)]
        words += [names[int(rng.integers(len(names)))], rng.bytes(4)]
        content = b"\x80\x02" + b"".join(words[int(place)] for place in rng.permutation(len(words))) + b"."
        (tmp_path / "a.pkl").write_bytes(content)
        assert refused(load_hand_model, tmp_path / "a.pkl", ModelFileError)


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes(tmp_path, seed):
    rng = np.random.default_rng(seed)
    good = {"image": "a.png", "box": [1, 2.5, 3, 4], "side": "left", "focal": 500, "principal": [32, 24]}
    for _ in range(100):
        (tmp_path / "boxes.json").write_text(damaged_json(json.dumps([good, good]), rng), errors="surrogatepass")
        refused(read_boxes, tmp_path / "boxes.json", DatasetError)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mov", "a.png", "a.jpg", "a.webp", "a.tif"])
def test_footage(originals, tmp_path, name):
    rng = np.random.default_rng(3)
    for _ in range(25):
        (tmp_path / name).write_bytes(damaged_bytes(originals[name], rng))
        refused(decode_all, tmp_path / name, FootageError)
