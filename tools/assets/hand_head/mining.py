"""Ghosts: what the palm detector and the pose network find in photographs when little is asked of them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.camera import Crops, Lens
from dahyf_core.capture import replacing
from dahyf_core.datasets.files import list_pictures, read_image
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.pose import network_estimator
from dahyf_core.tracking import crops_from_joints, distinct

LEAST_SCORE = 0.06
"""Smallest score of a palm."""
PARTS = ((1, 1.0), (2, 0.6), (3, 0.42))
"""Numbers of overlapping parts along a side in which a picture is searched, and their sizes."""
SMALLEST_PART = 200
"""Pixels of a picture along its long side for each part."""


def mine(folders: Sequence[Path], path: Path, threads: int) -> list[dict[str, Any]]:
    """The ghosts in the pictures of folders: file, patch and presence. Kept in `path`, which is read if it is there.

    Hands are among them: who uses them goes by the places that were judged.
    """
    if path.exists():
        return json.loads(path.read_text())
    detector, estimator = PalmDetector(LEAST_SCORE, threads), network_estimator({}, threads)
    found: list[dict[str, Any]] = []
    for picture in [folder / file for folder in folders for file in list_pictures(folder)]:
        image = read_image(picture)
        crops, score = _palms(detector, image)
        if not len(crops):
            continue
        seen = estimator.observe(image, crops)
        seen = seen[distinct(seen.joints_2d, score)]
        closer = crops_from_joints(seen.joints_2d, seen.right_score < 0.5, crops.intrinsics)
        for kind, part in ((seen.crops, seen.presence), (closer, estimator.observe(image, closer).presence)):
            found += list(_rows(picture, kind, part))
    with replacing(path) as stream:
        stream.write(json.dumps(found).encode())
    return found


def _palms(detector: PalmDetector, image: Image) -> tuple[Crops, np.ndarray]:
    height, width = image.shape[:2]
    camera = Lens().intrinsics(width, height)
    crops, score = [Crops.empty(camera)], [np.zeros(0)]
    for count, share in PARTS:
        if max(height, width) < SMALLEST_PART * count:
            continue
        for y in np.linspace(0, (1 - share) * height, count):
            for x in np.linspace(0, (1 - share) * width, count):
                top, left = int(y), int(x)
                part = np.ascontiguousarray(image[top : top + int(share * height), left : left + int(share * width)])
                palms = detector.detect(part)
                here = crops_from_palms(palms, Lens().intrinsics(part.shape[1], part.shape[0]))
                crops.append(Crops(here.center + np.array([left, top]), here.side, here.roll, here.mirrored, camera))
                score.append(palms.score)
    return Crops.concatenate(crops), np.concatenate(score)


def _rows(picture: Path, crops: Crops, presence: np.ndarray) -> Iterator[dict[str, Any]]:
    for row in range(len(crops)):
        yield {
            "file": str(picture),
            "center": crops.center[row].tolist(),
            "side": float(crops.side[row]),
            "roll": float(crops.roll[row]),
            "mirrored": bool(crops.mirrored[row]),
            "presence": float(presence[row]),
        }
