"""The label file of photographs, which the annotator writes and the data set `photographs` reads."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.capture import replacing
from dahyf_core.errors import DatasetError
from dahyf_core.files import is_file
from dahyf_core.shared.plain_arrays import read_plain_arrays

FORMAT, VERSION = "dahyf photograph labels", 1

_LAYOUT: dict[str, tuple[int, ...]] = {
    "picture_size": (2,),
    "focal": (),
    "joints_2d": (21, 2),
    "spread_2d": (21,),
    "world": (21, 3),
    "spread_3d": (21,),
    "pose": (16, 3),
    "shape": (10,),
    "translation": (3,),
    "joints_3d": (21, 3),
    "presence": (),
    "side_score": (),
    "moved": (),
    "residual_2d": (),
    "residual_3d": (),
}


@dataclass(frozen=True, eq=False)
class PhotoLabels:
    """N hands in the photographs of a folder.

    picture: (N,) its path, relative to the folder. source: (N,), shared by pictures of one
    origin. side: (N,) "left" or "right". picture_size: (N, 2) width and height, px. focal: (N,) px, assumed, of a
    camera whose principal point is the middle of the picture.

    Located: joints_2d (N, 21, 2) px, mean over test-time augmentation; spread_2d (N, 21) px, root mean square distance
    of the runs from it; world (N, 21, 3) m, camera axes, origin in the middle of the palm, mean of a network's 3D
    points; spread_3d (N, 21) m. Keypoints are MediaPipe's.

    Fitted: pose (N, 16, 3), shape (N, 10), translation (N, 3) m of the open hand of that side; joints_3d (N, 21, 3) m,
    camera frame, its "mediapipe" keypoints. NaN where the fit is not reliable.

    Quality: presence (N,) mean probability of a hand; side_score (N,) of this side; moved (N,) mean distance from the
    joints of the given label or the first detection, in sides of the hand's box; residual_2d (N,) root mean square
    distance of the fit from joints_2d, in sides of the box; residual_3d (N,) m, mean distance from `world` after
    alignment.
    """

    folder: Path
    picture: NDArray[np.str_]
    source: NDArray[np.str_]
    side: NDArray[np.str_]
    picture_size: Array
    focal: Array
    joints_2d: Array
    spread_2d: Array
    world: Array
    spread_3d: Array
    pose: Array
    shape: Array
    translation: Array
    joints_3d: Array
    presence: Array
    side_score: Array
    moved: Array
    residual_2d: Array
    residual_3d: Array

    def __len__(self) -> int:
        return len(self.picture)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_] | slice) -> "PhotoLabels":
        return PhotoLabels(self.folder, **{name: getattr(self, name)[index] for name in ARRAYS})

    @property
    def box_side(self) -> Array:
        """(N,) px, the long side of the upright rectangle around all joints."""
        return box_side(self.joints_2d)

    def intrinsics(self, row: int) -> Intrinsics:
        """The camera of one hand's picture."""
        width, height = (int(length) for length in self.picture_size[row])
        return Lens(focal_px=float(self.focal[row])).intrinsics(width, height)


ARRAYS = tuple(field.name for field in fields(PhotoLabels) if field.name != "folder")


def box_side(joints_2d: Array) -> Array:
    """(..., 21, 2) px -> (...)."""
    return (joints_2d.max(axis=-2) - joints_2d.min(axis=-2)).max(axis=-1)


def save_labels(labels: PhotoLabels, path: Path) -> None:
    """Write a .npz of the fields, plain arrays, whole or not at all. Raises OutputError."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "folder": str(labels.folder.resolve()),
        "keypoints": "mediapipe",
        "hand_model": "open_hand",
    }
    arrays = {name: getattr(labels, name) for name in ARRAYS}
    numbers = {name: arrays[name].astype(np.float32) for name in _LAYOUT}
    with replacing(path) as stream:
        np.savez_compressed(stream, header=np.array(json.dumps(header)), **(arrays | numbers))


def load_labels(path: Path) -> PhotoLabels:
    """Read what `save_labels` wrote. Raises DatasetError when the file is missing, damaged, or something else."""
    remedy = "Make it with `dahyf annotate`."
    if not is_file(path):
        raise DatasetError(f"There is no label file {path}.", remedy)
    try:
        file = read_plain_arrays(path)
        header = json.loads(file["header"].item())
        arrays = {name: file[name] for name in ARRAYS}
        if (header["format"], header["version"]) != (FORMAT, VERSION):
            raise ValueError(f"it is {header['format']}, version {header['version']}")
        for name, shape in _LAYOUT.items():
            if arrays[name].shape != (len(arrays["picture"]), *shape):
                raise ValueError(f"{name} has the shape {arrays[name].shape}")
            arrays[name] = arrays[name].astype(float)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(
            f"{path} is not a file of photograph labels of version {VERSION}: {error}.", remedy
        ) from error
    return PhotoLabels(Path(header["folder"]), **arrays)
