"""Fine detail of drawn hands and of photographed ones, in patches as the network sees them.

python -m benchmarks spectrum PHOTOGRAPHS [--drawn FOLDER | --backgrounds FOLDER] [--count N]

PHOTOGRAPHS: a folder with index.json and mediapipe_labels.npz. Drawn hands come
from a set of `dahyf synth` or are drawn over photographs now.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics, crops_around, cut_patches
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis import Generator, SyntheticHands
from dahyf_core.synthesis.spectrum import fine_detail


def main() -> None:
    """Print the median, and the range that holds eight of ten."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    drawn = parser.add_mutually_exclusive_group(required=True)
    drawn.add_argument("--drawn", type=Path)
    drawn.add_argument("--backgrounds", type=Path)
    parser.add_argument("--count", type=int, default=300)
    given = parser.parse_args()
    for name, patches in (
        ("photographs", photographed(given.photographs, given.count)),
        ("drawn", drawn_now(given.backgrounds, given.count) if given.backgrounds else read(given.drawn, given.count)),
    ):
        detail = np.array([fine_detail(patch) for patch in patches])
        low, middle, high = np.quantile(detail, (0.1, 0.5, 0.9))
        print(f"{name:<12} {len(detail)} hands, fine detail {middle:+.2f} ({low:+.2f} to {high:+.2f})")


def photographed(folder: Path, count: int) -> Iterable[Image]:
    """Patches of hands that MediaPipe found."""
    index = json.loads((folder / "index.json").read_text())
    with np.load(folder / "mediapipe_labels.npz", allow_pickle=False) as labels:
        pictures, keypoints = labels["image_index"], labels["keypoints_2d"].astype(float)
    for row in np.random.default_rng(0).permutation(len(pictures))[:count]:
        picture = cv2.imread(str(folder / index[pictures[row]]["file"]), cv2.IMREAD_COLOR_RGB)
        yield cut(np.asarray(picture, np.uint8), keypoints[row])


def drawn_now(backgrounds: Path, count: int) -> Iterable[Image]:
    """Patches of hands that are drawn for this."""
    with Generator(load_hand_model(), backgrounds) as generator:
        for number in range(count):
            batch = generator.batch(range(number, number + 1))
            yield cut(batch.pictures[0], batch.labels.joints_2d_mediapipe[0])


def read(folder: Path, count: int) -> Iterable[Image]:
    """Patches of hands of a set."""
    hands = SyntheticHands(folder, load_hand_model())
    for row in np.linspace(0, len(hands) - 1, min(count, len(hands))).astype(int):
        sample = hands[int(row)]
        yield cut(sample.image, sample.joints_2d)


def cut(picture: NDArray[np.uint8], joints: Array) -> Image:
    """The patch around joints (21, 2) px."""
    height, width = picture.shape[:2]
    camera = Intrinsics(float(width), float(width), width / 2, height / 2, width, height, source="unknown")
    return cut_patches(picture, crops_around(joints[None].astype(float), np.zeros(1), np.array([False]), camera))[0]


if __name__ == "__main__":
    main()
