#!/usr/bin/env python3
"""Measure hand capture on every yardstick, side by side: MediaPipe Hands, the baseline estimator and DaHyF networks.

docs/yardsticks.md says what each tells. MediaPipe Hands gets an environment of its own, .env/mediapipe. Prints a table
in Markdown: mean [95 % interval] / median / 90th percentile (n, how many).
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from yardsticks import confidence, equivariance, false_hands, jitter, photographs, stereo, synthetic
from yardsticks.inputs import Inputs
from yardsticks.mediapipe import MediaPipeSystem
from yardsticks.plots import draw
from yardsticks.rows import Row, markdown
from yardsticks.systems import MODELS, EstimatorSystem, NetworkSystem, System

from dahyf_core.capture import replacing
from dahyf_core.detection import PalmDetector
from dahyf_core.errors import DahyfError
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.shipped import asset

Yardstick = Callable[[Sequence[System], Inputs], Iterable[Row]]

YARDSTICKS: dict[str, Yardstick] = {
    module.NAME: module.measure
    for module in (stereo, synthetic, photographs, equivariance, jitter, false_hands, confidence)
}
NEEDS = {
    "synthetic": ("synthetic",),
    "photographs": ("labels",),
    "equivariance": ("labels",),
    "confidence": ("synthetic", "labels"),
}
"""Options without which a yardstick cannot be run."""
OTHERS = ("mediapipe", "baseline")
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def main() -> None:
    arguments = parse()
    warnings.filterwarnings("ignore", "The lens distortion")  # of the stereo pair's corners, where no hand is
    inputs = Inputs(arguments.data, arguments.synthetic, arguments.labels, arguments.limit)
    rows: list[Row] = []
    try:
        systems = create_systems(arguments.against, arguments.model, arguments.threads)
        for name in arguments.only:
            start = time.perf_counter()
            found = list(YARDSTICKS[name](systems, inputs))
            rows += found
            print(markdown(found, [system.name for system in systems]), flush=True)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
            if arguments.output:
                write(rows, arguments.output)
    except DahyfError as error:
        raise SystemExit(str(error)) from error
    if arguments.plots:
        draw(rows, arguments.plots)


def write(rows: Sequence[Row], path: Path) -> None:
    """All numbers as JSON."""
    with replacing(path) as stream:
        stream.write(json.dumps([row.to_json() for row in rows], indent=1).encode())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("DAHYF_TEST_DATA", SHARED))
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        metavar="FILE.onnx",
        help="a DaHyF network, by its file's name in the table; may be repeated (default: the one that ships)",
    )
    parser.add_argument("--against", type=names(OTHERS), default=list(OTHERS), metavar="SYSTEMS", help="default: both")
    parser.add_argument(
        "--only", type=names(YARDSTICKS), default=list(YARDSTICKS), metavar="NAMES", help=f"of {', '.join(YARDSTICKS)}"
    )
    parser.add_argument("--limit", type=int, default=0, help="pictures of a set at most, spread evenly (default: all)")
    parser.add_argument("--data", type=Path, default=data, help="folder with real_hands/, clips/ and backgrounds/")
    parser.add_argument("--synthetic", type=Path, metavar="FOLDER", help="a set by `dahyf synth --split val`")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="of real_hands/, by `dahyf annotate`")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU, for each network (default 1)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.json")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw curves there; needs matplotlib")
    arguments = parser.parse_args()
    if not (arguments.data / "clips").is_dir():
        parser.error(f"there are no clips below {arguments.data}; name the folder that has them with --data")
    arguments.model = arguments.model or [asset("dahyf_lite.onnx")]
    arguments.only = [name for name in arguments.only if can_run(name, arguments)]
    return arguments


def can_run(name: str, arguments: argparse.Namespace) -> bool:
    """Whether all that a yardstick needs was given; says so if not."""
    missing = [f"--{option}" for option in NEEDS.get(name, ()) if getattr(arguments, option) is None]
    if missing:
        print(f"{name} is left out: it needs {' and '.join(missing)}.", file=sys.stderr)
    return not missing


def names(known: Iterable[str]) -> Callable[[str], list[str]]:
    """A reader of some of the known names, with commas between; "" for none."""

    def read(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        return chosen

    return read


def create_systems(others: Sequence[str], models: Sequence[Path], threads: int) -> list[System]:
    """Those that networks are compared with, then the networks."""
    detector = PalmDetector(threads=threads)
    systems: list[System] = []
    if "mediapipe" in others:
        systems.append(MediaPipeSystem())
    if "baseline" in others:
        systems.append(EstimatorSystem("baseline", LandmarkEstimator(LandmarkNetwork(threads), MODELS), detector))
    for model in models:
        estimator = DahyfEstimator(DahyfNetwork(model, threads), MODELS)
        systems.append(NetworkSystem(model.stem, estimator, detector))
    return systems


if __name__ == "__main__":
    main()
