"""Draws clips: scene by scene through the renderer, with the blur of motion, grain and compression of a camera."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.backgrounds import Backgrounds
from dahyf_core.synthesis.clips.looks import Finish, SoftWalls, gloved, grey
from dahyf_core.synthesis.clips.motion import HandMotion
from dahyf_core.synthesis.clips.scripts import CLIP_KINDS, ClipKind, Held, Part, Stage, play
from dahyf_core.synthesis.clips.truth import ClipTruth
from dahyf_core.synthesis.hand import Hand
from dahyf_core.synthesis.lighting import draw_light
from dahyf_core.synthesis.materials import draw_cloth, draw_coating, draw_skin
from dahyf_core.synthesis.poses import PoseSampler
from dahyf_core.synthesis.renderer import Renderer
from dahyf_core.synthesis.scene import Coating, HandMesh, Light, Scene, Skin, ThingMesh
from dahyf_core.synthesis.scene_sampler import WIDEST_BEND, folds, thing, worn
from dahyf_core.synthesis.surface import fill_with_spheres
from dahyf_core.synthesis.visibility import JointSkin, seen_points

HAND_LENGTH = 0.19
"""Metres, of a flat hand."""
SHUTTER = 0.5
"""Share of a frame's time in which light falls in."""
STEP_PX, MOST_STEPS = 3.0, 8
"""Pixels that a joint moves between two pictures of the blur; most pictures of one frame."""
ARM_LENGTH = 0.9
"""Metres from the wrist to where sleeves end, outside of the picture."""

ENCODER = {"crf": "21", "preset": "veryfast"}


@dataclass(frozen=True)
class ClipSettings:
    """width, height: px. frames: at `rate` frames/s. sizes: least and greatest length of a flat hand, as a share of
    the height."""

    width: int = 640
    height: int = 360
    frames: int = 120
    rate: int = 30
    sizes: tuple[float, float] = (0.28, 0.42)


@dataclass(frozen=True, eq=False)
class _Take:
    """All that stays the same through a clip. sleeves: distances (R,) and girth (R, K), see ArmedHand.sleeve."""

    motions: Sequence[HandMotion]
    held: Sequence[Held | None]
    skin: Skin
    sleeves: tuple[Array, Array]
    cloth: Coating
    coating: Coating
    light: Light
    pinhole: tuple[float, float, float, float]
    background: Image


class ClipPainter:
    """Draws clips of one size. Use it in the thread that made it; close it, or use it in a `with`."""

    def __init__(self, model: HandModel, settings: ClipSettings, backgrounds: Path | None = None) -> None:
        """model: right hand, flat at pose zero. backgrounds: photographs without hands, None for soft blobs.

        Raises DatasetError for a folder that cannot be used, SettingsError where OpenGL is missing.
        """
        self._settings = settings
        self._hands: dict[Side, ArmedHand] = {"right": ArmedHand(model), "left": ArmedHand(model.mirrored())}
        self._joint_skin = {side: JointSkin(hand.model) for side, hand in self._hands.items()}
        self._spheres = fill_with_spheres(model)
        self._poses = PoseSampler(model, self._spheres, None)
        self._photographs = SoftWalls() if backgrounds is None else Backgrounds(backgrounds)
        self._size = max(settings.width, settings.height)
        self._renderer = Renderer(self._hands, self._size)

    def __enter__(self) -> "ClipPainter":
        return self

    def __exit__(self, *_: object) -> None:
        self._renderer.close()

    def draw(self, path: Path, kind: ClipKind, finish: Finish, seed: int) -> ClipTruth:
        """Write a clip (H.264), and its truth beside it. The same arguments give the same pictures,
        but for rounding in the encoder.
        """
        rng = np.random.default_rng([seed, CLIP_KINDS.index(kind)])
        take = self._prepare(rng, kind, finish)
        settings = self._settings
        labels = []
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=Fraction(settings.rate), options=ENCODER)
            stream.width, stream.height, stream.pix_fmt = settings.width, settings.height, "yuv420p"
            for number in range(settings.frames):
                picture, joints, shown = self._frame(take, number / settings.rate)
                developed = _developed(rng, picture, finish)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(developed, format="rgb24")))
                labels.append((joints, shown))
            container.mux(stream.encode())
        joints_2d, shown = (np.stack(column, axis=1) for column in zip(*labels, strict=True))
        truth = ClipTruth(np.array([motion.armed.model.side for motion in take.motions]), joints_2d, shown)
        truth.save(path)
        return truth

    def _prepare(self, rng: np.random.Generator, kind: ClipKind, finish: Finish) -> _Take:
        settings, photographs = self._settings, self._photographs
        width, height, size = settings.width, settings.height, self._size
        background = photographs.cut(rng, size)[:height, :width]
        focal = float(np.hypot(width, height) * rng.uniform(0.8, 1.1))
        depth = focal * HAND_LENGTH / (height * rng.uniform(*settings.sizes))
        half = 0.5 * np.array([width, height]) * depth / focal
        stage = Stage(
            half, depth, settings.frames / settings.rate, self._hands["right"].model, self._poses, self._spheres
        )
        parts = play(kind, stage, rng)
        shape = np.clip(rng.standard_normal(10), -2, 2)
        first_side: Side = "right" if rng.random() < 0.5 else "left"
        skin = draw_skin(rng)
        start = rng.uniform(0.04, 0.25)
        if finish == "glove":
            skin, start = gloved(rng, skin), 0.0
        distances = np.concatenate([[start + 0.004, start], np.linspace(start + 0.002, ARM_LENGTH, 14)])
        girth = rng.uniform(1.1, 1.4) * folds(rng, len(distances), self._hands["right"].points_around)
        girth[0] *= 0.93
        return _Take(
            motions=[self._motion(rng, part, first_side, shape) for part in parts],
            held=[part.held for part in parts],
            skin=skin,
            sleeves=(distances, girth),
            cloth=draw_cloth(rng, photographs),
            coating=draw_coating(rng, photographs),
            light=draw_light(rng, background),
            pinhole=(focal, focal, width / 2 - 0.5, height / 2 - 0.5),
            background=background,
        )

    def _motion(self, rng: np.random.Generator, part: Part, first_side: Side, shape: Array) -> HandMotion:
        """first_side: of the hand on the right half of the picture."""
        other: Side = "left" if first_side == "right" else "right"
        bend = rng.normal(0, 0.25 * WIDEST_BEND)
        return HandMotion(self._hands[first_side if part.outward > 0 else other], shape, bend, part.outward, part.keys)

    def _frame(self, take: _Take, time: float) -> tuple[NDArray[np.floating], Array, NDArray[np.bool_]]:
        """The picture (H, W, 3) in single precision; joints_2d (H, 21, 2) and shown (H, 21), halfway through it."""
        open_for = SHUTTER / self._settings.rate
        way = max(_way(take, motion, time, open_for) for motion in take.motions)
        steps = int(np.clip(np.ceil(way / STEP_PX), 1, MOST_STEPS))
        total = np.zeros((self._settings.height, self._settings.width, 4), np.float32)
        for step in range(steps):
            hands = [motion.at(time + open_for * ((step + 0.5) / steps - 0.5)) for motion in take.motions]
            rendering = self._renderer.render(self._scene(take, hands, time))
            total += rendering.colour[: self._settings.height, : self._settings.width]
            if step == steps // 2:
                shown = np.stack([self._shown(take, hand, rendering.depth) for hand in hands])
        total /= steps
        picture = total[..., :3] + take.background * (1 - total[..., 3:] / 255)
        joints = np.stack([_pixels(take, motion.at(time), "mediapipe") for motion in take.motions])
        return picture, joints, shown

    def _scene(self, take: _Take, hands: Sequence[Hand], time: float) -> Scene:
        meshes = tuple(HandMesh(_side(hand), hand.vertices(), hand.spheres(self._spheres), take.skin) for hand in hands)
        things: list[ThingMesh] = [worn(hand, *take.sleeves, take.cloth) for hand in hands]
        for motion, held in zip(take.motions, take.held, strict=True):
            if held is not None:
                hand = motion.at(float(np.clip(time, held.taken, held.left)))
                placed = held.placed if _side(hand) == "right" else held.placed.mirrored()
                things.append(thing(placed.moved(hand.rotation, hand.wrist), take.coating))
        return Scene(meshes, tuple(things), take.light, take.pinhole, self._size)

    def _shown(self, take: _Take, hand: Hand, depth: Array) -> NDArray[np.bool_]:
        """(21,) joints in the picture of which the skin around them is seen."""
        mesh, armed = hand.vertices(), hand.armed
        count = len(armed.model.vertices)
        skin, normals = mesh[:count], armed.normals(mesh)[:count]
        seen = seen_points(skin, normals, _projected(take, skin), depth)
        joints = hand.keypoints("freihand")
        pixels, limits = _projected(take, joints), (self._settings.width, self._settings.height)
        inside = ((pixels > -0.5) & (pixels < np.array(limits) - 0.5)).all(axis=-1)
        return np.asarray(inside & self._joint_skin[_side(hand)].seen(joints, skin, normals, seen))


def draw_clip(
    path: Path,
    kind: ClipKind,
    model: HandModel,
    finish: Finish = "skin",
    seed: int = 0,
    settings: ClipSettings = ClipSettings(),
    backgrounds: Path | None = None,
) -> ClipTruth:
    """Write one clip, and its truth beside it; see ClipPainter."""
    with ClipPainter(model, settings, backgrounds) as painter:
        return painter.draw(path, kind, finish, seed)


def draw_clips(
    folder: Path,
    wanted: Sequence[tuple[ClipKind, Finish, int]],
    model: HandModel,
    settings: ClipSettings = ClipSettings(),
    backgrounds: Path | None = None,
) -> Iterator[Path]:
    """The clips of these kinds, finishes and seeds in a folder. Those that it has already are not drawn again."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{kind}_{finish}_{seed}.mp4": (kind, finish, seed) for kind, finish, seed in wanted}
    if all(ClipTruth.path_of(path).is_file() for path in paths):
        yield from paths
        return
    with ClipPainter(model, settings, backgrounds) as painter:
        for path, (kind, finish, seed) in paths.items():
            if not ClipTruth.path_of(path).is_file():
                painter.draw(path, kind, finish, seed)
            yield path


def _side(hand: Hand) -> Side:
    return hand.armed.model.side


def _pixels(take: _Take, hand: Hand, keypoints: str) -> Array:
    """(21, 2)"""
    return _projected(take, hand.keypoints(keypoints))


def _projected(take: _Take, points: Array) -> Array:
    """Points (..., 3) m in px of the picture."""
    return points[..., :2] / points[..., 2:] * take.pinhole[:2] + take.pinhole[2:]


def _way(take: _Take, motion: HandMotion, time: float, duration: float) -> float:
    """Pixels that a joint moves at most."""
    ends = [_pixels(take, motion.at(time + share * duration), "own") for share in (-0.5, 0.5)]
    return float(np.linalg.norm(ends[1] - ends[0], axis=-1).max())


def _developed(rng: np.random.Generator, picture: NDArray[np.floating], finish: Finish) -> Image:
    """What the camera's film and processing make of a picture."""
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.float32)
    if finish == "grey":
        soft = np.asarray(grey(soft), np.float32)
    grain = rng.standard_normal(soft.shape[:2], np.float32)[..., None]
    return np.asarray(np.clip(soft + 3.0 * grain, 0, 255), np.uint8)
