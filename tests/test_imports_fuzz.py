"""Damaged files of other tools by the hundred: an importer answers, or refuses in a sentence; nothing else."""

import json
import pickle

import numpy as np
import pytest
from capture_factory import default_intrinsics
from damage import damaged_bytes, damaged_json
from test_imports import (
    FRAMES,
    RATE,
    SIZE,
    Truth,
    amass_file,
    arctic_hands,
    foreign_bvh,
    hamer_output,
    tasks_result,
    wilor_mini_output,
    xr_positions,
)

from dahyf_core.errors import DahyfError
from dahyf_core.geometry import FROM_CAMERA
from dahyf_core.hand_model import load_hand_models
from dahyf_core.imports import ImportOptions, import_file

pytestmark = pytest.mark.filterwarnings("ignore")
TRIES = 25


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small file of every kind, by its name."""
    folder, models = tmp_path_factory.mktemp("originals"), load_hand_models()
    truth = Truth(models["right"], "right")
    (folder / "hamer.pkl").write_bytes(pickle.dumps([hamer_output([truth], n) for n in range(FRAMES)]))
    (folder / "wilor.pkl").write_bytes(pickle.dumps([wilor_mini_output([truth], n) for n in range(FRAMES)]))
    np.savez(folder / "objects.npz", results=np.array([hamer_output([truth], n) for n in range(2)], dtype=object))
    np.save(folder / "arctic.npy", arctic_hands([truth]))
    amass_file(folder / "amass.npz", truth, flat=True)
    np.save(folder / "right_hand.npy", truth.points("mediapipe") @ FROM_CAMERA["z"].T * 1000)
    frames = [tasks_result([truth], n, default_intrinsics()) for n in range(FRAMES)]
    (folder / "mediapipe.json").write_text(json.dumps(frames))
    recorded = [{"time": n / 72, "hands": {"right": xr_positions(truth, n)}} for n in range(FRAMES)]
    (folder / "openxr.json").write_text(json.dumps(recorded))
    foreign_bvh(folder / "skeleton.bvh", truth)
    torch = pytest.importorskip("torch")
    torch.save([{"global_orient": torch.zeros(1, 3), "hand_pose": torch.zeros(1, 45), "right": 1}], folder / "torch.pt")
    tensors = [torch.zeros(2, 3, size) for size in (3, 3, 45, 10)] + [torch.ones(2, 3, dtype=torch.bool)]
    (folder / "hawor.pth").write_bytes(pickle.dumps(tensors))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


NAMES = (
    "hamer.pkl", "wilor.pkl", "objects.npz", "arctic.npy", "amass.npz", "right_hand.npy", "mediapipe.json",
    "openxr.json", "skeleton.bvh", "torch.pt", "hawor.pth",
)  # fmt: skip


def answers(path, models):
    """Whether a file is imported. Otherwise it is refused in a sentence that names it."""
    options = ImportOptions(rate=RATE, side="right", size=SIZE, flat_hand_mean=True)
    try:
        import_file(path, models, options)
    except DahyfError as refusal:
        said = refusal.reason
    else:
        return True
    assert path.name in said
    assert "\n" not in said
    assert len(said) < 2_000
    return False


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes(files, tmp_path, name):
    models, rng = load_hand_models(), np.random.default_rng(7)
    (tmp_path / name).write_bytes(files[name])
    assert answers(tmp_path / name, models) or name == "arctic.npy"  # that needs MANO
    for _ in range(TRIES):
        (tmp_path / name).write_bytes(damaged_bytes(files[name], rng))
        answers(tmp_path / name, models)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".json")])
def test_hostile_values(files, tmp_path, name):
    models, rng = load_hand_models(), np.random.default_rng(8)
    for _ in range(TRIES):
        (tmp_path / name).write_text(damaged_json(files[name].decode(), rng), "utf-8", "surrogateescape")
        answers(tmp_path / name, models)
