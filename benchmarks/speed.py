"""Measures `dahyf capture` against MediaPipe Hands, side by side on the same clips: speed, latency, memory, size.

Four systems: MediaPipe Hands in video and in static mode, and dahyf with either estimator. All are whole programs that
run one after the other, in turns, several rounds long. Seconds are those from opening a clip to the result, the
networks' loading included and the interpreter's start not; for dahyf they include the poses, cleaning and the capture
file, which MediaPipe does not have. Each clip is searched for one hand and for two hands. A third run has the clip
beside its mirror image, with two hands. Latency is measured on single decoded frames: MediaPipe's `process`, and
`Stream`. MediaPipe gets an environment of its own (scripts/setup mediapipe). `benchmarks readme_tables` makes tables of
the results.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.readme_tables import speed_table
from dahyf_core.arrays import Image
from dahyf_core.capture import load_capture
from dahyf_core.evaluation.yardsticks import mediapipe_hands
from dahyf_core.shipped import asset

LONG_FRAMES = 2000
SYSTEMS = ("mediapipe", "mediapipe_static", "baseline", "dahyf")
ROOT = Path(__file__).resolve().parent.parent
MEDIAPIPE_PYTHON = ROOT / ".env" / "mediapipe" / "bin" / "python"

MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A program that runs another and prints its peak resident set in KiB. It is small itself: a program's peak counts from
that of its parent on."""

Numbers = dict[str, Any]
"""Of one run: frames, found (frames with a hand), seconds, memory (peak, MB), latency_p50 and latency_p99 (ms)."""
Program = Callable[[Path, int], Numbers]
"""Runs over a clip, looking for so many hands."""


@dataclass(frozen=True)
class Case:
    name: str
    clip: Path
    hands: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program on each clip (default 5)")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="which (default all)")
    parser.add_argument("--no-long", action="store_true", help=f"leave out the clip of {LONG_FRAMES} frames")
    parser.add_argument("-o", "--output", type=Path, default=Path("speed.json"), metavar="FILE.json")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw frames/s there; needs matplotlib")
    arguments = parser.parse_args()
    subprocess.run([ROOT / "scripts" / "setup", "mediapipe"], check=True)
    python = MEDIAPIPE_PYTHON
    programs: dict[str, Program] = {
        "mediapipe": mediapipe_program(python, "time"),
        "mediapipe_static": mediapipe_program(python, "time_static"),
        "baseline": dahyf_program("baseline"),
        "dahyf": dahyf_program("dahyf"),
    }
    systems = {name: programs[name] for name in arguments.systems}
    result: Numbers = {"machine": machine(), "sizes": sizes(python), "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        cases = [case for clip in arguments.clips for case in cases_of(clip, Path(folder))]
        for turn in range(arguments.rounds):
            for case in cases:
                measure(case, turn, systems, result, arguments.output)
        if not arguments.no_long:
            clip = write_clip(Path(folder) / "long.mp4", islice(looped(arguments.clips[0]), LONG_FRAMES))
            video = {name: program for name, program in systems.items() if name != "mediapipe_static"}
            measure(Case(f"{LONG_FRAMES:,} frames", clip, 1), 0, video, result, arguments.output)
    print(speed_table(result))
    if arguments.plot:
        draw(result, arguments.plot)


def measure(case: Case, turn: int, systems: dict[str, Program], result: Numbers, output: Path) -> None:
    """Run each system once; all that is known so far is written."""
    for name, program in systems.items():
        numbers = program(case.clip, case.hands)
        result["runs"].append({"case": case.name, "system": name, "round": turn, **numbers})
        print(
            f"{case.name}, {name}: {numbers['frames'] / numbers['seconds']:.1f} frames/s", file=sys.stderr, flush=True
        )
        output.write_text(json.dumps(result, indent=1) + "\n")


def cases_of(clip: Path, work: Path) -> Iterator[Case]:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        size = f"{stream.width} x {stream.height}"
    yield Case(f"{size}, one hand, looking for one", clip, 1)
    yield Case(f"{size}, one hand, looking for two", clip, 2)
    twin = write_clip(work / f"twin_{clip.stem}.mp4", (beside_mirrored(image) for image in read_images(clip)))
    yield Case(f"two hands, {size} and its mirror image at half size", twin, 2)


def mediapipe_program(python: Path, mode: str) -> Program:
    """MediaPipe Hands."""

    def run(clip: Path, hands: int) -> Numbers:
        text, memory = run_measured(python, mediapipe_hands.SCRIPT, mode, clip, hands)
        return {**json.loads(text.splitlines()[-1]), "memory": memory}

    return run


def dahyf_program(estimator: str) -> Program:
    """`dahyf capture`, and a stream for the latency."""

    def run(clip: Path, hands: int) -> Numbers:
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "hands.npz"
            options = ("-o", output, "--max-hands", hands, "--estimator", estimator, "--json")
            text, memory = run_measured(sys.executable, "-m", "dahyf_core", "capture", clip, *options)
            seconds = json.loads(text.splitlines()[-1])["seconds"]
            seen = np.isfinite(load_capture(output).raw_confidence)
        found = int(seen.any(axis=0).sum())
        latency, _ = run_measured(sys.executable, "-m", "benchmarks", "latency", clip, hands, estimator)
        return {"frames": seen.shape[1], "found": found, "seconds": seconds, "memory": memory, **json.loads(latency)}

    return run


def run_measured(*command: object) -> tuple[str, float]:
    """Standard output and peak resident set (MB) of a program that must end well."""
    texts = [str(part) for part in command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    measured = [sys.executable, "-c", MEASURE, *texts]
    result = subprocess.run(measured, cwd=ROOT, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(texts)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout, int(result.stderr.splitlines()[-1]) / 1024


def machine() -> Numbers:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"processor": names[0] if names else "unknown", "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def sizes(python: Path) -> dict[str, Numbers]:
    """MB of the networks' files, and of the package with all that it needs."""
    names = "palm_detector", "hand_detector", "hand_landmark", "dahyf_lite"
    palms, hands, landmarks, lite = (asset(f"{name}.onnx") for name in names)
    theirs = next(python.parent.parent.glob("lib/python*/site-packages/mediapipe/modules"))
    models = {
        "mediapipe": [theirs / f"{name}.tflite" for name in PALM_AND_LANDMARKS],
        "baseline": [palms, hands, landmarks],
        "dahyf": [palms, hands, lite],
    }
    installed = {"mediapipe": installed_size(python, "mediapipe")}
    installed["baseline"] = installed["dahyf"] = installed_size(Path(sys.executable), "dahyf-hands") + own_size()
    return {
        name: {"models": sum(file.stat().st_size for file in files) / 1e6, "installed": installed[name]}
        for name, files in models.items()
    }


PALM_AND_LANDMARKS = ("palm_detection/palm_detection_full", "hand_landmark/hand_landmark_full")


def installed_size(python: Path, package: str) -> float:
    return float(run_measured(python, ROOT / "benchmarks" / "installed_size.py", package)[0])


def own_size() -> float:
    """MB of this package, which is installed as a link to the sources."""
    return sum(file.stat().st_size for file in (ROOT / "dahyf_core").rglob("*") if file.suffix != ".pyc") / 1e6


def draw(result: Numbers, path: Path) -> None:
    """Frames/s of every run, a panel a case."""
    import matplotlib.pyplot as plt

    runs = result["runs"]
    cases = list(dict.fromkeys(run["case"] for run in runs))
    figure, panels = plt.subplots(len(cases), 1, figsize=(8, 1.5 * len(cases)), sharex=True, squeeze=False)
    for axes, case in zip(panels.flat, cases, strict=True):
        here = [run for run in runs if run["case"] == case]
        axes.plot([run["frames"] / run["seconds"] for run in here], [run["system"] for run in here], "o", alpha=0.6)
        axes.set_title(case, fontsize="small", loc="left")
        axes.set_yticks(range(len({run["system"] for run in here})))
        axes.margins(y=0.2)
        axes.grid(axis="x", alpha=0.3)
    panels.flat[-1].set(xlabel="frames/s, one dot a run", xlim=(0, None))
    figure.tight_layout()
    figure.savefig(path, dpi=80)


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
