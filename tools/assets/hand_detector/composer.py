"""Composes the detector's pictures: hands, drawn and photographed, in photographs, with what may be taken for hands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.detection.letterbox import INPUT_SIZE
from hand_detector.colours import develop, dress, hand_mask
from hand_detector.drawn import Cutouts
from hand_detector.photographs import Photograph, Photographs

SHAPES = ((16, 9), (16, 9), (4, 3), (3, 2), (1, 1), (9, 16), (3, 4))
EXTENTS = (9.0, 170.0)
"""Least and greatest extent of a hand's joints, px of the detector's picture."""
PALM = (0, 5, 9, 13, 17)
LEAST_SHOWN = 0.45
"""Share of a hand's joints that something else may not cover, or the hand is neither learned nor denied."""


@dataclass
class Picture:
    """A picture (S, S, 3) with its N hands and M places where nothing is learned. joints: (21, 2) px of each hand."""

    pixels: Image
    joints: list[Array] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    side_known: list[bool] = field(default_factory=list)
    shown: list[np.ndarray] = field(default_factory=list)
    ignored: list[Array] = field(default_factory=list)

    def cover(self, mask: Array) -> None:
        """Mark the joints where mask (S, S) is as hidden."""
        for joints, shown in zip(self.joints, self.shown, strict=True):
            x, y = np.clip(np.rint(joints), 0, INPUT_SIZE - 1).astype(int).T
            shown &= mask[y, x] < 0.5

    def add(self, joints: Array, right: bool, side_known: bool) -> None:
        self.joints.append(joints)
        self.right.append(right)
        self.side_known.append(side_known)
        self.shown.append(np.ones(21, bool))


class Composer:
    """Makes pictures by number: the same seed and number give the same picture."""

    def __init__(
        self, cutouts: Cutouts, hands: Photographs, scenes: Photographs, stamps: Sequence[Image], seed: int
    ) -> None:
        """stamps: (H, W, 4) pieces of things that are no hands, RGB and coverage."""
        self._cutouts, self._hands, self._scenes, self._stamps = cutouts, hands, scenes, stamps
        self._seed = seed
        self._by_set = _rows_by_set(hands)

    def picture(self, number: int) -> Picture:
        rng = np.random.default_rng([self._seed, number])
        picture = Picture(np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8))
        frame = _frame(rng)
        self._put_scene(rng, picture, frame)
        kind = rng.random()
        if kind < 0.45:
            self._put_drawn(rng, picture, frame, int(rng.choice([1, 1, 2, 2, 3])))
        elif kind < 0.85:
            for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
                self._put_photograph(rng, picture, frame)
            if rng.random() < 0.2:
                self._put_drawn(rng, picture, frame, 1)
        for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15]))):
            self._put_stamp(rng, picture, frame)
        for joints in list(picture.joints):
            if rng.random() < 0.22:
                self._put_object(rng, picture, joints)
        picture.pixels = develop(rng, picture.pixels)
        return self._ended(picture, frame)

    def with_objects(self, picture: Picture, rng: np.random.Generator) -> Picture:
        """A picture with something before each hand."""
        for joints in list(picture.joints):
            self._put_object(rng, picture, joints)
        return _settled(picture, np.array([0, 0, INPUT_SIZE, INPUT_SIZE]))

    def small(self, rng: np.random.Generator) -> Picture:
        """A photographed hand of 8 to 14 % of a picture."""
        return self._simple(rng, lambda picture, frame: self._put_photograph(rng, picture, frame, (16.0, 27.0)))

    def drawn(self, rng: np.random.Generator, kind: str) -> Picture:
        """A drawn hand of a kind in a photograph."""
        rows = np.flatnonzero(self._cutouts.kind == kind)
        return self._simple(rng, lambda picture, frame: self._put_cutout(rng, picture, frame, rng.choice(rows), 50.0))

    def _simple(self, rng: np.random.Generator, put: Callable[[Picture, Array], None]) -> Picture:
        picture, frame = Picture(np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)), _frame(rng)
        self._put_scene(rng, picture, frame)
        put(picture, frame)
        return self._ended(picture, frame)

    def _ended(self, picture: Picture, frame: Array) -> Picture:
        x, y, right, bottom = frame
        outside = np.ones((INPUT_SIZE, INPUT_SIZE), bool)
        outside[y:bottom, x:right] = False
        picture.pixels[outside] = 0
        return _settled(picture, frame)

    def _put_scene(self, rng: np.random.Generator, picture: Picture, frame: Array) -> None:
        scene = self._scenes[rng.integers(len(self._scenes))]
        x, y, right, bottom = frame
        height, width = scene.pixels.shape[:2]
        fill = max((right - x) / width, (bottom - y) / height)
        scale = fill * np.exp(rng.uniform(0, np.log(2.5)))
        turn = rng.normal(0, 4)
        free = np.maximum(0, np.array([width, height]) * scale - (right - x, bottom - y)) / 2
        center = np.array([x + right, y + bottom]) / 2 + rng.uniform(-1, 1, 2) * free
        mirror = rng.random() < 0.5
        affine = _affine(np.array([width, height]) / 2, scale, turn, mirror, center)
        self._paste(picture, scene, affine)

    def _put_photograph(
        self, rng: np.random.Generator, picture: Picture, frame: Array, extents: tuple[float, float] = (14.0, 170.0)
    ) -> None:
        rows = self._by_set[rng.integers(len(self._by_set))]
        photograph = self._hands[rng.choice(rows)]
        one = rng.integers(len(photograph.joints))
        joints = photograph.joints[one]
        extent = _draw_extent(rng, *extents)
        scale = min(extent / np.ptp(joints, axis=0).max(), 2.5)
        turn = rng.uniform(-180, 180) if rng.random() < 0.3 else rng.normal(0, 25)
        affine = _affine(joints.mean(axis=0), scale, turn, rng.random() < 0.5, _draw_place(rng, frame))
        mask = hand_mask(photograph.pixels, joints)
        if rng.random() < 0.3:
            photograph = dress(rng, photograph, mask, self.texture(rng))
        if rng.random() < 0.35:
            alone = np.arange(len(photograph.joints)) == one
            photograph = replace(
                photograph,
                joints=photograph.joints[alone],
                right=photograph.right[alone],
                side_known=photograph.side_known[alone],
                ignored=np.zeros((0, 4)),
            )
            self._paste(picture, photograph, affine, rng, mask)
        else:
            self._paste(picture, photograph, affine, rng)

    def _put_drawn(self, rng: np.random.Generator, picture: Picture, frame: Array, count: int) -> None:
        extent = _draw_extent(rng, *EXTENTS)
        for _ in range(count):
            self._put_cutout(rng, picture, frame, int(rng.integers(len(self._cutouts))), extent)

    def _put_cutout(self, rng: np.random.Generator, picture: Picture, frame: Array, row: int, extent: float) -> None:
        cutout = self._cutouts[row]
        joints = cutout.joints
        scale = min(extent * rng.uniform(0.75, 1.35) / np.ptp(joints, axis=0).max(), 2.2)
        mirror, turn = rng.random() < 0.5, rng.normal(0, 20)
        place = _draw_place(rng, frame)
        if picture.joints and rng.random() < 0.45:
            place = picture.joints[-1].mean(axis=0) + rng.normal(0, 0.8, 2) * extent
        affine = _affine(joints.mean(axis=0), scale, turn, mirror, place)
        colour = cutout.colour
        if rng.random() < 0.45:
            colour = _dressed_cutout(rng, colour, joints, self.texture(rng))
        warped = _warp(colour, affine, cv2.BORDER_CONSTANT)
        alpha = warped[..., 3:].astype(np.float32) / 255
        picture.pixels = np.rint(warped[..., :3] + (1 - alpha) * picture.pixels).clip(0, 255).astype(np.uint8)
        picture.cover(alpha[..., 0])
        picture.add(_moved(joints, affine), cutout.right != mirror, True)

    def _put_stamp(self, rng: np.random.Generator, picture: Picture, frame: Array) -> None:
        """Something that is no hand."""
        if not len(self._stamps):
            return
        stamp = self._stamps[rng.integers(len(self._stamps))]
        height, width = stamp.shape[:2]
        scale = np.exp(rng.uniform(np.log(12), np.log(130))) / max(height, width)
        affine = _affine(
            np.array([width, height]) / 2, scale, rng.normal(0, 25), rng.random() < 0.5, _draw_place(rng, frame)
        )
        warped = _warp(stamp, affine, cv2.BORDER_CONSTANT)
        mask = warped[..., 3:].astype(np.float32) / 255
        if any(mask[_pixel(joints[9])] > 0.3 for joints in picture.joints):
            return
        picture.pixels = np.rint(mask * warped[..., :3] + (1 - mask) * picture.pixels).astype(np.uint8)
        picture.cover(mask[..., 0])

    def _put_object(self, rng: np.random.Generator, picture: Picture, joints: Array) -> None:
        """A bar, a box or a ball before a part of a hand, with the pattern of some photograph or of one colour."""
        extent = np.ptp(joints, axis=0).max()
        place = joints[rng.integers(21)] * 0.6 + joints.mean(axis=0) * 0.4
        thick = extent * np.exp(rng.uniform(np.log(0.08), np.log(0.5)))
        long = thick * rng.uniform(1, 7)
        mask = np.zeros((INPUT_SIZE * 2, INPUT_SIZE * 2), np.uint8)
        if rng.random() < 0.4:
            axes = (thick, min(long, 1.5 * thick))
            cv2.ellipse(mask, ((place * 2).tolist(), axes, rng.uniform(0, 360)), 255, -1)
        else:
            corners = cv2.boxPoints(((place * 2).tolist(), (2 * thick, 2 * long), rng.uniform(0, 360)))
            cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 255)
        covered = cv2.resize(mask, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_AREA)[..., None] / 255
        texture = cv2.resize(self.texture(rng), (INPUT_SIZE, INPUT_SIZE)).astype(np.float32)
        if rng.random() < 0.5:
            texture = 0.25 * texture + 0.75 * rng.uniform(0, 255, 3)
        gradient = np.linspace(rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.2), INPUT_SIZE)[:, None, None]
        mixed = covered * texture * gradient + (1 - covered) * picture.pixels
        picture.pixels = mixed.clip(0, 255).astype(np.uint8)
        picture.cover(covered[..., 0])

    def texture(self, rng: np.random.Generator) -> Image:
        """A piece of a photograph."""
        pixels = self._scenes[rng.integers(len(self._scenes))].pixels
        side = int(min(pixels.shape[:2]) * rng.uniform(0.15, 0.6))
        y, x = (rng.integers(length - side) for length in pixels.shape[:2])
        return pixels[y : y + side, x : x + side]

    def _paste(
        self,
        picture: Picture,
        photograph: Photograph,
        affine: Array,
        rng: np.random.Generator | None = None,
        shape: Array | None = None,
    ) -> None:
        """A photograph with what is known of it. With rng its border is soft or hard; without, it fills the frame.

        shape: (H, W) in [0, 1], the part of it that is pasted.
        """
        warped = _warp(photograph.pixels, affine, cv2.BORDER_REPLICATE if rng is None else cv2.BORDER_CONSTANT)
        if rng is None:
            mask = np.ones((INPUT_SIZE, INPUT_SIZE), np.float32)
        else:
            inside = np.full(photograph.pixels.shape[:2], 255, np.uint8)
            if shape is not None:
                inside = np.rint(255 * np.clip(2 * shape, 0, 1)).astype(np.uint8)
            mask = _warp(inside, affine, cv2.BORDER_CONSTANT).astype(np.float32) / 255
            if shape is None and rng.random() < 0.5:
                blur = rng.uniform(1, 6)
                mask *= np.clip(2 * cv2.GaussianBlur(mask, (0, 0), blur) - 1, 0, 1)
        picture.cover(mask)
        hidden = [box for box in picture.ignored if mask[_pixel((box[:2] + box[2:]) / 2)] > 0.5]
        picture.ignored = [box for box in picture.ignored if not any(box is other for other in hidden)]
        mixed = mask[..., None] * warped + (1 - mask[..., None]) * picture.pixels
        picture.pixels = np.rint(mixed).astype(np.uint8)
        mirror = np.linalg.det(affine[:, :2]) < 0
        for joints, right, known in zip(photograph.joints, photograph.right, photograph.side_known, strict=True):
            picture.add(_moved(joints, affine), bool(right) != mirror, bool(known))
        for box in photograph.ignored:
            corners = _moved(np.array([box[[0, 1]], box[[2, 1]], box[[2, 3]], box[[0, 3]]]), affine)
            picture.ignored.append(np.concatenate([corners.min(axis=0), corners.max(axis=0)]))


def _frame(rng: np.random.Generator) -> Array:
    """Left, top, right and bottom of the frame in the square picture, as `letterbox` puts it there."""
    wide, high = SHAPES[rng.integers(len(SHAPES))]
    width, height = (round(INPUT_SIZE * side / max(wide, high)) for side in (wide, high))
    x, y = (INPUT_SIZE - width) // 2, (INPUT_SIZE - height) // 2
    return np.array([x, y, x + width, y + height])


def _draw_extent(rng: np.random.Generator, least: float, greatest: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(greatest))))


def _draw_place(rng: np.random.Generator, frame: Array) -> Array:
    return rng.uniform(frame[:2], frame[2:])


def _affine(middle: Array, scale: float, turn: float, mirror: bool, place: Array) -> Array:
    """(2, 3) that scales and turns (degrees) about a point `middle`, which comes to `place`."""
    cosine, sine = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    linear = np.array([[cosine, -sine], [sine, cosine]]) * ([-1, 1] if mirror else [1, 1])
    return np.column_stack([linear, place - linear @ middle])


def _moved(points: Array, affine: Array) -> Array:
    return points @ affine[:, :2].T + affine[:, 2]


def _warp(pixels: Image, affine: Array, border: int) -> Image:
    """Into the detector's square, averaged down where it shrinks."""
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
    if scale < 0.7:
        size = [max(1, round(length * scale * 1.3)) for length in pixels.shape[1::-1]]
        ratio = np.array(pixels.shape[1::-1]) / size
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        affine = np.column_stack([affine[:, :2] * ratio, affine[:, 2] + affine[:, :2] @ (ratio - 1) / 2])
    flags = cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpAffine(pixels, affine, (INPUT_SIZE, INPUT_SIZE), flags=flags, borderMode=border), np.uint8
    )


def _pixel(point: Array) -> tuple[int, int]:
    x, y = np.clip(np.rint(point), 0, INPUT_SIZE - 1).astype(int)
    return int(y), int(x)


def _dressed_cutout(rng: np.random.Generator, colour: Image, joints: Array, texture: Image) -> Image:
    """A drawn hand in a glove, or hand and arm in another colour."""
    alpha = colour[..., 3:].astype(np.float32) / 255
    plain = Photograph((colour[..., :3] / np.maximum(alpha, 1e-3)).clip(0, 255).astype(np.uint8), joints, *[joints] * 3)
    mask = np.ones(alpha.shape[:2], np.float32)
    if rng.random() < 0.7:
        wrist, along = joints[0], joints[[5, 9, 13, 17]].mean(axis=0) - joints[0]
        length = max(float(np.linalg.norm(along)), 1.0)
        y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
        ahead = ((x - wrist[0]) * along[0] + (y - wrist[1]) * along[1]) / length**2
        mask = np.clip((ahead + rng.uniform(0.0, 0.7)) * length / 2, 0, 1).astype(np.float32)
    dressed = dress(rng, plain, mask, texture).pixels
    return np.concatenate([(dressed * alpha).astype(np.uint8), colour[..., 3:]], axis=-1)


def _settled(picture: Picture, frame: Array) -> Picture:
    """Without hands that are hidden or outside; what is in doubt is ignored."""
    kept = Picture(picture.pixels, ignored=list(picture.ignored))
    for joints, right, known, shown in zip(
        picture.joints, picture.right, picture.side_known, picture.shown, strict=True
    ):
        inside = ((joints >= frame[:2]) & (joints < frame[2:])).all(axis=1)
        palm = joints[list(PALM)].mean(axis=0)
        extent = np.ptp(joints, axis=0).max()
        visible = (shown & inside).mean()
        if ((palm >= frame[:2]) & (palm < frame[2:])).all() and visible >= LEAST_SHOWN and extent >= EXTENTS[0] * 0.8:
            kept.add(joints, right, known)
        elif visible > 0.05:
            middle = joints.mean(axis=0)
            half = 0.75 * extent
            kept.ignored.append(np.concatenate([middle - half, middle + half]))
    return kept


def _rows_by_set(hands: Photographs) -> list[np.ndarray]:
    """Rows of the photographs with hands, by their set, so that none rules."""
    sets = np.array([source.split("/")[0] for source in hands.source])
    return [np.flatnonzero(sets == name) for name in np.unique(sets)]
