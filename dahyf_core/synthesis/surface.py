"""Where on the hand a point of its skin lies: what shading needs to draw nails, creases and lighter palms.

Everything here is computed once, from the right hand's mean shape at rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dahyf_core.arrays import Array
from dahyf_core.hand_model import FINGER_BONES, HandModel

THUMB = 4
"""Place of the thumb in FINGER_BONES."""
BACK_OF_HAND = np.array([0.0, 1.0, 0.0])
BACK_OF_THUMB = np.array([0.46, 0.49, 0.74])
"""The way the nail of the flat hand's thumb faces."""
UNIT_WIDTH = 0.008
"""Metres; about half the width of a finger."""
SPHERES_PER_BONE = 3


@dataclass(frozen=True)
class Surface:
    """Coordinates of V points of the skin.

    rest: (V, 3) metres. finger: (V, 4), along the nearest finger (0, 1, 2 at its joints, 3 at its end, less than 0 on
    the palm), across and above its middle line in units of UNIT_WIDTH, and the cosine between the normals of the skin
    and of the back.
    """

    rest: Array
    finger: Array


@dataclass(frozen=True)
class Spheres:
    """S spheres that fill the hand at rest, each carried by a bone: coarse, for shadows and collisions.

    bones: (S,) int. centers: (S, 3) metres from the bone's joint, rest frame. radii: (S,) m. finger: (S,) place in
    FINGER_BONES, -1 for the palm.
    """

    bones: NDArray[np.integer]
    centers: Array
    radii: Array
    finger: NDArray[np.integer]


def describe_surface(model: HandModel) -> Surface:
    """The coordinates of a right hand's vertices."""
    vertices = model.vertices
    normals = unit(VertexNormals(model.faces, len(vertices))(vertices))
    finger_weights = np.stack([model.weights[:, chain].sum(axis=1) for chain in FINGER_BONES], axis=1)
    nearest = np.where(finger_weights.max(axis=1) > 0, finger_weights.argmax(axis=1), _nearest_chain(model))
    coordinates = np.empty((len(vertices), 4))
    for finger, chain in enumerate(FINGER_BONES):
        own = nearest == finger
        along, across, above = _finger_axes(model, finger)
        offsets = vertices - model.joints[chain[0]]
        tip = offsets[own] @ along
        marks = np.append((model.joints[chain] - model.joints[chain[0]]) @ along, tip.max())
        last = own & (model.weights[:, chain[2]] > 0.9)
        middle = 0.5 * (np.max(offsets[last], axis=0) + np.min(offsets[last], axis=0))
        coordinates[own, 0] = _interpolate(tip, marks)
        coordinates[own, 1] = (offsets[own] - middle) @ across / UNIT_WIDTH
        coordinates[own, 2] = (offsets[own] - middle) @ above / UNIT_WIDTH
        coordinates[own, 3] = normals[own] @ above
    return Surface(vertices, coordinates)


def fill_with_spheres(model: HandModel) -> Spheres:
    """Spheres along the bones of the fingers, and six in the palm."""
    bones, centers, radii, fingers = [], [], [], []
    ends = model.tips[[1, 2, 4, 3, 0]]
    for finger, chain in enumerate(FINGER_BONES):
        _, _, above = _finger_axes(model, finger)
        heads = np.concatenate([model.joints[chain], ends[finger, None]])
        for bone, start, end in zip(chain, heads[:-1], heads[1:], strict=True):
            skin = model.vertices[model.weights[:, bone] > 0.6]
            middle = skin.mean(axis=0)
            along = unit(end - start)
            across = skin - middle - ((skin - middle) @ along)[:, None] * along
            radius = np.median(np.linalg.norm(across, axis=1))
            for share in (np.arange(SPHERES_PER_BONE) + 0.5) / SPHERES_PER_BONE:
                on_bone = start + share * (end - start)
                center = on_bone + ((middle - on_bone) @ above) * above
                bones.append(bone)
                centers.append(center - model.joints[bone])
                radii.append(radius)
                fingers.append(finger)
    for chain in FINGER_BONES[:THUMB]:
        for share in (0.35, 0.75):
            bones.append(0)
            centers.append(share * model.joints[chain[0]] - 0.008 * BACK_OF_HAND - model.joints[0])
            radii.append(0.014)
            fingers.append(-1)
    return Spheres(np.array(bones), np.array(centers), np.array(radii), np.array(fingers))


def border_loop(faces: NDArray[np.integer]) -> NDArray[np.integer]:
    """Vertices of the one open border of a mesh, in its order."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    known = {(int(start), int(end)) for start, end in edges}
    following = {start: end for start, end in known if (end, start) not in known}
    loop = [min(following)]
    while (after := following[loop[-1]]) != loop[0]:
        loop.append(after)
    if len(loop) != len(following):
        raise ValueError("the mesh has more than one border")
    return np.array(loop)


class VertexNormals:
    """Normals of the vertices of one topology, for any positions."""

    def __init__(self, faces: NDArray[np.integer], count: int) -> None:
        rows, columns = faces.ravel(), np.repeat(np.arange(len(faces)), 3)
        self._faces = faces
        self._sum = csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(count, len(faces)))

    def __call__(self, vertices: Array) -> Array:
        """(V, 3) -> (V, 3), not of unit length: faces weigh by their area."""
        first, second, third = (vertices[self._faces[:, corner]] for corner in range(3))
        return self._sum @ cross(second - first, third - first)


def cross(first: Array, second: Array) -> Array:
    """The cross product of (..., 3) and (..., 3); several times as quick as np.cross."""
    x1, y1, z1 = first[..., 0], first[..., 1], first[..., 2]
    x2, y2, z2 = second[..., 0], second[..., 1], second[..., 2]
    return np.stack([y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2], axis=-1)


def unit(vectors: Array) -> Array:
    """Vectors (..., 3) at length 1; zeros stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _nearest_chain(model: HandModel) -> NDArray[np.integer]:
    """(V,) of each vertex the finger whose first joint is nearest across the hand."""
    knuckles = model.joints[FINGER_BONES[:, 0]]
    return np.linalg.norm(model.vertices[:, None, 1:] - knuckles[:, 1:], axis=-1).argmin(axis=1)


def _finger_axes(model: HandModel, finger: int) -> tuple[Array, Array, Array]:
    """Unit vectors along a flat finger, across it, and out of its back."""
    chain = FINGER_BONES[finger]
    along = unit(model.joints[chain[2]] - model.joints[chain[0]])
    back = BACK_OF_THUMB if finger == THUMB else BACK_OF_HAND
    above = unit(back - (back @ along) * along)
    return along, cross(along, above), above


def _interpolate(distance: Array, marks: Array) -> Array:
    """0, 1, 2, 3 at the marks, linear between and beyond them."""
    inside = np.interp(distance, marks, np.arange(4.0))
    return np.where(distance < 0, distance / marks[1], inside)
