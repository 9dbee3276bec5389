"""Simple solids that hands hold or hide behind: a mesh to draw and a distance to keep fingers out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.synthesis.surface import VertexNormals, unit

AROUND, ALONG = 24, 14
"""Points of a round solid's mesh."""
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


@dataclass(frozen=True)
class Solid:
    """A box, ellipsoid or cylinder, in its own axes. half_size: (3,) m; a cylinder stands along z.

    profile: (ALONG,) factors of a round solid's radius along z, at most 1: a bottle, a cup.
    """

    kind: Literal["box", "ellipsoid", "cylinder"]
    half_size: Array
    profile: Array

    def distance(self, points: Array) -> Array:
        """About how far points (..., 3) lie outside (negative: inside), metres."""
        if self.kind == "ellipsoid":
            stretched = np.linalg.norm(points / self.half_size, axis=-1)
            return (stretched - 1.0) * self.half_size.min()
        if self.kind == "cylinder":
            radial = np.linalg.norm(points[..., :2], axis=-1) - self.half_size[0]
            return np.maximum(radial, np.abs(points[..., 2]) - self.half_size[2])
        beyond = np.abs(points) - self.half_size
        outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=-1)
        return outside + np.minimum(beyond.max(axis=-1), 0.0)

    def mesh(self) -> tuple[Array, Array, NDArray[np.integer]]:
        """Vertices (V, 3), normals (V, 3), faces (F, 3)."""
        return _box(self.half_size) if self.kind == "box" else self._round()

    def _round(self) -> tuple[Array, Array, NDArray[np.integer]]:
        if self.kind == "ellipsoid":
            polar = np.linspace(np.pi, 0, ALONG)
            height, radius = np.cos(polar), np.sin(polar)
        else:
            height = np.concatenate([[-1, -1], np.linspace(-1, 1, ALONG - 4), [1, 1]])
            radius = np.concatenate([[0, 1], np.ones(ALONG - 4), [1, 0]]) * self.profile
        angle = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        rings = np.empty((ALONG, AROUND, 3))
        rings[..., :2] = radius[:, None, None] * circle
        rings[..., 2] = height[:, None]
        vertices = (rings * self.half_size).reshape(-1, 3)
        index = np.arange(ALONG * AROUND).reshape(ALONG, AROUND)
        low, high = index[:-1], index[1:]
        low_next, high_next = np.roll(low, -1, axis=1), np.roll(high, -1, axis=1)
        lower, upper = np.stack([low, low_next, high], -1), np.stack([low_next, high_next, high], -1)
        faces = np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)])
        return vertices, unit(VertexNormals(faces, len(vertices))(vertices)), faces


def _box(half_size: Array) -> tuple[Array, Array, NDArray[np.integer]]:
    vertices, normals = [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            side = np.empty((4, 3))
            side[:, axis] = sign
            side[:, [(axis + 1) % 3, (axis + 2) % 3]] = CORNERS if sign > 0 else CORNERS[::-1]
            vertices.append(side * half_size)
            normals.append(np.tile(sign * np.eye(3)[axis], (4, 1)))
    first = 4 * np.arange(6)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    return np.concatenate(vertices), np.concatenate(normals), faces
