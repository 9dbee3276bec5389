"""Hands that hold something: fingers that close on a solid until they touch it."""

import numpy as np
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array
from dahyf_core.hand_model import FINGER_BONES, HandModel
from dahyf_core.synthesis.hand import Placed
from dahyf_core.synthesis.poses import PoseSampler, curled
from dahyf_core.synthesis.solids import ALONG, Solid
from dahyf_core.synthesis.surface import THUMB, Spheres

CURLS = np.linspace(-0.1, 1.15, 16)
THUMBS = 24
"""Number of thumb poses that are tried."""
PALM = np.array([-0.072, -0.02, -0.002])
"""Middle of the palm's skin, rest frame, metres."""
TOUCH = 0.003
"""Depth by which fingertips sink in, metres."""
PINCH_GAPS = (0.012, 0.07)
"""Metres between thumb and index fingertip between which a thin thing may be held."""


def draw_grasp(
    model: HandModel, spheres: Spheres, poses: PoseSampler, rng: np.random.Generator
) -> tuple[Array, Placed]:
    """Fingers (15, 3) of a right hand around a solid in its palm."""
    held = _in_palm(rng)
    curls = CURLS[:, None] * np.ones(4)
    hooked = rng.normal(0.0, 0.2)
    spread = rng.normal(0.0, 0.08) * np.array([1.0, 0.2, -1.3, -0.6])
    tries = np.stack([curled(curl, hooked) for curl in curls])
    tries[:, [0, 3, 6, 9], 1] += spread
    gaps = _gaps(model, spheres, held, tries)
    reached = np.empty(4)
    for finger in range(THUMB):
        touching = gaps[:, spheres.finger == finger].min(axis=1) < -TOUCH
        reached[finger] = CURLS[max(int(touching.argmax()) - 1, 0)] if touching.any() else rng.uniform(0.7, 1.0)
    lifted = rng.random(4) < 0.12
    reached[lifted] = rng.uniform(-0.05, 0.4, lifted.sum())
    fingers = curled(reached, hooked)
    fingers[[0, 3, 6, 9], 1] += spread

    thumbs = np.repeat(fingers[None], THUMBS, axis=0)
    for attempt in thumbs:
        attempt[FINGER_BONES[THUMB] - 1] = poses.draw_thumb(rng, fingers)
    gap = _gaps(model, spheres, held, thumbs)[:, spheres.finger == THUMB].min(axis=1)
    fingers = thumbs[np.abs(gap + TOUCH).argmin()]
    fingers += rng.normal(0.0, (0.015, 0.02, 0.03), (15, 3))
    return np.clip(fingers.ravel(), *model.joint_limits.T).reshape(15, 3), held


def pinch(model: HandModel, fingers: Array, rng: np.random.Generator) -> Placed | None:
    """Something thin between thumb and index fingertip of these fingers (15, 3), where they leave room for it."""
    pose = np.concatenate([np.zeros((1, 3)), fingers])
    tips = model.keypoints(model.skeleton(pose[None], np.zeros((1, 10)), np.zeros((1, 3))))[0, [4, 8]]
    between = tips[1] - tips[0]
    gap = float(np.linalg.norm(between))
    if not PINCH_GAPS[0] < gap < PINCH_GAPS[1]:
        return None
    along = between / gap
    across = np.cross(along, rng.standard_normal(3))
    across /= np.linalg.norm(across)
    rotation = np.stack([along, np.cross(across, along), across], axis=1)
    thickness = max(0.5 * gap - 0.002, 0.003)
    length = rng.uniform(0.02, 0.09)
    if rng.random() < 0.5:
        solid = Solid("cylinder", np.array([thickness, thickness, length]), np.ones(ALONG))
    else:
        solid = Solid("box", np.array([thickness, rng.uniform(0.01, 0.05), length]), np.ones(ALONG))
    return Placed(solid, rotation, tips.mean(axis=0) + across * rng.uniform(-0.7, 0.7) * length)


def draw_solid(rng: np.random.Generator, radius: float) -> Solid:
    """A box, ellipsoid, or cylinder that a hand of this opening could hold."""
    kind = rng.choice(["cylinder", "cylinder", "box", "ellipsoid"])
    if kind == "cylinder":
        profile = np.ones(ALONG)
        if rng.random() < 0.5:
            profile = np.clip(1.0 + 0.25 * np.cumsum(rng.normal(0, 0.25, ALONG)), 0.35, None)
            profile /= profile.max()
        return Solid("cylinder", np.array([radius, radius, rng.uniform(0.03, 0.13)]), profile)
    if kind == "ellipsoid":
        return Solid("ellipsoid", radius * np.append(1.0, rng.uniform(0.8, 1.7, 2)), np.ones(ALONG))
    return Solid("box", radius * np.array([1.0, *rng.uniform(0.5, 2.5, 2)]), np.ones(ALONG))


def _in_palm(rng: np.random.Generator) -> Placed:
    """Against the palm, its long axis roughly across the fingers."""
    radius = rng.uniform(0.012, 0.045)
    solid = draw_solid(rng, radius)
    tilt = Rotation.from_rotvec(rng.normal(0, (0.15, 0.45, 0.15)))
    spin = Rotation.from_rotvec([0, 0, rng.uniform(-np.pi, np.pi)])
    axes = (tilt * spin).as_matrix()
    depth = np.abs(axes[1] * solid.half_size).max() if solid.kind == "box" else radius
    place = PALM + rng.normal(0, (0.01, 0.003, 0.012)) - (0.0, depth, 0.0)
    return Placed(solid, axes, place)


def _gaps(model: HandModel, spheres: Spheres, held: Placed, fingers: Array) -> Array:
    """(N, S) metres between the spheres of N hands with fingers (N, 15, 3) and the solid."""
    pose = np.concatenate([np.zeros((len(fingers), 1, 3)), fingers], axis=1)
    posed = model.skeleton(pose, np.zeros((len(pose), 10)), np.zeros((len(pose), 3)))
    rotations = posed.rotations[:, spheres.bones]
    centers = posed.joints[:, spheres.bones] + np.einsum("nkij,kj->nki", rotations, spheres.centers)
    return held.solid.distance((centers - held.place) @ held.rotation) - spheres.radii
