#!/usr/bin/env python3
"""Measure how long `dahyf_core.Stream` takes for a frame: one in, poses out, no batch. Decoding does not count.

Prints median and 99th percentile in milliseconds, of frames after the first second, in which the networks warm up.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from dahyf_core import Stream
from dahyf_core.footage import probe, read_frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--max-hands", type=int, default=1)
    arguments = parser.parse_args()
    print("| clip | frames | p50, ms | p99, ms | in time for 30 frames/s |\n|---|---|---|---|---|")
    for clip in arguments.clips:
        taken = 1e3 * latencies(clip, arguments.max_hands)
        p50, p99 = np.percentile(taken, [50, 99])
        print(f"| {clip.name} | {len(taken)} | {p50:.1f} | {p99:.1f} | {100 * (taken < 1e3 / 30).mean():.1f} % |")


def latencies(clip: Path, max_hands: int) -> np.ndarray:
    """Seconds of each frame after the first second; frames are decoded before."""
    info = probe(clip)
    stream = Stream(info.width, info.height, max_hands=max_hands)
    taken = []
    for frame in read_frames(info, slice(None)):
        started = time.perf_counter()
        stream.look(frame.image, frame.time)
        taken.append((frame.time, time.perf_counter() - started))
    return np.array([seconds for at, seconds in taken if at >= 1.0])


if __name__ == "__main__":
    main()
