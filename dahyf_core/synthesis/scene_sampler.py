"""Puts hands, what they wear and hold, and what hides them, before a camera."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import matrix_from_axis_angle, viewing_rotation
from dahyf_core.hand_model import Side
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.backgrounds import Backgrounds
from dahyf_core.synthesis.grasps import draw_grasp, draw_solid, pinch
from dahyf_core.synthesis.hand import Hand, Placed
from dahyf_core.synthesis.jewellery import RingMaker, watch_case
from dahyf_core.synthesis.lighting import draw_light
from dahyf_core.synthesis.materials import draw_cloth, draw_coating, draw_glove, draw_skin
from dahyf_core.synthesis.poses import FittedPoses, PoseSampler
from dahyf_core.synthesis.scene import Coating, HandMesh, Scene, ThingMesh
from dahyf_core.synthesis.settings import SynthesisSettings
from dahyf_core.synthesis.surface import VertexNormals, fill_with_spheres, unit

FRAMES = ((640, 480), (480, 640), (1280, 720), (720, 1280), (1920, 1080), (1080, 1920), (1024, 1024), (640, 640))
WIDE, OUTERMOST, DIAGONAL = 0.45, 0.75, (1, -1)
"""Focal length of a wide angle, in diagonals of the frame; how far from its middle to a corner hands are placed, which
is 40 degrees off axis, and to which."""
SMALL = 0.2
"""Extent of the hands there, as a share of the shorter side: all of them lie in the frame."""
TOUCHING = 0.6
"""Share of second hands that touch the first or cross it."""
AT_BORDER = 0.15
"""Share of hands that may be cut by the border of the frame."""
NEAREST = 0.17
"""Metres from the camera to the middle of a hand."""
ARM_CLEARANCE = np.cos(np.radians(28))
"""Forearms do not point at the camera more directly than this."""
ARM_END = 0.32
TIGHTEST = 1.04
"""Least girth of a sleeve, as a factor of the arm's."""
WATCHES = 0.5
"""Share of bands that are watches."""
TOUCH, STEP, MOST_STEPS = 0.006, 0.006, 30
"""How deep two hands may press into each other; by which steps, and how often, they are moved apart. Metres."""
WIDEST_BEND = np.radians((10.0, 30.0, 65.0))
"""Of the wrist: twist, sideways, and up and down."""


@dataclass(frozen=True)
class CameraView:
    """A square of a frame, in pixels of the frame. frame_size: width, height. crop: centre x, y and side."""

    frame_size: tuple[int, int]
    focal: float
    crop: tuple[float, float, float]

    def pinhole(self, size: int) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy in pixels of the square at size x size."""
        x, y, side = self.crop
        scale = size / side
        cx, cy = (self.frame_size[0] / 2 - x) * scale + size / 2, (self.frame_size[1] / 2 - y) * scale + size / 2
        return self.focal * scale, self.focal * scale, cx, cy

    def shows(self, pixels: Array, size: int) -> NDArray[np.bool_]:
        """Which points (..., 2), px of the square at size x size, lie in the frame."""
        low, high = self.limits(size)
        return np.all((pixels >= low) & (pixels <= high), axis=-1)

    def limits(self, size: int) -> tuple[Array, Array]:
        """Upper left and lower right corner (2,) of the frame, px of the square at size x size."""
        x, y, side = self.crop
        corners = np.array([[0, 0], self.frame_size]) - 0.5 - (x, y)
        low, high = corners * size / side + size / 2
        return low, high


@dataclass(frozen=True)
class SampledScene:
    """One draw: the labelled hand, the camera and all that it sees."""

    hand: Hand
    view: CameraView
    scene: Scene


class SceneSampler:
    """Draws takes for pictures of one size."""

    def __init__(
        self,
        hands: Mapping[Side, ArmedHand],
        backgrounds: Backgrounds,
        fits: FittedPoses | None,
        settings: SynthesisSettings,
    ) -> None:
        self._hands = hands
        self._backgrounds = backgrounds
        self._settings = settings
        right = hands["right"].model
        self._spheres = fill_with_spheres(right)
        self._rings = RingMaker(right)
        self._poses = PoseSampler(right, self._spheres, fits, settings.free_thumbs)
        shares = settings.pose_shares(fits is not None)
        self._kinds, self._chances = list(shares), list(shares.values())

    def draw(self, rng: np.random.Generator, background: NDArray[np.uint8], place: int | None = None) -> SampledScene:
        """A hand and its surroundings, in the light of the background. place: in a wide-angle frame, see settings."""
        settings = self._settings
        sides: list[Side] = ["left", "right"] if rng.random() < 0.5 else ["right", "left"]
        shape = np.clip(rng.standard_normal(10), -2.5, 2.5)
        hand, view = self._place(rng, self._draw_hand(rng, sides[0], shape), place)
        hands = [hand]
        if rng.random() < settings.second_hand:
            hands.append(self._beside(rng, hand, self._draw_hand(rng, sides[1], shape)))
        skin = draw_skin(rng)
        glove = draw_glove(rng) if rng.random() < settings.glove else None
        meshes = tuple(
            HandMesh(side, each.vertices(), each.spheres(self._spheres), skin, glove)
            for side, each in zip(sides, hands, strict=False)
        )
        things = tuple(self._clothes(rng, hands) + self._objects(rng, hands))
        light = draw_light(rng, background)
        return SampledScene(hand, view, Scene(meshes, things, light, view.pinhole(settings.size), settings.size))

    def _draw_hand(self, rng: np.random.Generator, side: Side, shape: Array) -> Hand:
        """A hand whose wrist is at the camera."""
        right = self._hands["right"].model
        kind = self._kinds[rng.choice(len(self._kinds), p=self._chances)]
        held = None
        if kind == "grasp":
            fingers, held = draw_grasp(right, self._spheres, self._poses, rng)
        else:
            fingers = self._poses.draw(rng, kind)
            if rng.random() < self._settings.pinched_object:
                held = pinch(right, fingers, rng)
        bend = np.clip(rng.normal(0, 0.45 * WIDEST_BEND), -WIDEST_BEND, WIDEST_BEND)
        settings = self._settings
        along = settings.fists_along_forearm if kind == "fist" else settings.along_forearm
        root = self._poses.draw_root(rng, along)
        return Hand.create(self._hands[side], kind, fingers, shape, bend, root, held)

    def _place(self, rng: np.random.Generator, hand: Hand, place: int | None) -> tuple[Hand, CameraView]:
        """Before a camera, and the square of its frame that shows the hand."""
        width, height = FRAMES[rng.integers(len(FRAMES))]
        focal = float(np.hypot(width, height) * np.exp(np.clip(rng.normal(0.0, 0.25), -0.55, 0.7)))
        while hand.forearm_direction() @ (0.0, 0.0, -1.0) > ARM_CLEARANCE:
            hand = hand.rotated(matrix_from_axis_angle(self._poses.draw_root(rng, self._settings.along_forearm)))
        points = hand.keypoints("own")
        extent = np.ptp(points[:, :2], axis=0).max()
        span = min(width, height) * np.exp(rng.uniform(*np.log(self._settings.spans)))
        if place is not None:
            focal, span = WIDE * float(np.hypot(width, height)), SMALL * min(width, height)
        depth = max(focal * extent / span, NEAREST + 0.5 * np.ptp(points[:, 2]))
        span = focal * extent / depth
        margin = np.where(rng.random() < AT_BORDER, 0.3, 1.15) * span
        at = [rng.uniform(*sorted((min(margin, length / 2), length - margin))) for length in (width, height)]
        if place is not None:
            out = OUTERMOST * place / max(1, self._settings.places - 1)
            at = [side / 2 * (1 + out * way) for side, way in zip((width, height), DIAGONAL, strict=True)]
        ray = np.append((np.array(at) - (width / 2, height / 2)) / focal, 1.0)
        hand = hand.rotated(viewing_rotation(ray[:2]))
        hand = hand.moved(ray * depth - hand.keypoints("own").mean(axis=0))
        points = hand.keypoints("own")
        pixels = points[:, :2] / points[:, 2:] * focal + (width / 2, height / 2)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        side = (high - low).max() * rng.uniform(*self._settings.margins)
        x, y = 0.5 * (low + high) + rng.normal(0, 0.03, 2) * side
        return hand, CameraView((width, height), focal, (float(x), float(y), float(side)))

    def _beside(self, rng: np.random.Generator, hand: Hand, other: Hand) -> Hand:
        """The other hand near the first, not inside it."""
        away = unit(rng.standard_normal(3))
        between = hand.keypoints("own").mean(axis=0) - other.keypoints("own").mean(axis=0)
        distance = 0.0 if rng.random() < TOUCHING else rng.uniform(0.02, 0.12)
        other = other.moved(between + away * distance)
        spheres, other_spheres = hand.spheres(self._spheres), other.spheres(self._spheres)
        shift = np.zeros(3)
        for _ in range(MOST_STEPS):
            offsets = other_spheres[:, :3] + shift - spheres[:, None, :3]
            gaps = np.linalg.norm(offsets, axis=-1) - other_spheres[:, 3] - spheres[:, None, 3]
            if gaps.min() > -TOUCH:
                break
            shift = shift + STEP * away
        return other.moved(shift)

    def _clothes(self, rng: np.random.Generator, hands: list[Hand]) -> list[ThingMesh]:
        """The same sleeves on both arms, a band or watch round one wrist, and rings."""
        things = []
        around = self._hands["right"].points_around
        if rng.random() < self._settings.sleeve:
            start = rng.uniform(0.0, 0.18)
            distances = np.concatenate([[start + 0.004, start], np.linspace(start + 0.002, ARM_END, 9)])
            girth = np.maximum(rng.uniform(1.08, 1.45) * folds(rng, len(distances), around), TIGHTEST)
            girth[0] *= 0.93
            cloth = draw_cloth(rng, self._backgrounds)
            things += [worn(hand, distances, girth, cloth) for hand in hands]
        if rng.random() < self._settings.band:
            start, width = rng.uniform(0.004, 0.05), rng.uniform(0.004, 0.035)
            distances = start + width * np.array([0.0, 0.0, 0.5, 1.0, 1.0])
            girth = np.full((len(distances), around), rng.uniform(1.04, 1.1))
            girth[[0, -1]] = 0.98
            things.append(worn(hands[0], distances, girth, draw_coating(rng, self._backgrounds)))
            if rng.random() < WATCHES:
                ring = hands[0].sleeve(distances, girth).vertices.reshape(len(distances), around, 3)[2]
                case = watch_case(rng, hands[0], ring)
                things.append(thing(case, draw_coating(rng, self._backgrounds)))
        things += [self._rings.draw(rng, hand) for hand in hands if rng.random() < self._settings.ring]
        return things

    def _objects(self, rng: np.random.Generator, hands: list[Hand]) -> list[ThingMesh]:
        """Objects in the hands, and objects between them and the camera."""
        placed = [hand.held.moved(hand.rotation, hand.wrist) for hand in hands if hand.held is not None]
        if rng.random() < self._settings.obstacle:
            joint = hands[0].keypoints("own")[rng.integers(21)]
            place = joint * (1 - rng.uniform(0.08, 0.3)) + rng.normal(0, 0.025, 3)
            turn = matrix_from_axis_angle(rng.normal(0, 1.5, 3))
            placed.append(Placed(draw_solid(rng, rng.uniform(0.008, 0.04)), turn, place))
        return [thing(each, draw_coating(rng, self._backgrounds)) for each in placed]


def worn(hand: Hand, distances: Array, girth: Array, coating: Coating) -> ThingMesh:
    """A tube around a forearm (see ArmedHand.sleeve), camera frame."""
    tube = hand.sleeve(distances, girth)
    vertices = hand.to_camera(tube.vertices)
    return ThingMesh(vertices, VertexNormals(tube.faces, len(vertices))(vertices), tube.vertices, tube.faces, coating)


def thing(placed: Placed, coating: Coating) -> ThingMesh:
    """A solid that is placed in the camera frame."""
    vertices, normals, faces = placed.solid.mesh()
    return ThingMesh(vertices @ placed.rotation.T + placed.place, normals @ placed.rotation.T, vertices, faces, coating)


def folds(rng: np.random.Generator, rings: int, points: int) -> Array:
    """(rings, points) factors of a sleeve's girth."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    along = np.linspace(0, rng.uniform(3, 14), rings)[:, None]
    waves = rng.integers(1, 5, 3)
    strength = rng.uniform(0, 0.06)
    folds = [np.sin(wave * angle + rng.uniform(0.5, 1.5) * along + rng.uniform(0, 2 * np.pi)) for wave in waves]
    return 1 + strength * np.sum(folds, axis=0)
