"""The prediction for a hand in a still, as a value and as JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.capture import replacing
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import Side

DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Prediction:
    """One hand, in the hand model of its own side and the camera frame (x right, y down, z forward).

    image: path as it was given. box: (4,) left, top, width, height, px, as it was given, or around the located joints.
    confidence: 0 to 1. joints_3d: (21, 3) m, FreiHAND's keypoints in its order. joints_2d: (21, 2) px, as located in
    the picture, which is done for MediaPipe's keypoints. joints_2d_projected: (21, 2) px, of joints_3d. pose: (16, 3)
    axis-angle, the root's first. shape: (10,). translation: (3,) m. focal: px. vertices: (V, 3) m, or None.
    """

    image: str
    box: Array
    side: Side
    confidence: float
    joints_3d: Array
    joints_2d: Array
    joints_2d_projected: Array
    pose: Array
    shape: Array
    translation: Array
    focal: float
    vertices: Array | None = None

    def plain(self) -> dict[str, Any]:
        """The fields as values of JSON's types, rounded to DECIMALS; without vertices where there are none."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else np.round(value, DECIMALS).tolist()


def write_predictions(predictions: Iterable[Prediction], path: Path) -> int:
    """Write predictions as a JSON list as they arrive, whole or not at all. Returns their number.

    Raises OutputError, and DatasetError for a hand with an infinite value.
    """
    count = 0
    with replacing(path) as stream:
        stream.write(b"[")
        for count, prediction in enumerate(predictions, start=1):
            stream.write((",\n" if count > 1 else "\n").encode() + _json(prediction).encode())
        stream.write(b"\n]\n")
    return count


def _json(prediction: Prediction) -> str:
    try:
        return json.dumps(prediction.plain(), allow_nan=False)
    except ValueError as error:
        raise DatasetError(
            f"The hand in the box {prediction.box.tolist()} of {prediction.image} has an infinite size or distance.",
            "Check the box, the focal length and the principal point.",
        ) from error
