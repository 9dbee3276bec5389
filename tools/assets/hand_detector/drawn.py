"""Drawn hands with their forearms, cut out, with the places of their joints: files that the composer takes from."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.datasets import Split
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.backgrounds import Backgrounds
from dahyf_core.synthesis.renderer import Renderer
from dahyf_core.synthesis.scene_sampler import SceneSampler
from dahyf_core.synthesis.settings import SynthesisSettings

SETTINGS = SynthesisSettings(
    size=256, margins=(1.5, 4.2), second_hand=0.0, along_forearm=0.3, fists_along_forearm=0.5, obstacle=0.2
)
LEAST_COVERAGE = 0.012
PER_FILE = 250


def draw_cutouts(backgrounds: Path, folder: Path, split: Split, count: int, seed: int) -> None:
    """Files of PER_FILE cut-outs each, until there are `count`; what is there is kept."""
    model = load_hand_model()
    hands = {"right": ArmedHand(model), "left": ArmedHand(model.mirrored())}
    photographs = Backgrounds(backgrounds, split)
    sampler = SceneSampler(hands, photographs, None, SETTINGS)
    folder.mkdir(parents=True, exist_ok=True)
    with Renderer(hands, SETTINGS.size) as renderer:
        for start in range(0, count, PER_FILE):
            path = folder / f"drawn_{split}_{start:06d}.npz"
            if path.exists():
                continue
            rows = [_draw(sampler, renderer, photographs, [seed, start + i]) for i in range(PER_FILE)]
            save_cutouts(path, rows)


@dataclass(frozen=True)
class Cutout:
    """A hand on nothing. colour: (H, W, 4) uint8, RGB times coverage, coverage. joints: (21, 2) px."""

    colour: np.ndarray
    joints: Array
    right: bool
    kind: str


def _draw(sampler: SceneSampler, renderer: Renderer, photographs: Backgrounds, seed: list[int]) -> Cutout:
    rng = np.random.default_rng(seed)
    sampled = sampler.draw(rng, photographs.cut(rng, SETTINGS.size))
    colour = renderer.render(sampled.scene).colour
    fx, fy, cx, cy = sampled.scene.pinhole
    points = sampled.hand.keypoints("mediapipe")
    joints = points[:, :2] / points[:, 2:] * (fx, fy) + (cx, cy)
    return Cutout(colour, joints, sampled.hand.armed.model.side == "right", sampled.hand.kind)


def save_cutouts(path: Path, rows: list[Cutout]) -> None:
    files = [cv2.imencode(".png", row.colour, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1] for row in rows]
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as stream:
        np.savez(
            stream,
            bytes=np.concatenate(files),
            ends=np.cumsum([len(file) for file in files]),
            joints=np.stack([row.joints for row in rows]).astype(np.float32),
            right=np.array([row.right for row in rows]),
            kind=np.array([row.kind for row in rows]),
        )
    temporary.rename(path)


def load_cutouts(folder: Path, split: Split) -> "Cutouts":
    return Cutouts(sorted(folder.glob(f"*_{split}_*.npz")))


class Cutouts:
    """Cut-outs of several files, kept as PNG in memory."""

    def __init__(self, paths: list[Path]) -> None:
        parts = [dict(np.load(path)) for path in paths]
        self._files = [
            part["bytes"][start:end]
            for part in parts
            for start, end in zip([0, *part["ends"][:-1]], part["ends"], strict=True)
        ]
        self.joints, self.right, self.kind = (
            np.concatenate([part[name] for part in parts]) for name in ("joints", "right", "kind")
        )

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, row: int) -> Cutout:
        colour = cv2.imdecode(self._files[row], cv2.IMREAD_UNCHANGED)
        return Cutout(colour, self.joints[row].astype(float), bool(self.right[row]), str(self.kind[row]))
