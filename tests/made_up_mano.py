"""Made-up hands in the exact layout of the official MANO files, and those files in all their forms."""

import io
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
from scipy.sparse import csc_matrix

from dahyf_core.hand_model import load_hand_model

Arrays = dict[str, object]


def made_up_mano(side: str = "right", seed: int = 0) -> Arrays:
    """778 vertices of the open hand with random shape and pose directions; the left hand mirrors the right one."""
    rng = np.random.default_rng(seed)
    hand = load_hand_model()
    chosen = np.sort(rng.permutation(len(hand.vertices))[:778])
    vertices, weights = hand.vertices[chosen] + [0.09, 0.006, 0.006], hand.weights[chosen]
    shape_directions = rng.normal(0, 1e-3, (778, 3, 10))
    shape_directions[:, :, 0] = 0.05 * (vertices - vertices.mean(axis=0))
    pose_directions = rng.normal(0, 1e-4, (778, 3, 135))
    hands_mean = rng.normal(0, 0.2, 45)
    faces = rng.integers(0, 778, (1538, 3))
    if side == "left":
        mirror = np.array([-1.0, 1.0, 1.0])
        vertices, shape_directions = vertices * mirror, shape_directions * mirror[:, None]
        pose_directions = pose_directions * mirror[:, None] * np.tile(np.outer(mirror, mirror).ravel(), 15)
        hands_mean, faces = hands_mean * np.tile(-mirror, 15), faces[:, ::-1]
    regressor = np.where(weights > 0.3, weights, 0).T
    regressor /= regressor.sum(axis=1, keepdims=True)
    parents = np.array([4294967295, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14])
    return {
        "hands_components": rng.normal(size=(45, 45)),
        "f": faces.astype(np.uint32),
        "J_regressor": csc_matrix(regressor),
        "kintree_table": np.stack([parents, np.arange(16)]).astype(np.uint32),
        "J": regressor @ vertices,
        "weights": weights,
        "posedirs": pose_directions,
        "v_template": vertices,
        "shapedirs": shape_directions,
        "hands_mean": hands_mean,
        "hands_coeffs": rng.normal(size=(1554, 45)),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def write_pickle(path: Path, arrays: Arrays) -> Path:
    """As smplx can read it: without chumpy."""
    path.write_bytes(pickle.dumps(arrays))
    return path


def write_npz(path: Path, arrays: Arrays) -> Path:
    """The same names, the regressor dense."""
    dense = {name: value.toarray() if name == "J_regressor" else value for name, value in arrays.items()}
    np.savez(path, **dense)
    return path


def write_official_pickle(path: Path, arrays: Arrays) -> Path:
    """As the official files are: by Python 2, strings for bytes, shape directions a chumpy selection of 10 from 20."""
    shape_directions = arrays["shapedirs"]
    all_directions = np.concatenate([shape_directions, np.full((778, 3, 10), np.nan)], axis=2)
    with _chumpy() as (ch, reordering):
        selection = reordering.Select()
        selection.a = ch.Ch()
        selection.a.x = all_directions
        selection.a._dirty_vars = {"x"}
        selection.idxs = np.arange(all_directions.size).reshape(778, 3, 20)[:, :, :10].ravel()
        selection.preferred_shape = (778, 3, 10)
        path.write_bytes(_python2_pickle({**arrays, "shapedirs": selection}))
    return path


class _Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_python2_string(self, text: bytes) -> None:
        self.write(pickle.BINSTRING + len(text).to_bytes(4, "little") + text)
        self.memoize(text)

    dispatch[bytes] = save_python2_string


def _python2_pickle(value: object) -> bytes:
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(value)
    old_names = {b"cnumpy._core.": b"cnumpy.core.", b"cscipy.sparse._csc\n": b"cscipy.sparse.csc\n"}
    written = file.getvalue()
    for new, old in old_names.items():
        written = written.replace(new, old)
    return written


@contextmanager
def _chumpy() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Modules chumpy.ch and chumpy.reordering with empty classes, for as long as a file is written."""
    modules = {name: ModuleType(name) for name in ("chumpy", "chumpy.ch", "chumpy.reordering")}
    for module, name in (("chumpy.ch", "Ch"), ("chumpy.reordering", "Select")):
        setattr(modules[module], name, type(name, (), {"__module__": module}))
    sys.modules.update(modules)
    try:
        yield modules["chumpy.ch"], modules["chumpy.reordering"]
    finally:
        for name in modules:
            del sys.modules[name]
