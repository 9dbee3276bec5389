"""A hand with its forearm somewhere before the camera."""

from dataclasses import dataclass, replace

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIRROR, axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import PosedHand
from dahyf_core.synthesis.arm import ArmedHand, Tube
from dahyf_core.synthesis.solids import Solid
from dahyf_core.synthesis.surface import Spheres


@dataclass(frozen=True)
class Placed:
    """A solid in some frame. rotation: (3, 3), from the solid's axes. place: (3,) m."""

    solid: Solid
    rotation: Array
    place: Array

    def moved(self, rotation: Array, place: Array) -> "Placed":
        """Its frame turned by (3, 3) and moved by (3,)."""
        return Placed(self.solid, rotation @ self.rotation, rotation @ self.place + place)

    def mirrored(self) -> "Placed":
        """x negated; the solids are their own mirror images."""
        return Placed(self.solid, MIRROR[:, None] * self.rotation * MIRROR, self.place * MIRROR)


@dataclass(frozen=True)
class Hand:
    """One hand. Its own frame is the wrist's: at rest the model's axes, with the wrist joint at the origin.

    fingers: (15, 3), shape: (10,), of the model of its own side. bend: (3,) axis-angle of the forearm against the hand.
    held: in the hand's frame. posed: one hand, in its frame. rotation: (3, 3), to the camera's axes. wrist: (3,) m.
    """

    armed: ArmedHand
    kind: str
    fingers: Array
    shape: Array
    bend: Array
    held: Placed | None
    posed: PosedHand
    rotation: Array
    wrist: Array

    @classmethod
    def create(
        cls, armed: ArmedHand, kind: str, fingers: Array, shape: Array, bend: Array, root: Array, held: Placed | None
    ) -> "Hand":
        """At the camera, turned by root (3,). fingers, bend, root and held are a right hand's, mirrored for a left."""
        if armed.model.side == "left":
            fingers, bend, root = -MIRROR * fingers, -MIRROR * bend, -MIRROR * root
            held = held and held.mirrored()
        pose = np.concatenate([np.zeros((1, 3)), fingers])
        posed = armed.model(pose[None], shape[None], -_wrist_of(armed, shape)[None])
        return cls(armed, kind, fingers, shape, bend, held, posed, matrix_from_axis_angle(root), np.zeros(3))

    def rotated(self, rotation: Array) -> "Hand":
        """Turned about its wrist by (3, 3), in the camera's axes."""
        return replace(self, rotation=rotation @ self.rotation)

    def moved(self, shift: Array) -> "Hand":
        """Moved by (3,) metres."""
        return replace(self, wrist=self.wrist + shift)

    def to_camera(self, points: Array) -> Array:
        """Points (..., 3) of the hand's frame in the camera frame."""
        return points @ self.rotation.T + self.wrist

    def keypoints(self, name: str) -> Array:
        """(21, 3) of a named set, camera frame."""
        return self.to_camera(self.armed.model.keypoints(self.posed, name)[0])

    def vertices(self) -> Array:
        """Skin of hand and forearm, camera frame."""
        arm = self.armed.forearm(self.shape, self.bend)
        return self.to_camera(np.concatenate([self.posed.vertices[0], arm]))

    def sleeve(self, distances: Array, girth: Array) -> Tube:
        """A tube around the forearm, in the hand's frame (see ArmedHand.sleeve)."""
        return self.armed.sleeve(distances, girth, self.shape, self.bend)

    def spheres(self, spheres: Spheres) -> Array:
        """(S, 4) centres in the camera frame, and radii, of spheres in a right hand."""
        centers = spheres.centers if self.armed.model.side == "right" else spheres.centers * MIRROR
        turned = np.einsum("kij,kj->ki", self.posed.rotations[0, spheres.bones], centers)
        places = self.to_camera(self.posed.joints[0, spheres.bones] + turned)
        return np.concatenate([places, spheres.radii[:, None]], axis=1)

    def forearm_direction(self) -> Array:
        """(3,) from the wrist to the elbow, camera axes."""
        outward = np.array([1.0, 0.0, 0.0]) * (1 if self.armed.model.side == "right" else -1)
        return self.rotation @ matrix_from_axis_angle(self.bend) @ outward

    @property
    def pose(self) -> Array:
        """(16, 3) as the hand model takes it."""
        return np.concatenate([axis_angle_from_matrix(self.rotation)[None], self.fingers])

    @property
    def translation(self) -> Array:
        """(3,) as the hand model takes it."""
        return self.wrist - _wrist_of(self.armed, self.shape)


def _wrist_of(armed: ArmedHand, shape: Array) -> Array:
    return armed.model.joints[0] + armed.model.joint_directions[0] @ shape
