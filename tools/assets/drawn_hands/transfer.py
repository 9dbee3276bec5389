"""Lays another hand's mesh onto the open hand, and finds for each texel of the one the texel of the other."""

from dataclasses import dataclass, replace

import numpy as np
from gltf import SkinnedMesh
from scipy.sparse import coo_array, diags_array
from scipy.spatial import KDTree

from dahyf_core.hand_model import FINGER_BONES, HandModel
from dahyf_core.synthesis.surface import THUMB, VertexNormals, unit

TO_OPEN_AXES = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From the other mesh's axes (fingers along -z, back of the hand x) to those of the open hand."""
FINGERS = ("Index", "Middle", "Little", "Ring", "Thumb")
"""In the order of FINGER_BONES."""
NORMAL_METRES = 0.012
"""A difference of 1 between two normals counts as this distance."""
FITTING = (40, 40, 20, 20, 10, 10, 5, 5, 3, 3, 2, 2)
"""Rounds of fitting: how often displacements are smoothed in each."""
FARTHEST = 0.012


@dataclass(frozen=True)
class Texels:
    """Points of a surface, one a covered texel. rows, columns: (T,). positions, normals, along, across: (T, 3), where
    along and across are the ways in which the columns and the rows of the texture grow.
    """

    rows: np.ndarray
    columns: np.ndarray
    positions: np.ndarray
    normals: np.ndarray
    along: np.ndarray
    across: np.ndarray


def laid_onto(mesh: SkinnedMesh, model: HandModel) -> SkinnedMesh:
    """The mesh posed as the open hand at rest (bone by bone), then drawn onto its skin."""
    turned = replace(
        mesh,
        vertices=mesh.vertices @ TO_OPEN_AXES.T,
        normals=mesh.normals @ TO_OPEN_AXES.T,
        joints={name: TO_OPEN_AXES @ place for name, place in mesh.joints.items()},
    )
    posed = _posed(turned, model)
    welded, place = np.unique(mesh.vertices.round(6), axis=0, return_inverse=True)
    place = place.ravel()
    counts = np.bincount(place)
    vertices = np.stack([np.bincount(place, posed[:, axis]) for axis in range(3)], axis=1) / counts[:, None]
    faces = place[mesh.faces]
    smooth = _smoothing(faces, len(welded))
    normals_of, skin = VertexNormals(faces, len(welded)), _samples(model)
    tree = KDTree(np.hstack(skin * np.array([1.0, NORMAL_METRES])[:, None, None]))
    for rounds in FITTING:
        normals = unit(normals_of(vertices))
        distance, nearest = tree.query(np.hstack([vertices, NORMAL_METRES * normals]))
        moves = skin[0][nearest] - vertices
        trusted = (np.asarray(distance) < 1.5 * FARTHEST) & (vertices[:, 0] < 0.012)
        weights, moves = trusted.astype(float), moves * trusted[:, None]
        for _ in range(rounds):
            weights, moves = smooth @ weights, smooth @ moves
        vertices = vertices + moves / np.maximum(weights, 0.05)[:, None]
    return replace(turned, vertices=vertices[place], normals=unit(normals_of(vertices))[place])


def texels(vertices: np.ndarray, normals: np.ndarray, uv: np.ndarray, faces: np.ndarray, size: int) -> Texels:
    """The centres of the texels that the faces cover in a texture of size x size; uv: (V, 2), v down."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("at", "place", "normal", "along", "across")}
    places = uv * size - 0.5
    for face in faces:
        corners = places[face]
        low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
        edges = corners[1:] - corners[0]
        area = edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0]
        if abs(area) < 1e-9 or (high - low).max() > size // 2:
            continue
        x, y = (axis.ravel() for axis in np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True))))
        offset = np.stack([x, y], axis=-1) - corners[0]
        second = (offset[:, 0] * edges[1, 1] - offset[:, 1] * edges[1, 0]) / area
        third = (offset[:, 1] * edges[0, 0] - offset[:, 0] * edges[0, 1]) / area
        shares = np.stack([1 - second - third, second, third], axis=-1)
        covered = (shares >= -1e-6).all(axis=-1) & (x >= 0) & (y >= 0) & (x < size) & (y < size)
        sides = vertices[face[1:]] - vertices[face[0]]
        along, across = np.linalg.solve(edges, sides)
        count = int(covered.sum())
        found["at"].append(np.stack([y, x], axis=-1)[covered])
        found["place"].append(shares[covered] @ vertices[face])
        found["normal"].append(unit(shares[covered] @ normals[face]))
        found["along"].append(np.repeat(unit(along)[None], count, axis=0))
        found["across"].append(np.repeat(unit(across)[None], count, axis=0))
    at, place, normal, along, across = (np.concatenate(values) for values in found.values())
    return Texels(at[:, 0], at[:, 1], place, normal, along, across)


def nearest_texels(targets: Texels, sources: Texels) -> np.ndarray:
    """(T,) of each target the source that is nearest and faces the same way."""
    tree = KDTree(np.hstack([sources.positions, NORMAL_METRES * sources.normals]))
    _, nearest = tree.query(np.hstack([targets.positions, NORMAL_METRES * targets.normals]))
    return np.asarray(nearest)


def _posed(mesh: SkinnedMesh, model: HandModel) -> np.ndarray:
    """(V, 3) each bone of the mesh moved onto the open hand's, and the skin blended between."""
    knuckles = [model.joints[chain[0]] for chain in FINGER_BONES[:THUMB]]
    own = [mesh.joints[f"{finger}_Proximal"] for finger in FINGERS[:THUMB]]
    palm = _similarity(np.array([mesh.joints["Wrist"], *own]), np.array([model.joints[0], *knuckles]))
    moves = dict.fromkeys(mesh.names, palm)
    ends = model.tips[[1, 2, 4, 3, 0]]
    for number, (finger, chain) in enumerate(zip(FINGERS, FINGER_BONES, strict=True)):
        parts = ("Proximal", "Intermediate", "Distal") if number < THUMB else ("Metacarpal", "Proximal", "Distal")
        own_ends = [mesh.joints[f"{finger}_{part}"] for part in (*parts, "Tip")]
        open_ends = [*model.joints[chain], ends[number]]
        own_back = _nail_direction(mesh, finger)
        open_back = np.array([0.0, 1.0, 0.0]) if number < THUMB else np.array([0.46, 0.49, 0.74])
        for place, part in enumerate(parts):
            start, end = own_ends[place : place + 2]
            onto_start, onto_end = open_ends[place : place + 2]
            if place == 2:
                onto_end = onto_start + (open_ends[2] - open_ends[1]) / np.linalg.norm(open_ends[2] - open_ends[1]) * (
                    np.linalg.norm(ends[number] - onto_start)
                )
            moves[f"{finger}_{part}"] = _segment(start, end, own_back, onto_start, onto_end, open_back)
        moves[f"{finger}_Tip"] = moves[f"{finger}_Distal"]
    blended = np.zeros_like(mesh.vertices)
    for column, name in enumerate(mesh.names):
        matrix, shift = moves[name]
        blended += mesh.weights[:, column : column + 1] * (mesh.vertices @ matrix.T + shift)
    return blended


def _nail_direction(mesh: SkinnedMesh, finger: str) -> np.ndarray:
    """The way a finger's back faces: that of its nail, which lies in the upper right of the texture."""
    is_nail = (mesh.uv[:, 0] > 0.48) & (mesh.uv[:, 1] < 0.25)
    own = is_nail & (mesh.weights[:, mesh.names.index(f"{finger}_Distal")] > 0.5)
    return unit(mesh.normals[own].mean(axis=0))


def _segment(start, end, back, onto_start, onto_end, onto_back):
    """The affine map of a bone, stretched along it only."""
    frame, length = _frame(end - start, back)
    onto_frame, onto_length = _frame(onto_end - onto_start, onto_back)
    matrix = onto_frame @ np.diag([onto_length / length, 1.0, 1.0]) @ frame.T
    return matrix, onto_start - matrix @ start


def _frame(along: np.ndarray, back: np.ndarray) -> tuple[np.ndarray, float]:
    length = float(np.linalg.norm(along))
    first = along / length
    second = unit(back - (back @ first) * first)
    return np.stack([first, second, np.cross(first, second)], axis=1), length


def _similarity(points: np.ndarray, onto: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle, onto_middle = points.mean(axis=0), onto.mean(axis=0)
    left, values, right = np.linalg.svd((onto - onto_middle).T @ (points - middle))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    scale = (values @ np.diag(sign)) / ((points - middle) ** 2).sum()
    matrix = scale * left @ sign @ right
    return matrix, onto_middle - matrix @ middle


def _samples(model: HandModel) -> np.ndarray:
    """(2, S, 3) points all over the open hand's skin, and their normals."""
    normals = unit(VertexNormals(model.faces, len(model.vertices))(model.vertices))
    shares = np.array([(a, b, 4 - a - b) for a in range(5) for b in range(5 - a)]) / 4
    places = np.einsum("sc,fci->fsi", shares, model.vertices[model.faces]).reshape(-1, 3)
    return np.stack([places, unit(np.einsum("sc,fci->fsi", shares, normals[model.faces]).reshape(-1, 3))])


def _smoothing(faces: np.ndarray, count: int) -> coo_array:
    """(V, V) the mean of a vertex and those that it shares an edge with."""
    starts, ends = faces[:, [0, 1, 2, 1, 2, 0]].ravel(), faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    linked = coo_array((np.ones(len(starts)), (starts, ends)), shape=(count, count)).tocsr()
    linked.data[:] = 1.0
    linked = linked + diags_array(np.ones(count))
    return diags_array(1 / np.asarray(linked.sum(axis=1)).ravel()) @ linked
