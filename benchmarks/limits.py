"""Measures how close the networks and the decoder come to what one core can do.

The arithmetic of a network's convolutions and matrix products, by the time that a run of one patch takes on one thread,
is set against the multiplication of two large matrices. Decoding a clip is timed alone, without and with the conversion
to RGB, on one thread and on as many as the decoder wants. Alternatives run in turns; the least time of each counts.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from itertools import islice
from math import prod
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

from dahyf_core.runtime import CPU  # before onnxruntime: it switches telemetry off

# isort: split
import av
import numpy as np
import onnx
import onnxruntime as ort

from benchmarks.quantised import write_float_form
from benchmarks.timing import in_turns
from dahyf_core.shipped import asset

MATRIX = 2048
NETWORKS = ("dahyf_lite", "hand_landmark", "hand_detector", "palm_detector")
FRAMES = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--rounds", type=int, default=20, help="runs of each alternative (default 20)")
    arguments = parser.parse_args()
    print_networks(arguments.rounds)
    print_decoding(arguments.clip, max(3, arguments.rounds // 4))


def print_networks(rounds: int) -> None:
    """Arithmetic a second of each network, and of a product of matrices, on one thread."""
    runs, operations = {}, {}
    matrix = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    runs["matrices"], operations["matrices"] = (lambda: matrix @ matrix), 2 * MATRIX**3
    for name in NETWORKS:
        with tempfile.TemporaryDirectory() as work:
            plain = Path(work) / "float.onnx"
            write_float_form(asset(f"{name}.onnx"), plain)
            operations[name] = count_operations(onnx.load(plain).graph)
        runs[name] = runner(asset(f"{name}.onnx"))
    times = {name: float(taken.wall.min()) for name, taken in in_turns(runs, rounds).items()}
    rate = {name: operations[name] / times[name] / 1e6 for name in runs}
    print("\n| one thread | GFLOP | ms | GFLOP/s | of the matrices' |\n|---|---|---|---|---|")
    for name in runs:
        share = rate[name] / rate["matrices"]
        print(f"| {name} | {operations[name] / 1e9:.2f} | {times[name]:.1f} | {rate[name]:.0f} | {share:.0%} |")


def count_operations(graph: onnx.GraphProto) -> int:
    """Multiplications and additions of the convolutions and matrix products, for one patch."""
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    shapes = {
        value.name: [part.dim_value or 1 for part in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    total = 0
    for node in graph.node:
        weight = weights.get(node.input[1]) if len(node.input) > 1 else None
        if weight is None:
            continue
        result = prod(shapes[node.output[0]])
        if node.op_type == "Conv":
            total += 2 * result * prod(weight[1:])
        elif node.op_type in ("MatMul", "Gemm"):
            total += 2 * result * (prod(weight) // shapes[node.output[0]][-1])
    return total


def runner(model: Path) -> Callable[[], object]:
    """Runs a network on one patch."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=[CPU])
    feed = {
        wanted.name: np.ones(
            [side if isinstance(side, int) else 1 for side in wanted.shape],
            np.uint8 if "uint8" in wanted.type else np.float32,
        )
        for wanted in session.get_inputs()
    }
    return lambda: session.run(None, feed)


def print_decoding(clip: Path, rounds: int) -> None:
    """Milliseconds a frame of the decoder alone."""
    runs = {
        f"{kind}, {threads}": decoder(clip, threads, rgb)
        for threads in ("one thread", "threads")
        for kind, rgb in (("decoded", False), ("decoded and RGB", True))
    }
    print(f"\n| {clip.name} | ms a frame |\n|---|---|")
    for name, taken in in_turns(runs, rounds).items():
        print(f"| {name} | {taken.wall.min() / FRAMES:.2f} |")


def decoder(clip: Path, threads: str, rgb: bool) -> Callable[[], None]:
    def run() -> None:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO" if threads == "threads" else "NONE"
            for frame in islice(container.decode(stream), FRAMES):
                if rgb:
                    frame.to_ndarray(format="rgb24")

    return run


if __name__ == "__main__":
    main()
