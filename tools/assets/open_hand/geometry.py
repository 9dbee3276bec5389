"""The open hand's geometry from the anny package: a shape space of hands at rest in MANO's frame and joint order."""

from dataclasses import dataclass

import anny
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from dahyf_core.hand_model import KEYPOINT_BONES, TIPS

SAMPLES = 600
COMPONENTS = 10
PARENTS = np.array([-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14])
ANNY_BONES = ["wrist.R", *(f"finger{finger}-{i}.R" for finger in (2, 3, 5, 4, 1) for i in (1, 2, 3))]
"""Anny's bones in MANO's order: wrist, index, middle, pinky, ring, thumb."""
MORPHS = (
    "r-hand-fingers-length-incr",
    "r-hand-scale-incr",
    "r-hand-fingers-diameter-incr",
    "r-hand-fingers-distance-incr",
    "measure-wrist-circ-incr",
    "r-lowerarm-fat-incr",
)
CHAINS = {"index": (1, 2, 3), "middle": (4, 5, 6), "pinky": (7, 8, 9), "ring": (10, 11, 12), "thumb": (13, 14, 15)}
TIP_ORDER = ("thumb", "index", "middle", "ring", "pinky")
WRIST_SHIFT = 0.4
"""Anny's wrist is the mesh's cut; the open hand's lies this far on the way to the bases of the metacarpals."""
BACK_OF_THUMB = np.array([0.46, 0.49, 0.74])
"""The way the nail of the flat hand's thumb faces."""
FLAT_THUMB = np.array([-0.74, -0.25, 0.62])
"""Direction of the thumb of a flat hand, as in MANO's template: half out of the hand, a little below the palm."""


@dataclass(frozen=True)
class Hands:
    """S hands of one topology. vertices: (S, V, 3) m; joints: (S, 16, 3) m."""

    vertices: np.ndarray
    joints: np.ndarray


def build_geometry(seed: int) -> dict[str, np.ndarray]:
    """All arrays of the asset that describe the geometry; prints how well the 10 components hold the samples."""
    hand = anny.Anny(rig="anny-hand.R", topology="hand.R", local_changes="all", phenotypes="all")
    faces = hand.get_triangular_faces().numpy()
    painted_weights = _fold_weights(hand)
    weights = _smooth(painted_weights, faces)
    hands = _flatten(_align(_sample(hand, seed), palm=painted_weights[:, 0] > 0.99), weights)
    geometry = {**_principal_components(hands), "weights": weights, "faces": faces, "parents": PARENTS}
    pads = _fingertip_vertices(geometry, geometry["joints"], angle_below_bone=np.radians(20))
    geometry["tips"] = geometry["vertices"][pads]
    geometry["tip_directions"] = geometry["shape_directions"][pads]
    return {**geometry, **_own_keypoints(geometry), **_freihand_keypoints(geometry)}


def _sample(hand: anny.Anny, seed: int) -> Hands:
    """Hands of random adults and, one in eight, children, with random hand morphs."""
    rng = np.random.default_rng(seed)
    is_child = rng.random(SAMPLES) < 1 / 8
    age = np.where(is_child, rng.uniform(0.2, 0.5, SAMPLES), rng.uniform(0.5, 1.0, SAMPLES))
    traits = {
        "age": age,
        "gender": rng.uniform(0, 1, SAMPLES),
        **{name: rng.normal(0.5, 0.15, SAMPLES).clip(0, 1) for name in ("height", "weight", "muscle", "proportions")},
        **dict(zip(("african", "asian", "caucasian"), rng.dirichlet(np.ones(3), SAMPLES).T, strict=True)),
    }
    morphs = {name: rng.normal(0, 0.3, SAMPLES).clip(-1, 1) for name in MORPHS}
    coefficients = hand.get_phenotype_blendshape_coefficients(
        **{name: torch.as_tensor(values, dtype=hand.dtype) for name, values in traits.items()},
        local_changes={name: torch.as_tensor(values, dtype=hand.dtype) for name, values in morphs.items()},
    )
    rest = hand.get_rest_model(coefficients)
    heads = rest["rest_bone_heads"].double().numpy()
    joints = heads[:, [hand.bone_labels.index(label) for label in ANNY_BONES]]
    metacarpals = heads[:, [hand.bone_labels.index(f"metacarpal{i}.R") for i in (1, 2, 3, 4)]].mean(axis=1)
    joints[:, 0] += WRIST_SHIFT * (metacarpals - joints[:, 0])
    return Hands(rest["rest_vertices"].double().numpy(), joints)


def _fold_weights(hand: anny.Anny) -> np.ndarray:
    """(V, 16) skin weights; what the root and the metacarpals carry goes to the wrist."""
    target = [ANNY_BONES.index(label) if label in ANNY_BONES else 0 for label in hand.bone_labels]
    weights = np.zeros((len(hand.template_vertices), 16))
    bones = np.asarray(target)[hand.vertex_bone_indices.numpy()]
    np.add.at(weights, (np.arange(len(weights))[:, None], bones), hand.vertex_bone_weights.double().numpy())
    return weights / weights.sum(axis=1, keepdims=True)


def _smooth(weights: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Two steps of Laplacian smoothing, which unfold the web of the thumb; then each vertex's four greatest weights."""
    edges = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    both_ways = np.concatenate([edges, edges[:, ::-1]])
    degree = np.bincount(both_ways[:, 0], minlength=len(weights))[:, None]
    for _ in range(2):
        neighbours = np.zeros_like(weights)
        np.add.at(neighbours, both_ways[:, 0], weights[both_ways[:, 1]])
        weights = (weights + neighbours / degree) / 2
    fourth = np.sort(weights, axis=1)[:, -4, None]
    weights = np.where((weights >= fourth) & (weights > 0.005), weights, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _align(hands: Hands, palm: np.ndarray) -> Hands:
    """Turn every hand so that its palm lies on the first one's, in MANO's axes, and put the wrist at the origin."""
    wrist, index, middle, pinky = hands.joints[0, [0, 1, 4, 7]]
    fingers = (middle - wrist) / np.linalg.norm(middle - wrist)
    across = index - pinky - fingers * (fingers @ (index - pinky))
    axis_z = across / np.linalg.norm(across)
    axes = np.stack([-fingers, np.cross(axis_z, -fingers), axis_z])
    assert np.isclose(np.linalg.det(axes), 1)
    reference = (hands.vertices[0, palm] - hands.vertices[0, palm].mean(axis=0)) @ axes.T
    vertices, joints = np.empty_like(hands.vertices), np.empty_like(hands.joints)
    for i, (own_vertices, own_joints) in enumerate(zip(hands.vertices, hands.joints, strict=True)):
        own_palm = own_vertices[palm] - own_vertices[palm].mean(axis=0)
        rotation, _ = Rotation.align_vectors(reference, own_palm)
        vertices[i] = rotation.apply(own_vertices - own_joints[0])
        joints[i] = rotation.apply(own_joints - own_joints[0])
    return Hands(vertices, joints)


def _flatten(hands: Hands, weights: np.ndarray) -> Hands:
    """Straighten the fingers into MANO's flat hand, by the same rotations for every hand: linear in the shape."""
    mean_vertices, mean_joints = hands.vertices.mean(axis=0), hands.joints.mean(axis=0)
    apexes = _apexes(mean_vertices, mean_joints, weights)
    rotations = np.tile(np.eye(3), (16, 1, 1))
    for finger, chain in CHAINS.items():
        points = np.stack([*mean_joints[list(chain)], apexes[finger]])
        bones = np.diff(points, axis=0)
        target = FLAT_THUMB if finger == "thumb" else bones[0] * [1, 0, 1]
        for joint, bone in zip(chain, bones, strict=True):
            rotations[joint] = _shortest_rotation(bone, target)
    joints = hands.joints.copy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        joints[:, joint] = joints[:, parent] + (hands.joints[:, joint] - hands.joints[:, parent]) @ rotations[parent].T
    shifts = joints - np.einsum("kij,skj->ski", rotations, hands.joints)
    blended = np.einsum("vk,kij->vij", weights, rotations)
    return Hands(np.einsum("vij,svj->svi", blended, hands.vertices) + weights @ shifts, joints)


def _apexes(vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The end of each finger: centre of its few skin points farthest from the last joint."""
    apexes = {}
    for finger, (_, _, last) in CHAINS.items():
        own = vertices[weights[:, last] > 0.99]
        order = np.argsort(np.linalg.norm(own - joints[last], axis=1))
        apexes[finger] = own[order[-12:]].mean(axis=0)
    return apexes


def _shortest_rotation(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    axis = np.cross(start, end)
    sine, cosine = np.linalg.norm(axis), start @ end
    if np.isclose(sine, 0):
        return np.eye(3)
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine)).as_matrix()


def _principal_components(hands: Hands) -> dict[str, np.ndarray]:
    """Mean and 10 directions of vertices and joints, for coefficients of unit variance; the first grows the hand."""
    count = len(hands.vertices)
    points = np.concatenate([hands.vertices, hands.joints], axis=1).reshape(count, -1)
    mean = points.mean(axis=0)
    _, singular, basis = np.linalg.svd(points - mean, full_matrices=False)
    deviation = singular[:COMPONENTS] / np.sqrt(count - 1)
    directions = basis[:COMPONENTS] * deviation[:, None]
    signs = np.sign(directions[np.arange(COMPONENTS), np.abs(directions).argmax(axis=1)])
    signs[0] = np.sign(directions[0] @ mean)
    directions *= signs[:, None]
    coefficients = (points - mean) @ (directions / deviation[:, None] ** 2).T
    residual = np.linalg.norm((points - mean - coefficients @ directions).reshape(count, -1, 3), axis=-1)
    explained = (singular[:COMPONENTS] ** 2).sum() / (singular**2).sum()
    print(
        f"{count} hands in {COMPONENTS} components: {explained:.2%} explained, residual {1e3 * residual.mean():.3f} mm"
    )
    print(
        "standard deviation of each component, mm a point:", (1e3 * deviation / np.sqrt(points.shape[1] / 3)).round(2)
    )
    mean_points, direction_points = mean.reshape(-1, 3), directions.T.reshape(-1, 3, COMPONENTS)
    return {
        "vertices": mean_points[:-16],
        "shape_directions": direction_points[:-16],
        "joints": mean_points[-16:],
        "joint_directions": direction_points[-16:],
    }


def _fingertip_vertices(geometry: dict[str, np.ndarray], joints: np.ndarray, angle_below_bone: float) -> list[int]:
    """For thumb to pinky, the vertex nearest a line from the last joint, tilted from the bone towards the pad."""
    vertices, weights = geometry["vertices"], geometry["weights"]
    apexes = _apexes(vertices, joints, weights)
    tips = []
    for finger in TIP_ORDER:
        last = CHAINS[finger][-1]
        bone = apexes[finger] - joints[last]
        flexion_axis = np.cross(BACK_OF_THUMB if finger == "thumb" else [0, 1, 0], bone)
        tilt = Rotation.from_rotvec(angle_below_bone * flexion_axis / np.linalg.norm(flexion_axis))
        own = np.flatnonzero(weights[:, last] > 0.9)
        spokes = vertices[own] - joints[last]
        tips.append(int(own[np.argmax(spokes @ tilt.apply(bone) / np.linalg.norm(spokes, axis=1))]))
    return tips


def _own_keypoints(geometry: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keypoints at the joints themselves and on the pads of the fingertips."""
    places, directions = geometry["joints"][KEYPOINT_BONES], geometry["joint_directions"][KEYPOINT_BONES]
    places[TIPS], directions[TIPS] = geometry["tips"], geometry["tip_directions"]
    return _keypoint_arrays("own", geometry, places, directions)


def _freihand_keypoints(geometry: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keypoints where MANO's joint regressor, hence FreiHAND, has them.

    A joint is the middle of the ring of skin in which its bone's weights meet its parent's; a tip is the end of the
    finger at the height of the bone.
    """
    vertices, shape_directions, weights = (geometry[name] for name in ("vertices", "shape_directions", "weights"))
    rings = weights[:, 1:] * weights[:, PARENTS[1:]]
    rings /= rings.sum(axis=0)
    joints, directions = geometry["joints"].copy(), geometry["joint_directions"].copy()
    joints[1:], directions[1:] = rings.T @ vertices, np.tensordot(rings, shape_directions, ([0], [0]))
    ends = _fingertip_vertices(geometry, joints, angle_below_bone=0)
    places, place_directions = joints[KEYPOINT_BONES], directions[KEYPOINT_BONES]
    places[TIPS], place_directions[TIPS] = vertices[ends], shape_directions[ends]
    return _keypoint_arrays("freihand", geometry, places, place_directions)


def _keypoint_arrays(
    name: str, geometry: dict[str, np.ndarray], places: np.ndarray, directions: np.ndarray
) -> dict[str, np.ndarray]:
    return {
        f"{name}_offsets": places - geometry["joints"][KEYPOINT_BONES],
        f"{name}_offset_directions": directions - geometry["joint_directions"][KEYPOINT_BONES],
    }
