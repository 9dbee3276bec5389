"""The systems that look for hands, each as its users run it: whole programs on whole clips and pictures."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.cleaning import State
from dahyf_core.datasets.files import read_image
from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.finding.scores import FoundHands
from dahyf_core.evaluation.yardsticks.mediapipe_hands import MOST_HANDS, MediaPipeHand, MediaPipeProcess
from dahyf_core.footage import probe, read_frames
from dahyf_core.shared.plain_arrays import read_plain_arrays

ROOT = Path(__file__).resolve().parents[3]
"""The folder that this package lies in."""
PICTURES_AT_ONCE = 64
LOOKED_FOR = 2
"""Hands in a clip."""


class Finder(Protocol):
    """A system that looks for hands."""

    name: str

    def in_clip(self, clip: Path) -> FoundHands:
        """The hands of a clip."""
        ...

    def in_pictures(self, pictures: Sequence[Path]) -> list[FoundHands]:
        """The hands of each picture, over one frame."""
        ...


class ProgramFinder:
    """`dahyf capture` and `dahyf predict` with their defaults, of this checkout or another one."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        """root: the folder in which dahyf_core lies."""
        self.name = name
        self._root = root.resolve()

    def in_clip(self, clip: Path) -> FoundHands:
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "hands.npz"
            self._run("capture", clip.resolve(), "-o", output, "--max-hands", LOOKED_FOR)
            arrays = read_plain_arrays(output, ("side", "state", "joints_2d"))
        joints = np.where((arrays["state"] != State.MISSING)[..., None, None], arrays["joints_2d"], np.nan)
        return FoundHands(arrays["side"], middles(joints.astype(float)))

    def in_pictures(self, pictures: Sequence[Path]) -> list[FoundHands]:
        found: dict[str, list[dict[str, Any]]] = {str(picture.resolve()): [] for picture in pictures}
        paths = list(found)
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "hands.json"
            for start in range(0, len(paths), PICTURES_AT_ONCE):
                self._run("predict", *paths[start : start + PICTURES_AT_ONCE], "-o", output)
                for hand in json.loads(output.read_text()):
                    found[hand["image"]].append(hand)
        return [_of_picture([(hand["side"], hand["joints_2d"]) for hand in found[path]]) for path in paths]

    def _run(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "dahyf_core", *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(self._root)}
        done = subprocess.run(command, cwd=self._root, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SettingsError(
                f"dahyf_core in {self._root} failed: {done.stderr.strip().splitlines()[-1:]}.",
                f"Run it by hand: {' '.join(command[1:4])} ...",
            )


class MediaPipeFinder:
    """MediaPipe Hands, in video mode for clips and in static mode for pictures.

    It gives hands no identity but their side. Hands that it takes for the same side in a frame are numbered by score.
    """

    name = "mediapipe"

    def __init__(self, python: Path) -> None:
        """python: an interpreter that has mediapipe 0.10.21."""
        self._python = python

    def in_clip(self, clip: Path) -> FoundHands:
        info = probe(clip, None)
        with (
            MediaPipeProcess(self._python, "video", LOOKED_FOR) as process,
            closing(read_frames(info, range(len(info.times)))) as frames,
        ):
            seen = {frame.position: process.see(frame.image) for frame in frames}
        return _by_side([seen.get(position, []) for position in range(len(info.times))])

    def in_pictures(self, pictures: Sequence[Path]) -> list[FoundHands]:
        with MediaPipeProcess(self._python, "stills", MOST_HANDS) as process:
            return [_by_side([process.see(read_image(picture))]) for picture in pictures]


def _by_side(frames: Sequence[Sequence[MediaPipeHand]]) -> FoundHands:
    tracks: dict[tuple[str, int], Array] = {}
    for number, hands in enumerate(frames):
        ranks: dict[str, Iterator[int]] = {"left": count(), "right": count()}
        for hand in sorted(hands, key=lambda hand: -hand.score):
            key = hand.side, next(ranks[hand.side])
            tracks.setdefault(key, np.full((len(frames), 2), np.nan))[number] = hand.middle
    names = sorted(tracks)
    centre = np.stack([tracks[name] for name in names]) if names else np.zeros((0, len(frames), 2))
    return FoundHands(np.array([side for side, _ in names], "<U5"), centre)


def _of_picture(hands: Sequence[tuple[str, Any]]) -> FoundHands:
    joints = np.array([points for _, points in hands], float).reshape(-1, 1, 21, 2)
    return FoundHands(np.array([side for side, _ in hands], "<U5"), middles(joints))


def middles(joints: Array) -> Array:
    """(..., 2) middle of the box around joints (..., 21, 2)."""
    return np.asarray(0.5 * (joints.min(axis=-2) + joints.max(axis=-2)))
