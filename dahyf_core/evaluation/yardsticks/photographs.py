"""Compares located joints with MediaPipe's on real photographs whose sources training never sees.

There are two references: one run of MediaPipe Hands on the photograph, and the mean of its network over test-time
augmentation where its runs agree. The error to the first is zero for MediaPipe Hands by construction.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets import Photographs
from dahyf_core.evaluation.yardsticks.inputs import Inputs, samples
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.synthetic import in_patches
from dahyf_core.evaluation.yardsticks.systems import System, gather
from dahyf_core.metrics import epe

NAME = "photographs"
SAME_HAND_PX = 40.0
"""Distance in pixels of a patch. Labels of one photograph that are farther apart belong to two hands."""


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Errors in pixels of the patch, 224 wide, 1.6 times as wide as the hand's box."""
    dataset = inputs.photographs()
    rows = inputs.rows(len(dataset))
    truth = list(samples(dataset, rows))
    agreed = in_patches(truth, np.array([sample.joints_2d for sample in truth]))
    steady = np.array([sample.visible for sample in truth])
    given = in_patches(truth, given_joints(dataset, rows, inputs))
    given[epe(given, agreed) > SAME_HAND_PX] = np.nan
    sources = [sample.source for sample in truth]
    for system in systems:
        tell = Teller(NAME, system.name)
        answers = [system.look(sample) for sample in truth]
        seen = np.array([answer is not None for answer in answers])
        yield tell.share("found", seen, sources)
        if not seen.any():
            continue
        found = gather(answers)
        located = in_patches(truth, found.joints_2d)
        yield tell.spread("EPE, located, to looks that agree", "px at 224", epe(located, agreed, steady), sources)
        yield tell.spread("EPE, located, to one MediaPipe run", "px at 224", epe(located, given), sources)
        if np.isfinite(found.joints_2d_projected).any():
            projected = in_patches(truth, found.joints_2d_projected)
            yield tell.spread(
                "EPE, projected, to looks that agree", "px at 224", epe(projected, agreed, steady), sources
            )


def given_joints(dataset: Photographs, rows: NDArray[np.integer], inputs: Inputs) -> Array:
    """(N, 21, 2) px: in each photograph, MediaPipe's hand that is nearest to the label; NaN if there is none."""
    folder = inputs.data / "real_hands"
    files = [picture["file"] for picture in json.loads((folder / "index.json").read_text())]
    with np.load(folder / "mediapipe_labels.npz", allow_pickle=False) as file:
        index, keypoints = file["image_index"], file["keypoints_2d"] - 0.5  # to pixels with whole centres
    hands: dict[str, list[Array]] = {}
    for picture, points in zip(index, keypoints, strict=True):
        hands.setdefault(files[picture], []).append(points)
    result = np.full((len(rows), 21, 2), np.nan)
    for number, row in enumerate(rows):
        joints = dataset.labels.joints_2d[row]
        same_picture = hands.get(str(dataset.labels.picture[row]), [])
        if same_picture:
            result[number] = min(same_picture, key=lambda points: float(epe(points[None], joints[None])[0]))
    return result
