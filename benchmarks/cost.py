"""Measures what `dahyf capture` costs by the size of the picture, the number of hands, and the length of a clip.

The clips are made of the given one: scaled, looped, and for several hands its hand, cut out, side by side. Prints a
table in Markdown: time a frame without what comes before the first one (imports, networks), of which the network,
waiting for the decoder, the decoder itself (beside, in its own thread), and peak memory.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.speed import Image, looped, read_images, run_measured, write_clip
from dahyf_core.capture import load_capture

ONCE = ("importing", "loading networks", "reading the index")
COLUMNS = (
    "clip",
    "hands seen a frame",
    "ms a frame",
    "network",
    "detector",
    "waiting",
    "decoder, beside",
    "peak memory, MB",
)


@dataclass(frozen=True)
class Size:
    """columns, rows: of how many pictures side by side the frame consists."""

    width: int
    height: int
    columns: int = 1
    rows: int = 1
    frames: int = 100

    @property
    def hands(self) -> int:
        return self.columns * self.rows


SIZES = (
    Size(640, 360),
    Size(1280, 720),
    Size(1920, 1080),
    Size(3840, 2160),
    Size(1280, 640, columns=2),
    Size(720, 720, columns=2, rows=2),
    Size(640, 360, frames=250),
    Size(640, 360, frames=1500),
    Size(640, 360, frames=15000),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    clip = parser.parse_args().clip
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    with tempfile.TemporaryDirectory() as folder:
        hands = hands_of(clip)
        for size in SIZES:
            images = looped(clip) if size.hands == 1 else cycle(hands)
            cells = measure(write_clip(Path(folder) / "clip.mp4", pictures(images, size)), size)
            print(f"| {' | '.join(cells)} |", flush=True)


def hands_of(clip: Path) -> list[Image]:
    """Squares around the clip's hand, 2.5 times as wide as it, of all frames in which it is seen."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "hand.npz"
        run_measured(sys.executable, "-m", "dahyf_core", "capture", clip, "-o", output, "--max-hands", 1)
        joints = load_capture(output).raw_joints_2d[0]
    side = int(2.5 * np.nanmedian(np.ptp(joints, axis=1).max(axis=-1)))
    return [
        cv2.getRectSubPix(image, (side, side), points.mean(axis=0).tolist())
        for image, points in zip(read_images(clip), joints, strict=False)
        if np.isfinite(points).all()
    ]


def pictures(images: Iterable[Image], size: Size) -> Iterator[Image]:
    shape = size.width // size.columns, size.height // size.rows
    for image in islice(images, size.frames):
        scale = min(shape[0] / image.shape[1], shape[1] / image.shape[0])
        tile = np.zeros((shape[1], shape[0], 3), np.uint8)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        tile[: small.shape[0], : small.shape[1]] = small[: shape[1], : shape[0]]
        yield np.tile(tile, (size.rows, size.columns, 1))


def measure(clip: Path, size: Size) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "hands.npz"
        options = ("-o", output, "--max-hands", size.hands, "--profile", "--json")
        text, memory = run_measured(sys.executable, "-m", "dahyf_core", "capture", clip, *options)
        seen = np.isfinite(load_capture(output).raw_confidence).sum() / size.frames
    lines = [json.loads(line) for line in text.splitlines()]
    profile = next(line for line in lines if line["type"] == "profile")
    stages = profile["stages"]
    whole = sum(seconds for stage, seconds in stages.items() if stage not in ONCE)
    parts = [stages.get(name, 0.0) for name in ("running the network", "detecting hands", "waiting for frames")]
    times = [whole, *parts, profile["beside"]["decoding"]]
    name = f"{size.width} x {size.height}, {size.hands} hand{'s' * (size.hands > 1)}, {size.frames} frames"
    return [name, f"{seen:.1f}", *(f"{1e3 * seconds / size.frames:.1f}" for seconds in times), f"{memory:.0f}"]


if __name__ == "__main__":
    main()
