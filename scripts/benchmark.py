#!/usr/bin/env python3
"""Measure `dahyf capture` against MediaPipe Hands, side by side on the same clips: speed, hands found, memory.

Both are whole programs that run one after the other, in turns, several rounds long. Seconds are those from opening a
clip to the result, the networks' loading included and the interpreter's start not; for dahyf they include the poses,
cleaning and the capture file, which MediaPipe has not. Each clip is looked through for one hand and for two, and once
more beside its mirror image, where there are two. MediaPipe gets an environment of its own, .env/mediapipe.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from mediapipe_environment import ROOT, SCRIPT, mediapipe_python
from numpy.typing import NDArray

from dahyf_core.capture import load_capture

MEMORY_FRAMES = (200, 2000)

MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A program that runs another and prints its peak resident set in KiB. It is small itself: a program's peak counts from
that of its parent on."""

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Run:
    """One program's run over a clip. found: frames with a hand. memory: peak resident set, MB."""

    frames: int
    found: int
    seconds: float
    memory: float

    @property
    def rate(self) -> float:
        return self.frames / self.seconds


Program = Callable[[Path, int], Run]
"""Runs over a clip, looking for so many hands."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program on each clip (default 5)")
    parser.add_argument("--no-memory", action="store_true", help="leave out the long clips that memory is measured on")
    arguments = parser.parse_args()
    mediapipe = mediapipe_program()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        print(f"{'clip':32} {'hands':>5}  {'MediaPipe frames/s':>22}  {'dahyf frames/s':>22}  {'ratio':>5}  found")
        for clip in arguments.clips:
            for hands in (1, 2):
                print(compare(clip.name, clip, hands, mediapipe, run_dahyf, arguments.rounds), flush=True)
            twin = write_clip(work / f"twin_{clip.stem}.mp4", (beside_mirrored(image) for image in read_images(clip)))
            print(compare(twin.name, twin, 2, mediapipe, run_dahyf, arguments.rounds), flush=True)
        if not arguments.no_memory:
            print(f"\n{'peak memory':32} {'MediaPipe':>12} {'dahyf':>12}")
            for frames in MEMORY_FRAMES:
                clip = write_clip(work / f"{frames}.mp4", islice(looped(arguments.clips[0]), frames))
                runs = mediapipe(clip, 2), run_dahyf(clip, 2)
                print(f"{f'{frames} frames':32} " + " ".join(f"{run.memory:9.0f} MB" for run in runs), flush=True)


def compare(name: str, clip: Path, hands: int, mediapipe: Program, dahyf: Program, rounds: int) -> str:
    """A line of the table: medians and ranges over the rounds, and the median ratio of a round."""
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(mediapipe(clip, hands))
        ours.append(dahyf(clip, hands))
    ratio = statistics.median(our.rate / their.rate for our, their in zip(ours, theirs, strict=True))
    found = f"{theirs[0].found} and {ours[0].found} of {ours[0].frames}"
    return f"{name:32} {hands:5}  {rates(theirs):>22}  {rates(ours):>22}  {ratio:5.2f}  {found}"


def rates(runs: list[Run]) -> str:
    values = [run.rate for run in runs]
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def mediapipe_program() -> Program:
    """MediaPipe Hands."""
    python = mediapipe_python()

    def run(clip: Path, hands: int) -> Run:
        text, memory = run_measured(python, SCRIPT, "time", clip, hands)
        return Run(**json.loads(text.splitlines()[-1]), memory=memory)

    return run


def run_dahyf(clip: Path, hands: int) -> Run:
    """`dahyf capture` with its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "hands.npz"
        arguments = ("-m", "dahyf_core", "capture", clip, "-o", output, "--max-hands", hands, "--json")
        text, memory = run_measured(sys.executable, *arguments)
        seconds = json.loads(text.splitlines()[-1])["seconds"]
        seen = np.isfinite(load_capture(output).raw_confidence)
    return Run(seen.shape[1], int(seen.any(axis=0).sum()), seconds, memory)


def run_measured(*command: object) -> tuple[str, float]:
    """Standard output and peak resident set (MB) of a program that must end well."""
    texts = [str(part) for part in command]
    result = subprocess.run([sys.executable, "-c", MEASURE, *texts], cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(texts)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout, int(result.stderr.splitlines()[-1]) / 1024


def read_images(clip: Path) -> Iterator[Image]:
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def looped(clip: Path) -> Iterator[Image]:
    """Its images again and again."""
    while True:
        yield from read_images(clip)


def beside_mirrored(image: Image) -> Image:
    """The picture at half its size, and its mirror image to the right of it."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.hstack([half, half[:, ::-1]])


def write_clip(path: Path, images: Iterator[Image]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "20"})
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(images):
            if number == 0:
                stream.height, stream.width = (size // 2 * 2 for size in image.shape[:2])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()
