"""The forearm behind a hand, and what it wears: tubes that continue the border of the hand's mesh."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.synthesis.skins import SkinAtlas, load_skins
from dahyf_core.synthesis.surface import Surface, VertexNormals, border_loop, describe_surface

RINGS = np.array([0.006, 0.013, 0.022, 0.034, 0.05, 0.075, 0.11, 0.15, 0.2, 0.26, 0.32])
"""Metres from the border of the hand."""
BEND_LENGTH = 0.05
"""Metres over which the wrist bends."""
ON_ARM = -20.0
"""Place along a finger (Surface.finger) of the forearm."""
ARM_GIRTH = 0.19
"""Metres."""
PATCH_AT, PATCH_HALF = (-0.055, 0.012, -0.002), 0.017
"""The middle of the back of the hand, and half a side of what the forearm repeats of it; metres, rest frame."""
GROWTH_AT = (0.0, 0.04, 0.12, 0.22, 0.32)
WIDER, THICKER = (1.0, 0.98, 1.14, 1.34, 1.4), (1.0, 1.02, 1.28, 1.55, 1.65)
"""Growth of the forearm, as factors of the border's width (z) and thickness (y), at GROWTH_AT."""


@dataclass(frozen=True)
class Tube:
    """A mesh of R rings of K points. vertices: (R * K, 3), faces: (F, 3)."""

    vertices: Array
    faces: NDArray[np.integer]


class ArmedHand:
    """A hand model whose mesh goes on into a forearm.

    surface: of all vertices, the hand's first. faces: (F, 3), outward for the model's own side.
    drawn: (V'',) vertices as they are drawn, some of them twice; drawn_faces: (F, 3) of these. uv: (V'', 2) in the
    atlas of skins; on the forearm, of a plane without end that repeats `arm_patch`: its middle (2,) and half its side.

    Raises ValueError for another hand than the open one, which has no such skins.
    """

    def __init__(self, model: HandModel) -> None:
        atlas = load_skins()
        if model.name != "open_hand" or atlas.place.max() + 1 != len(model.vertices):
            raise ValueError(f"{model.name} has no skins; only the shipped open hand can be drawn")
        self.model = model
        self._loop = border_loop(model.faces)
        right = model if model.side == "right" else model.mirrored()
        rings = self._forearm(right.vertices[self._loop] - right.joints[0], RINGS) + right.joints[0]
        hand = describe_surface(right)
        on_arm = np.full((rings.shape[0] * rings.shape[1], 4), (ON_ARM, 0.0, 0.0, 0.0))
        normals = rings - rings.mean(axis=1, keepdims=True)
        on_arm[:, 3] = (normals[..., 1] / np.linalg.norm(normals, axis=-1)).ravel()
        self.surface = Surface(np.concatenate([hand.rest, rings.reshape(-1, 3)]), np.concatenate([hand.finger, on_arm]))
        first_ring = len(model.vertices) + np.arange(len(self._loop))
        faces = _strip(self._loop, first_ring)
        arm_faces = _tube_faces(len(RINGS), len(self._loop)) + len(model.vertices)
        self.faces = np.concatenate([model.faces, faces, arm_faces])
        self._unfold(atlas)

    @cached_property
    def normals(self) -> VertexNormals:
        """Normals of the vertices of hand and forearm."""
        return VertexNormals(self.faces, len(self.surface.rest))

    def _unfold(self, atlas: SkinAtlas) -> None:
        """Vertices as they are drawn: the hand's by the atlas, then the border once more, then the forearm's."""
        hand, loop = len(self.model.vertices), self._loop
        sides = atlas.faces[:, [0, 1, 2, 0]]
        places, spots = self.model.vertices[atlas.place[sides]], atlas.uv[sides]
        lengths = [np.linalg.norm(np.diff(ends, axis=1), axis=-1) for ends in (places, spots)]
        density = np.median(lengths[1] / np.maximum(lengths[0], 1e-6))
        rings = np.concatenate([loop, np.arange(hand, len(self.surface.rest))]).reshape(-1, len(loop))
        around = np.arange(len(loop)) * ARM_GIRTH / len(loop)
        along = np.concatenate([[0.0], RINGS])
        on_arm = density * np.stack(np.broadcast_arrays(along[:, None], around), axis=-1).reshape(-1, 2)
        self.drawn = np.concatenate([atlas.place, rings.ravel()])
        self.uv = np.concatenate([atlas.uv, on_arm])
        own = np.zeros(len(self.surface.rest), int)
        own[rings.ravel()] = len(atlas.place) + np.arange(rings.size)
        flip = slice(None) if self.model.side == "right" else slice(None, None, -1)
        self.drawn_faces = np.concatenate([atlas.faces[:, flip], own[self.faces[len(self.model.faces) :]]])
        self.finger = self.surface.finger[self.drawn].copy()
        self.finger[len(atlas.place) :, 0] = ON_ARM
        back = np.linalg.norm(load_hand_model().vertices - PATCH_AT, axis=1)
        middle = atlas.uv[back[atlas.place].argmin()]
        self.arm_patch = np.array([*middle, density * PATCH_HALF])

    def forearm(self, shape: Array, bend: Array) -> Array:
        """Vertices (V' - V, 3) of the forearm in the frame of the wrist.

        shape: (10,). bend: (3,) axis-angle of the forearm against the hand.
        """
        return self._bent(self._forearm(self._border(shape), RINGS), RINGS, bend).reshape(-1, 3)

    def sleeve(self, distances: Array, girth: Array, shape: Array, bend: Array) -> Tube:
        """A tube around the forearm, in the frame of the wrist.

        distances: (R,) m from the border of the hand, of its rings. girth: (R, K), factor of the forearm's own.
        """
        rings = self._forearm(self._border(shape), distances)
        middle = rings.mean(axis=1, keepdims=True)
        placed = self._bent(middle + (rings - middle) * girth[..., None], distances, bend)
        return Tube(placed.reshape(-1, 3), _tube_faces(len(distances), len(self._loop)))

    @property
    def points_around(self) -> int:
        """K, of each ring."""
        return len(self._loop)

    def _border(self, shape: Array) -> Array:
        """(K, 3) in the frame of the wrist."""
        model = self.model
        border = model.vertices[self._loop] + model.shape_directions[self._loop] @ shape
        return border - (model.joints[0] + model.joint_directions[0] @ shape)

    def _forearm(self, border: Array, distances: Array) -> Array:
        """(R, K, 3) rings at rest, behind the border (K, 3)."""
        middle = border.mean(axis=0)
        outward = np.sign(middle[0]) * np.array([1.0, 0.0, 0.0])
        flat = (border - middle) * (0.0, 1.0, 1.0)
        tilt = (border - middle) * (1.0, 0.0, 0.0)
        growth = np.stack(
            [np.ones(len(distances)), np.interp(distances, GROWTH_AT, THICKER), np.interp(distances, GROWTH_AT, WIDER)],
            axis=-1,
        )
        straightened = np.exp(-distances / 0.02)[:, None, None] * tilt
        return middle + growth[:, None] * flat + straightened + distances[:, None, None] * outward

    @staticmethod
    def _bent(rings: Array, distances: Array, bend: Array) -> Array:
        """Rings (R, K, 3) turned about the wrist, the more the farther they are from it."""
        share = np.clip(distances / BEND_LENGTH, 0.0, 1.0)
        bends = matrix_from_axis_angle((share * share * (3 - 2 * share))[:, None] * bend)
        return np.einsum("rij,rpj->rpi", bends, rings)


def _tube_faces(rings: int, points: int) -> NDArray[np.integer]:
    indices = np.arange(rings * points).reshape(rings, points)
    strips = [_strip(ring, after) for ring, after in pairwise(indices)]
    return np.concatenate(strips)


def _strip(ring: NDArray[np.integer], after: NDArray[np.integer]) -> NDArray[np.integer]:
    """Faces between two rings; the first runs as the border of a mesh of outward faces does."""
    ring_next, after_next = np.roll(ring, -1), np.roll(after, -1)
    return np.concatenate([np.stack([ring_next, ring, after], -1), np.stack([ring_next, after, after_next], -1)])
