"""Makes dahyf_core/assets/hand_detector.onnx again, or measures it. See docs/hand-detector.md.

    PYTHONPATH=.:tools/assets .env/core/bin/python -m hand_detector make DATA --work FOLDER [--stamps FOLDER]
    PYTHONPATH=.:tools/assets .env/core/bin/python -m hand_detector measure DATA --work FOLDER

DATA holds real_hands/ and backgrounds/. What is done stays in FOLDER, so that a stopped run goes on.
"""

import argparse
from pathlib import Path

import cv2
import torch

from dahyf_core.arrays import Image
from dahyf_core.datasets import Split
from dahyf_core.detection import HandDetector, PalmDetector
from dahyf_core.shipped import asset
from hand_detector.composer import Composer
from hand_detector.drawn import draw_cutouts, load_cutouts
from hand_detector.export import calibrate, export
from hand_detector.measuring import measure
from hand_detector.photographs import Photographs, backgrounds, labelled_photographs, save_photographs, shrunk
from hand_detector.training import TrainingSettings, train

DRAWN = {"train": 6000, "val": 750}
SEEDS = {"train": 1, "val": 2}
STAMP_SIDE = 160
LEAST_SCORE, GAIN = 0.41, 2.0
"""The focal loss draws scores together. From this one on, half-way through a training, `measure` counted one false hand
in ten pictures without hands."""
PALM_DETECTOR = asset("palm_detector.onnx")
LICENCE = "GPL-3.0-or-later; began as MediaPipe's palm detector, Apache-2.0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "measure"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="what is made on the way")
    parser.add_argument("--stamps", type=Path, help="a folder of RGBA pictures of things that are no hands")
    parser.add_argument("--steps", type=int, default=TrainingSettings().steps)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for split in ("train", "val"):
        _prepare(options.data, options.work, split)
    if options.what == "make":
        composer = _composer(options.work, "train", _stamps(options.stamps))
        net = train(composer, PALM_DETECTOR, options.work / "training", TrainingSettings(steps=options.steps))
        calibrate(net, LEAST_SCORE, GAIN)
        export(net, asset("hand_detector.onnx"), {"licence": LICENCE})
    composer = _composer(options.work, "val", [])
    scenes = Photographs(options.work / "backgrounds_val.npz")
    systems = {"MediaPipe's palm detector": PalmDetector(0.02, 1), "the hand detector": HandDetector(0.02, 1)}
    print(measure(systems, Photographs(options.work / "hands_val.npz"), composer, scenes))


def _prepare(data: Path, work: Path, split: Split) -> None:
    """Draws and shrinks what is not there yet."""
    work.mkdir(parents=True, exist_ok=True)
    draw_cutouts(data / "backgrounds", work / "cutouts", split, DRAWN[split], SEEDS[split])
    if not (path := work / f"backgrounds_{split}.npz").exists():
        save_photographs(path, backgrounds(data / "backgrounds", split))
    if not (path := work / f"hands_{split}.npz").exists():
        save_photographs(path, labelled_photographs(data / "real_hands", split))


def _composer(work: Path, split: Split, stamps: list[Image]) -> Composer:
    hands, scenes = (Photographs(work / f"{name}_{split}.npz") for name in ("hands", "backgrounds"))
    return Composer(load_cutouts(work / "cutouts", split), hands, scenes, stamps, SEEDS[split])


def _stamps(folder: Path | None) -> list[Image]:
    paths = sorted(folder.glob("*.png")) if folder else []
    pictures = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths)
    return [shrunk(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), STAMP_SIDE)[0] for picture in pictures]


if __name__ == "__main__":
    main()
