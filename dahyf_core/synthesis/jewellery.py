"""Rings on fingers, and the cases of watches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIRROR
from dahyf_core.hand_model import FINGER_BONES, HandModel
from dahyf_core.synthesis.hand import Hand, Placed
from dahyf_core.synthesis.materials import linear
from dahyf_core.synthesis.scene import Coating, ThingMesh
from dahyf_core.synthesis.solids import ALONG, AROUND, Solid
from dahyf_core.synthesis.surface import BACK_OF_HAND, THUMB, VertexNormals, unit

RING_CHANCES = np.array([0.2, 0.25, 0.1, 0.4, 0.05])
"""Of the fingers in FINGER_BONES."""
SLAB = 0.006
"""Metres along a finger of which the skin decides how wide a ring is."""
PROFILE = 8
"""Points around a ring's band."""
METALS = linear([[230, 190, 100], [215, 215, 220], [225, 170, 140], [60, 60, 65]])
"""Gold, silver, rose gold, black."""


@dataclass(frozen=True)
class _Seat:
    """Where a ring sits: the bone, the middle (3,) from its joint, and half widths along the axes (3, 3), rest frame.

    The axes' rows are along, across and above the finger.
    """

    bone: int
    middle: Array
    axes: Array
    half: Array


class RingMaker:
    """Rings for the fingers of a right hand model, of its mean shape."""

    def __init__(self, model: HandModel) -> None:
        self._seats = [_seat(model, finger) for finger in range(THUMB + 1)]

    def draw(self, rng: np.random.Generator, hand: Hand) -> ThingMesh:
        """A ring on some finger of a hand, camera frame."""
        seat = self._seats[rng.choice(len(self._seats), p=RING_CHANCES)]
        width, thickness = rng.uniform(0.0012, 0.0045), rng.uniform(0.0006, 0.0014)
        around = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        band = np.linspace(0, 2 * np.pi, PROFILE, endpoint=False)
        out = (seat.half[1:] * rng.uniform(1.02, 1.1))[None, None] + thickness * np.cos(band)[None, :, None]
        circle = np.stack([np.cos(around), np.sin(around)], axis=-1)[:, None] * out
        along = np.broadcast_to(width * np.sin(band)[None, :, None], (*circle.shape[:2], 1))
        local = np.concatenate([along, circle], axis=-1).reshape(-1, 3) @ seat.axes + seat.middle
        if hand.armed.model.side == "left":
            local = local * MIRROR
        turned = local @ hand.posed.rotations[0, seat.bone].T + hand.posed.joints[0, seat.bone]
        vertices = hand.to_camera(turned)
        faces = _torus_faces()
        return ThingMesh(vertices, VertexNormals(faces, len(vertices))(vertices), local, faces, _metal(rng))


def watch_case(rng: np.random.Generator, hand: Hand, ring: Array) -> Placed:
    """The case of a watch on a ring (K, 3) of points around a wrist, in the hand's frame; at the back, or below it."""
    middle = ring.mean(axis=0)
    side = BACK_OF_HAND if rng.random() < 0.85 else -BACK_OF_HAND
    top = ring[((ring - middle) @ side).argmax()]
    outward = unit(top - middle)
    along = unit(np.array([1.0, 0.0, 0.0]) - outward[0] * outward)
    axes = np.stack([along, np.cross(outward, along), outward], axis=1)
    half = np.array([*np.repeat(rng.uniform(0.012, 0.021), 2), rng.uniform(0.003, 0.006)])
    solid = Solid("cylinder", half, np.ones(ALONG))
    if rng.random() < 0.4:
        solid = Solid("box", half * (rng.uniform(1.0, 1.25), 0.85, 1.0), np.ones(ALONG))
    return Placed(solid, axes, top).moved(hand.rotation, hand.wrist)


def _seat(model: HandModel, finger: int) -> _Seat:
    chain = FINGER_BONES[finger]
    bone, after = (chain[1], chain[2]) if finger == THUMB else (chain[0], chain[1])
    start, end = model.joints[bone], model.joints[after]
    along = unit(end - start)
    across = unit(np.cross(BACK_OF_HAND, along))
    axes = np.stack([along, across, np.cross(along, across)])
    own = model.weights[:, chain].sum(axis=1) > 0.5
    place = start + (0.62 if finger != THUMB else 0.5) * (end - start)
    near = own & (np.abs((model.vertices - place) @ along) < SLAB)
    skin = (model.vertices[near] - place) @ axes.T
    low, high = skin.min(axis=0), skin.max(axis=0)
    middle = 0.5 * (low + high) * (0.0, 1.0, 1.0)
    return _Seat(int(bone), place + middle @ axes - start, axes, 0.5 * (high - low))


def _torus_faces() -> NDArray[np.integer]:
    index = np.arange(AROUND * PROFILE).reshape(AROUND, PROFILE)
    after, up = np.roll(index, -1, axis=0), np.roll(index, -1, axis=1)
    diagonal = np.roll(after, -1, axis=1)
    return np.concatenate(
        [np.stack([index, after, diagonal], -1).reshape(-1, 3), np.stack([index, diagonal, up], -1).reshape(-1, 3)]
    )


def _metal(rng: np.random.Generator) -> Coating:
    colour = METALS[rng.integers(len(METALS))] * np.exp(rng.normal(0, 0.1))
    return Coating(
        base_colour=0.5 * colour,
        second_colour=0.5 * colour,
        photograph=None,
        printed=0.0,
        weave=0.0,
        grain=8.0,
        stripes=0.0,
        gloss=float(np.exp(rng.uniform(np.log(40), np.log(200)))),
        sheen=rng.uniform(2.0, 8.0),
    )
