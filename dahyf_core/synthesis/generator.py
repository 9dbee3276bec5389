"""Labelled pictures by number: the same seed and number give the same bytes, in any order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core import __version__
from dahyf_core.arrays import Array
from dahyf_core.datasets import Split
from dahyf_core.geometry import KEYPOINT_SETS
from dahyf_core.hand_model import DENSE_VERTICES, HandModel, Side
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.backgrounds import Backgrounds
from dahyf_core.synthesis.camera_effects import CameraEffects
from dahyf_core.synthesis.labels import Batch, Labels
from dahyf_core.synthesis.poses import FittedPoses
from dahyf_core.synthesis.recipe import Recipe, digest_of_file, digest_of_folder, geometry_digest
from dahyf_core.synthesis.renderer import Renderer
from dahyf_core.synthesis.scene_sampler import SampledScene, SceneSampler
from dahyf_core.synthesis.settings import SynthesisSettings
from dahyf_core.synthesis.visibility import JointSkin, seen_points

SUPERSAMPLING = 1.25
FEWEST_VISIBLE = 7
"""Smallest number of visible keypoints. Scenes with fewer are drawn again."""
MOST_ATTEMPTS = 6


class Generator:
    """Draws, renders and develops pictures. Use it in the thread that made it; close it, or use it in a `with`."""

    def __init__(
        self,
        model: HandModel,
        backgrounds: Path,
        poses: Path | None = None,
        seed: int = 0,
        split: Split | None = None,
        settings: SynthesisSettings = SynthesisSettings(),  # noqa: B008 (frozen)
    ) -> None:
        """model: right hand, flat at pose zero. backgrounds: a folder of photographs. poses: a file of fitted poses.

        split: of backgrounds and poses, None for all. Raises DatasetError for a file or folder that cannot be used,
        SettingsError where OpenGL is missing.
        """
        hands: dict[Side, ArmedHand] = {"right": ArmedHand(model), "left": ArmedHand(model.mirrored())}
        fits = FittedPoses.load(poses, split) if poses else None
        self.recipe = Recipe(
            program=__version__,
            seed=seed,
            split=split or "all",
            hand_model=geometry_digest(model),
            backgrounds=digest_of_folder(backgrounds),
            poses=digest_of_file(poses) if poses else "none",
            settings=settings,
        )
        self.settings = settings
        self._seed = seed
        self._backgrounds = Backgrounds(backgrounds, split)
        self._sampler = SceneSampler(hands, self._backgrounds, fits, settings)
        self._effects = CameraEffects(settings.size)
        self._joint_skin = {side: JointSkin(armed.model) for side, armed in hands.items()}
        self._renderer = Renderer(hands, round(SUPERSAMPLING * settings.size))

    def jpeg(self, index: int) -> tuple[NDArray[np.uint8], Labels]:
        """Picture number `index` as the bytes of a JPEG file, and its labels, one row."""
        size, places = self.settings.size, self.settings.places
        number, place = divmod(index, places) if places else (index, None)
        for attempt in range(1 if places else MOST_ATTEMPTS):
            rng = np.random.default_rng([self._seed, number, attempt])
            background = self._backgrounds.cut(rng, size)
            sampled = self._sampler.draw(rng, background, place)
            rendering = self._renderer.render(sampled.scene)
            labels = self._label(index, sampled, rendering.depth)
            if labels.visible.sum() >= FEWEST_VISIBLE:
                break
        return self._effects.apply(rng, rendering, background, sampled.view), labels

    def batches(self, size: int, start: int = 0) -> Iterator[Batch]:
        """Batches of `size` pictures without end, from picture number `start` on."""
        while True:
            yield self.batch(range(start, start + size))
            start += size

    def batch(self, indices: range) -> Batch:
        """The pictures of these numbers."""
        files, labels = zip(*map(self.jpeg, indices), strict=True)
        return Batch(np.stack([decode(file) for file in files]), Labels.concatenate(labels))

    def close(self) -> None:
        """Free the OpenGL objects."""
        self._renderer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _label(self, index: int, sampled: SampledScene, depth: Array) -> Labels:
        hand, view = sampled.hand, sampled.view
        fx, fy, cx, cy = pinhole = sampled.scene.pinhole
        joints_3d = {name: hand.keypoints(name) for name in KEYPOINT_SETS}
        joints_2d = {name: points[:, :2] / points[:, 2:] * (fx, fy) + (cx, cy) for name, points in joints_3d.items()}
        armed, size = hand.armed, self.settings.size
        mesh = sampled.scene.hands[0].vertices
        count = len(armed.model.vertices)
        skin, normals = mesh[:count], armed.normals(mesh)[:count]
        skin_2d = skin[:, :2] / skin[:, 2:] * (fx, fy) + (cx, cy)
        seen = seen_points(skin, normals, (skin_2d + 0.5) * SUPERSAMPLING - 0.5, depth) & view.shows(skin_2d, size)
        in_front = self._joint_skin[armed.model.side].seen(joints_3d["freihand"], skin, normals, seen)
        visible = in_front & view.shows(joints_2d["freihand"], size)
        single = {
            "pose": hand.pose,
            "shape": hand.shape,
            "translation": hand.translation,
            "pinhole": pinhole,
            "crop": view.crop,
            **{f"joints_3d_{name}": points for name, points in joints_3d.items()},
            **{f"joints_2d_{name}": points for name, points in joints_2d.items()},
            "dense_2d": skin_2d[DENSE_VERTICES],
        }
        return Labels(
            index=np.array([index]),
            side=np.array([hand.armed.model.side]),
            kind=np.array([hand.kind], dtype="<U7"),
            frame_size=np.array([view.frame_size], np.int32),
            visible=visible[None],
            dense_visible=seen[None, DENSE_VERTICES],
            **{name: np.asarray(value, np.float32)[None] for name, value in single.items()},
        )


def decode(file: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The bytes of a JPEG file as (H, W, 3) RGB."""
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR_RGB), np.uint8)
