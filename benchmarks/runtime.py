"""Measures how fast ONNX Runtime runs the network on the CPU, by threads, batch and options, and what int8 would do.

MODEL is what `dahyf_core.network.export` writes. Alternatives run in turns, so that other work on the machine slows all
of them; times are the median and the least of the wall clock and the median of the processor, and ratios are medians
over rounds of the processor's time, which other work disturbs least.

Int8 is calibrated on photographs for training and judged on hands never trained on, each error relative to that of the
float network.
"""

from dahyf_core.runtime import CPU  # before onnxruntime: it switches telemetry off

# isort: split
import argparse
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from benchmarks.quantised import STRIDE, VARIANTS, Feed, Variant, quantise, write_float_form
from benchmarks.timing import Times, in_turns, speed_up
from dahyf_core.capture import replacing
from dahyf_core.datasets import Augmentation, HandDataset
from dahyf_core.geometry.tensors import matrix_from_rot6d, similarity_aligned
from dahyf_core.network import DaHyF, HandParameters, NetworkConfig
from dahyf_core.pose.network_card import OUTPUTS
from dahyf_core.synthesis import ALL_READERS
from dahyf_core.training.batches import Batch, PatchSource
from dahyf_core.training.objective import Objective, ObjectiveConfig
from dahyf_core.training.validation import hand_distances, to_palm_mm

Run = Callable[[], object]

THREADS, BATCHES = (1, 2), (1, 2, 4, 8, 16)
AT_ONCE = 8
"""Patches a run where accuracy is measured."""
LOADINGS = 10
MOST_LOSS, LEAST_GAIN = 0.01, 1.2
"""What int8 may cost of any error, relatively, and how many times as fast it must be to be worth a second file."""


@dataclass(frozen=True)
class Judged:
    """A variant's errors on each set, by name; how many times as fast it is; the size of its file."""

    name: str
    errors: dict[str, dict[str, float]]
    change: dict[str, dict[str, float]]
    speed: dict[str, float]
    megabytes: float

    @property
    def worst(self) -> float:
        """The largest relative rise of an error."""
        return max(value for by_name in self.change.values() for value in by_name.values())

    @property
    def is_worth_it(self) -> bool:
        return self.worst <= MOST_LOSS and min(self.speed.values()) >= LEAST_GAIN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("--photographs", type=Path, metavar="LABELS", help="of `dahyf annotate`; without it, no int8")
    parser.add_argument("--synthetic", type=Path, metavar="FOLDER", help="of `dahyf synth`, to judge int8 on too")
    parser.add_argument("--calibration", type=int, default=128, metavar="N", help="photographs for it (default 128)")
    parser.add_argument("--hands", type=int, default=400, metavar="N", help="of each set to judge by (default 400)")
    parser.add_argument("--rounds", type=int, default=60, help="runs of each alternative (default 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers here")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the fastest int8 network that is good enough")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        float_form = Path(work) / "float.onnx"
        write_float_form(arguments.model, float_form)
        found: dict[str, Any] = {
            "batches": measure_batches(arguments.model, arguments.rounds),
            "options": measure_options(arguments.model, arguments.rounds),
            "loading": measure_loading(arguments.model, float_form),
        }
        if arguments.photographs:
            found["int8"] = [asdict(judged) for judged in measure_int8(arguments, float_form, Path(work) / "int8.onnx")]
    if arguments.json:
        with replacing(arguments.json) as stream:
            stream.write(json.dumps(found, indent=1).encode())


def measure_batches(model: Path, rounds: int) -> dict[str, Any]:
    """The network by threads and batch, for one patch."""
    sessions = {threads: open_session(model, threads) for threads in THREADS}
    counts = {f"{threads} threads, batch {count}": count for threads in THREADS for count in BATCHES}
    runs = {
        f"{threads} threads, batch {count}": runner(session, noise(count))
        for threads, session in sessions.items()
        for count in BATCHES
    }
    times = {name: taken.per(counts[name]) for name, taken in in_turns(runs, rounds).items()}
    return print_times("a patch, by threads and batch", times)


def measure_options(model: Path, rounds: int) -> dict[str, Any]:
    """Options of ONNX Runtime, each against the plain session, with one patch a run and one thread."""
    levels = ort.GraphOptimizationLevel
    feed = noise(1)
    runs = {
        "plain": runner(open_session(model), feed),
        "plain, once more": runner(open_session(model), feed),
        "no graph optimisation": runner(open_session(model, graph_optimization_level=levels.ORT_DISABLE_ALL), feed),
        "basic graph optimisation": runner(open_session(model, graph_optimization_level=levels.ORT_ENABLE_BASIC), feed),
        "extended graph optimisation": runner(
            open_session(model, graph_optimization_level=levels.ORT_ENABLE_EXTENDED), feed
        ),
        "denormals as zero": runner(open_session(model, entries={"session.set_denormal_as_zero": "1"}), feed),
        "no memory pattern": runner(open_session(model, enable_mem_pattern=False), feed),
        "no memory arena": runner(open_session(model, enable_cpu_mem_arena=False), feed),
        "no prepacked weights": runner(open_session(model, entries={"session.disable_prepacking": "1"}), feed),
        "2 threads": runner(open_session(model, 2), feed),
        "2 threads that spin": runner(open_session(model, 2, {"session.intra_op.allow_spinning": "1"}), feed),
    }
    return print_times("a patch, by option", in_turns(runs, rounds))


def measure_loading(model: Path, float_form: Path) -> dict[str, Any]:
    """Until a session is ready, from the file with stored halves and from one without."""
    runs: dict[str, Run] = {
        "float16 weights": lambda: open_session(model),
        "float32 weights": lambda: open_session(float_form),
    }
    return print_times("loading", in_turns(runs, LOADINGS))


def measure_int8(arguments: argparse.Namespace, float_form: Path, path: Path) -> list[Judged]:
    """All variants of int8, each written to `path` in its turn; keeps the best if there is one and it is asked for."""
    calibration = read_feeds(arguments.photographs, arguments.calibration // STRIDE * STRIDE)
    sets = {"photographs": read_batches("photographs", arguments.photographs, arguments.hands)}
    if arguments.synthetic:
        sets["renders"] = read_batches("synthetic", arguments.synthetic, arguments.hands)
    judge = Judge(float_form, sets, arguments.rounds)
    print("\nint8: times as fast, in processor time, and each error relative to the float network's", flush=True)
    judged: list[Judged] = []
    best: Judged | None = None
    for variant in VARIANTS:
        quantise(float_form, variant, calibration, path)
        judged.append(judge(variant, path))
        print_judged(judged[-1])
        if judged[-1].is_worth_it and (best is None or judged[-1].speed["batch 1"] > best.speed["batch 1"]):
            best = judged[-1]
            if arguments.write:
                with replacing(arguments.write) as stream:
                    stream.write(path.read_bytes())
    print(f"Worth it: {best.name if best else 'none'}")
    return judged


class Judge:
    """Compares int8 networks with the float network that they come from."""

    def __init__(self, model: Path, sets: dict[str, list[Batch]], rounds: int) -> None:
        self._float = open_session(model)
        self._sets, self._rounds = sets, rounds
        self._objective = Objective(DaHyF(NetworkConfig(), pretrained=False), ObjectiveConfig())
        self._errors = self._all_errors(self._float)
        for name, errors in self._errors.items():
            print(f"{name}: " + ", ".join(f"{error} {value:.3f}" for error, value in errors.items()), flush=True)

    def __call__(self, variant: Variant, path: Path) -> Judged:
        session = open_session(path)
        errors = self._all_errors(session)
        change = {
            name: {error: value / self._errors[name][error] - 1 for error, value in by_name.items()}
            for name, by_name in errors.items()
        }
        speed = {f"batch {count}": self._speed(session, noise(count)) for count in (1, 2)}
        return Judged(variant.name, errors, change, speed, path.stat().st_size / 1e6)

    def _all_errors(self, session: ort.InferenceSession) -> dict[str, dict[str, float]]:
        return {name: self._mean_errors(session, batches) for name, batches in self._sets.items()}

    @torch.inference_mode()
    def _mean_errors(self, session: ort.InferenceSession, batches: Iterable[Batch]) -> dict[str, float]:
        """pa_mm, mpjpe_mm, wrist_degrees: see `validation.measure`. located_px. world_mm: PA of the landmarks."""
        parts: dict[str, list[torch.Tensor]] = {}
        for batch in batches:
            seen = {
                name: torch.from_numpy(values)
                for name, values in zip(OUTPUTS, session.run(None, feed_of(batch)), strict=True)
            }
            labels = batch.labels
            known = labels.is_hand & labels.right
            hand = HandParameters(matrix_from_rot6d(seen["sixes"]), seen["shape"])
            found = hand_distances(hand, self._objective, labels, known)
            truth = to_palm_mm(labels.joints_3d)
            aligned = similarity_aligned(to_palm_mm(seen["world"]), truth)
            found["world_mm"] = (aligned - truth).norm(dim=-1).mean(dim=1)[known & labels.has_3d]
            visible = labels.visible & known[:, None]
            found["located_px"] = (seen["joints"] - labels.joints_2d).norm(dim=-1)[visible]
            for name, values in found.items():
                parts.setdefault(name, []).append(values)
        return {name: float(torch.cat(values).mean()) for name, values in parts.items()}

    def _speed(self, session: ort.InferenceSession, feed: Feed) -> float:
        times = in_turns({"float": runner(self._float, feed), "int8": runner(session, feed)}, self._rounds)
        return speed_up(times["float"], times["int8"])


def open_session(
    model: Path, threads: int = 1, entries: dict[str, str] | None = None, **options: Any
) -> ort.InferenceSession:
    """A session on the CPU that differs from those of `dahyf_core.runtime` in what is said here alone."""
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 4
    for name, value in {"session.intra_op.allow_spinning": "0", **(entries or {})}.items():
        settings.add_session_config_entry(name, value)
    for name, value in options.items():
        setattr(settings, name, value)
    return ort.InferenceSession(model, settings, providers=[CPU])


def runner(session: ort.InferenceSession, feed: Feed) -> Run:
    return lambda: session.run(None, feed)


def noise(count: int) -> Feed:
    """Patches of noise; times do not depend on what they show."""
    patches = np.random.default_rng(0).integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)
    return {"patches": patches, "views": np.tile(np.float32([0, 0, 200, 800]), (count, 1))}


def read_feeds(labels: Path, count: int) -> list[Feed]:
    """Photographs for training, one patch a feed."""
    return [feed_of(batch) for batch in cut(ALL_READERS["photographs"](labels, "train"), count, 1)]


def read_batches(reader: str, path: Path, count: int) -> list[Batch]:
    """Hands that were never trained on."""
    return list(cut(ALL_READERS[reader](path, "val"), count, AT_ONCE))


def cut(dataset: HandDataset, count: int, at_once: int) -> Iterator[Batch]:
    """Upright patches of `count` hands, spread evenly over a set, or of all that it has."""
    source = PatchSource(dataset, Augmentation())
    rows = np.linspace(0, len(source) - 1, min(count, len(source))).astype(int)
    for start in range(0, len(rows), at_once):
        yield source.batch(rows[start : start + at_once], np.random.default_rng(0))


def feed_of(batch: Batch) -> Feed:
    """What the network is given for a batch."""
    view = batch.view
    return {
        "patches": np.ascontiguousarray(batch.inputs[0].permute(0, 2, 3, 1).numpy()),
        "views": torch.cat([view.center, view.side[:, None], view.focal[:, None]], dim=1).numpy(),
    }


def print_times(title: str, times: dict[str, Times]) -> dict[str, Any]:
    """A table of alternatives, the first of which is what the others are compared with; and its numbers."""
    first = next(iter(times.values()))
    print(f"\n{title:36} {'wall ms':>8} {'least':>7} {'processor':>9} {'times as fast':>13}")
    numbers = {}
    for name, taken in times.items():
        row = {
            "wall_ms": float(np.median(taken.wall)),
            "least_wall_ms": float(taken.wall.min()),
            "processor_ms": float(np.median(taken.processor)),
            "times_as_fast": speed_up(first, taken),
        }
        numbers[name] = row
        wall, least, processor, ratio = row.values()
        print(f"{name:36} {wall:8.2f} {least:7.2f} {processor:9.2f} {ratio:13.2f}", flush=True)
    return numbers


def print_judged(judged: Judged) -> None:
    changes = "; ".join(
        f"{name}: " + ", ".join(f"{error} {100 * value:+.1f} %" for error, value in by_name.items())
        for name, by_name in judged.change.items()
    )
    speeds = ", ".join(f"{value:.2f} ({name})" for name, value in judged.speed.items())
    print(f"{judged.name:34} {speeds}, {judged.megabytes:.1f} MB; {changes}", flush=True)


if __name__ == "__main__":
    main()
