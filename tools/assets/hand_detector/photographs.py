"""Photographs of hands with the labels of MediaPipe Hands, and photographs to be backgrounds, to train from."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Lens
from dahyf_core.datasets import Split, split_of
from dahyf_core.datasets.files import list_pictures, read_image
from dahyf_core.datasets.handless import HAND_PRESENCE, possible_hands
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork

LONGEST = 400
LEAST_PALM = 0.25
"""Score from which a palm that has no label may be a hand, so that nothing is learned there."""
SURE_SIDE = 0.8
MOST_DECODED = 500

PEOPLE = {
    "0013": (0.10, 0.35, 0.35, 0.95),
    "0016": (0.30, 0.40, 0.80, 0.65),
    "0031": (0.90, 0.00, 1.00, 0.30),
    "0035": (0.40, 0.30, 0.80, 1.00),
    "0043": (0.20, 0.55, 0.65, 0.95),
    "0052": (0.00, 0.00, 1.00, 1.00),
    "0056": (0.05, 0.25, 0.95, 0.80),
    "0063": (0.25, 0.10, 1.00, 0.75),
    "0068": (0.00, 0.40, 0.30, 1.00),
    "0074": (0.00, 0.25, 0.40, 0.85),
    "0075": (0.15, 0.20, 1.00, 1.00),
    "0077": (0.20, 0.00, 0.65, 0.90),
    "0088": (0.10, 0.35, 0.95, 0.90),
    "0099": (0.15, 0.20, 0.95, 1.00),
    "0101": (0.15, 0.35, 0.85, 0.95),
    "0105": (0.45, 0.45, 0.80, 1.00),
    "0106": (0.10, 0.45, 0.35, 0.90),
    "0119": (0.00, 0.30, 1.00, 1.00),
    "0120": (0.25, 0.15, 0.85, 1.00),
}
"""Places in backgrounds, by the end of the file's name, where people have hands that no detector finds: left, top,
right and bottom in shares of the photograph. Marked by eye."""
HANDLESS = ("0027", "0039", "0127")
"""Backgrounds in which detectors see hands that are none."""


@dataclass(frozen=True)
class Photograph:
    """pixels: (H, W, 3) RGB. joints: (N, 21, 2) px. right, side_known: (N,). ignored: (M, 4) boxes."""

    pixels: Image
    joints: Array
    right: np.ndarray
    side_known: np.ndarray
    ignored: Array
    source: str = ""


def labelled_photographs(folder: Path, split: Split) -> list[Photograph]:
    """The labelled photographs of hands of a split, shrunk, with ignored boxes for what the palm detector sees more."""
    index = json.loads((folder / "index.json").read_text())
    with np.load(folder / "mediapipe_labels.npz") as stored:
        labels = {name: stored[name] for name in stored.files}
    detector, found = PalmDetector(LEAST_PALM, threads=1), []
    for number in np.unique(labels["image_index"]):
        entry = index[number]
        if split_of(entry["source"]) != split:
            continue
        rows = np.flatnonzero(labels["image_index"] == number)
        pixels, scale = shrunk(read_image(folder / entry["file"]))
        joints = labels["keypoints_2d"][rows].astype(float) * scale
        ignored = _hand_boxes(detector, pixels)
        ignored = ignored[[not _shown(box, joints) for box in ignored]] if len(ignored) else ignored
        right, known = labels["side"][rows] == "right", labels["handedness_score"][rows] > SURE_SIDE
        found.append(Photograph(pixels, joints, right, known, ignored, f"{entry['set']}/{entry['source']}"))
    return found


def backgrounds(folder: Path, split: Split) -> list[Photograph]:
    """Photographs without labels; what may be a hand in them is ignored."""
    detector, estimator, found = PalmDetector(0.3, 1), LandmarkEstimator(LandmarkNetwork(1), {}), []
    for name in list_pictures(folder):
        if split_of(str(Path(name).with_suffix(""))) != split:
            continue
        pixels, _ = shrunk(read_image(folder / name), 640)
        boxes, presence = possible_hands(detector, estimator, pixels)
        ignored = _corrected(name, boxes[presence > HAND_PRESENCE], pixels)
        nothing = np.zeros(0, bool)
        found.append(Photograph(pixels, np.zeros((0, 21, 2)), nothing, nothing, ignored, name))
    return found


def _corrected(name: str, boxes: Array, pixels: Image) -> Array:
    """The ignored boxes (M, 4) of a background, with what was seen by eye."""
    number = Path(name).stem[-4:]
    if number in HANDLESS:
        return np.zeros((0, 4))
    if number not in PEOPLE:
        return boxes
    return np.concatenate([boxes, [np.array(PEOPLE[number]) * np.tile(pixels.shape[1::-1], 2)]])


def save_photographs(path: Path, photographs: list[Photograph]) -> None:
    """One file without pickles: JPEG bytes, and the labels of all hands with the number of their picture."""
    files = [cv2.imencode(".jpg", each.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1] for each in photographs]
    count = range(len(photographs))
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as stream:
        np.savez(
            stream,
            bytes=np.concatenate(files),
            ends=np.cumsum([len(file) for file in files]),
            hand_of=np.repeat(count, [len(each.joints) for each in photographs]),
            joints=np.concatenate([each.joints for each in photographs]),
            right=np.concatenate([each.right for each in photographs]),
            side_known=np.concatenate([each.side_known for each in photographs]),
            box_of=np.repeat(count, [len(each.ignored) for each in photographs]),
            ignored=np.concatenate([each.ignored for each in photographs]),
            source=np.array([each.source for each in photographs]),
        )
    temporary.rename(path)


class Photographs:
    """The photographs of a file, kept as JPEG in memory, or decoded if they are few."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        starts = [0, *arrays["ends"][:-1]]
        self._files = [arrays["bytes"][start:end] for start, end in zip(starts, arrays["ends"], strict=True)]
        self._arrays = arrays
        count = np.arange(len(self._files) + 1)
        self._hands = np.searchsorted(arrays["hand_of"], count)
        self._boxes = np.searchsorted(arrays["box_of"], count)
        self.source = arrays["source"]
        few = len(self._files) <= MOST_DECODED
        self._decoded = [self._decode(row) for row in range(len(self._files))] if few else None

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, row: int) -> Photograph:
        hands, boxes = slice(*self._hands[row : row + 2]), slice(*self._boxes[row : row + 2])
        pixels = self._decode(row) if self._decoded is None else self._decoded[row]
        stored = self._arrays
        return Photograph(
            pixels,
            stored["joints"][hands],
            stored["right"][hands],
            stored["side_known"][hands],
            stored["ignored"][boxes],
            str(stored["source"][row]),
        )

    def _decode(self, row: int) -> Image:
        return np.asarray(cv2.imdecode(self._files[row], cv2.IMREAD_COLOR_RGB), np.uint8)


def shrunk(pixels: Image, longest: int = LONGEST) -> tuple[Image, float]:
    scale = min(1.0, longest / max(pixels.shape[:2]))
    if scale == 1:
        return pixels, 1.0
    size = [round(length * scale) for length in pixels.shape[1::-1]]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), scale


def _hand_boxes(detector: PalmDetector, pixels: Image) -> Array:
    """(N, 4) around the hands of detected palms."""
    crops = crops_from_palms(detector.detect(pixels), Lens().intrinsics(*pixels.shape[1::-1]))
    return np.concatenate([crops.center - crops.side[:, None] / 2, crops.center + crops.side[:, None] / 2], axis=1)


def _shown(box: Array, joints: Array) -> bool:
    """Whether a labelled hand is what a box is around."""
    palm = joints[:, [0, 5, 9, 13, 17]].mean(axis=1)
    side = (box[2:] - box[:2]).mean()
    near = np.abs(palm - (box[:2] + box[2:]) / 2).max(axis=1) < 0.35 * side
    extent = np.ptp(joints, axis=1).max(axis=1)
    return bool((near & (extent > 0.25 * side)).any())
