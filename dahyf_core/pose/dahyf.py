"""The estimator with a DaHyF network, shipped or trained by the user, run by ONNX Runtime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Crops, cut_patches
from dahyf_core.geometry import (
    MIRROR,
    axis_angle_from_matrix,
    matrix_from_rot6d,
    nearest_rotation,
    solve_translation,
    viewing_rotation,
)
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.pose.estimator import HandEstimates, HandObservations
from dahyf_core.pose.network_card import IS_HAND, OUTPUTS, NetworkCard, open_network
from dahyf_core.profiling import is_stage

BONES, SHAPES = 16, 10
NEAREST = 0.05
"""Least depth of a hand, metres."""
BLOCK = 4096
"""Number of observations that are solved at a time."""
SUREST_SHARE = 0.5
"""Quantile of presence from which on a hand's observations count for its shape."""


@dataclass(frozen=True, eq=False)
class DahyfOutputs:
    """Outputs of the network for N patches, each of a right hand as its virtual camera sees it.

    joints: (N, 21, 2) px of the patch. presence: (N,) probability of a hand in the patch, times the agreement of its
    located and projected joints (eq. 8-9). right_score: (N,) probability of a right one, in the patch as shown.
    rot6d: (N, 16, 6), the first two columns of each rotation from the flat hand, the root's in the virtual camera.
    shape: (N, 10). translation: (N, 3) m. world: (N, 21, 3) m. is_hand: (N,) probability of a hand, by a head that was
    trained on things taken for hands; 1 from networks without it.
    """

    joints: NDArray[np.float32]
    presence: NDArray[np.float32]
    right_score: NDArray[np.float32]
    rot6d: NDArray[np.float32]
    shape: NDArray[np.float32]
    translation: NDArray[np.float32]
    world: NDArray[np.float32]
    is_hand: NDArray[np.float32]

    def __getitem__(self, index: slice) -> "DahyfOutputs":
        return DahyfOutputs(*(getattr(self, field.name)[index] for field in fields(self)))


NOTHING = DahyfOutputs(
    *(np.zeros((0, *shape), np.float32) for shape in ((21, 2), (), (), (BONES, 6), (SHAPES,), (3,), (21, 3), ()))
)


class Network(Protocol):
    """Interface of a runner for such a network."""

    @property
    def card(self) -> NetworkCard: ...
    @property
    def provider(self) -> str: ...
    def run(self, patches: NDArray[np.uint8], *crops: Crops) -> DahyfOutputs: ...


class DahyfNetwork:
    """Runs the network of an ONNX file on patches. card: what the file says of it."""

    def __init__(self, model: Path, threads: int = 0) -> None:
        """threads: of the CPU, 0 for one a core. Raises ModelFileError for a file that is no such network."""
        self._session, self.card = open_network(model, threads)

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self._session.provider

    @is_stage("running the network")
    def run(self, patches: NDArray[np.uint8], *crops: Crops) -> DahyfOutputs:
        """Patches (N, S, S, 3) of RGB bytes, N >= 0, in one batch, where S is the card's patch_size. crops: what they
        show, of one camera each."""
        if not len(patches):
            return NOTHING
        views = np.concatenate([_views(part) for part in crops])
        outputs = dict(zip(self._session.outputs, self._session.run(patches=patches, views=views), strict=True))
        is_hand = outputs.get(IS_HAND, np.ones(len(patches), np.float32))
        return DahyfOutputs(*[*(outputs[name] for name in OUTPUTS), is_hand])


def _views(crops: Crops) -> NDArray[np.float32]:
    """(N, 4) centre, side and focal length of the virtual cameras, px."""
    focal = np.full(len(crops), crops.intrinsics.fx)
    return np.column_stack([crops.virtual_center(), crops.side, focal]).astype(np.float32)


@dataclass(frozen=True)
class DahyfEstimator:
    """Poses from the network, translated to their located joints.

    hand_models: by side. The payload of its observations is (N, 106): the rotations in six numbers each, and the shape.
    """

    network: Network
    hand_models: Mapping[Side, HandModel]

    @property
    def name(self) -> str:
        """The name in the network's file."""
        return self.network.card.name

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self.network.provider

    @property
    def weights(self) -> str:
        """SHA-256 of the network's file."""
        return self.network.card.sha256

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """Look at the patches of one frame (H, W, 3), RGB, in one batch."""
        return self.observe_all([(image, crops)])[0]

    def observe_all(self, pictures: Sequence[tuple[NDArray[np.uint8], Crops]]) -> list[HandObservations]:
        """Look at the patches of each of some pictures (H, W, 3), RGB, in one batch."""
        crops = [part for _, part in pictures]
        size = self.network.card.patch_size
        outputs = self.network.run(np.concatenate([cut_patches(image, part, size) for image, part in pictures]), *crops)
        ends = np.cumsum([len(part) for part in crops])
        return [_observations(part, outputs[end - len(part) : end]) for part, end in zip(crops, ends, strict=True)]

    @property
    def knows_both_sides(self) -> bool:
        """False: the network knows only right hands."""
        return False

    def points_3d(self, observations: HandObservations) -> Array:
        """(N, 21, 3) m: "mediapipe" keypoints in the camera's axes as if each patch lay amid the picture."""
        points = np.empty((len(observations), 21, 3))
        for side, model in self.hand_models.items():
            rows = observations.crops.mirrored == (side == "left")
            rotations, shapes = _seen_parameters(observations[rows], side)
            pose = axis_angle_from_matrix(rotations)
            posed = model.skeleton(pose, shapes, np.zeros((len(pose), 3)))
            points[rows] = model.keypoints(posed, "mediapipe") @ viewing_rotation(observations.crops[rows].view_rays())
        return points

    @is_stage("poses")
    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """Poses of one hand from all its observations, in the order of time, with one shape for all of them.

        Observations of the other side get no confidence. Estimates are float32 and made in blocks, so that an hour of
        footage needs little extra memory.
        """
        shape = common_shape(observations.payload[:, BONES * 6 :].astype(float), observations.presence)
        starts = range(0, max(len(observations), 1), BLOCK)
        blocks = [self._solve_block(observations[start : start + BLOCK], shape, side) for start in starts]
        return HandEstimates.concatenate(blocks)

    def _solve_block(self, observations: HandObservations, shape: Array, side: Side) -> HandEstimates:
        rotations, _ = _seen_parameters(observations, side)
        placed = self._placed(observations, rotations, np.tile(shape, (len(observations), 1)), side)
        return HandEstimates(**{name: values.astype(np.float32) for name, values in vars(placed).items()})

    def merge(self, views: HandObservations, side: Side) -> HandEstimates:
        """The mean pose of one or more views of a hand, all from one picture and with one mirroring.

        Rotations, shape, located joints and confidence are means over the views, in the axes of the real camera.
        """
        rotations, shapes = _seen_parameters(views, side)
        joints_2d, presence, right_score, payload, is_hand = (
            values.mean(axis=0, keepdims=True)
            for values in (views.joints_2d, views.presence, views.right_score, views.payload, views.is_hand)
        )
        mean = HandObservations(views.crops[0], joints_2d, presence, right_score, payload, is_hand)
        return self._placed(
            mean, nearest_rotation(rotations.mean(axis=0, keepdims=True)), shapes.mean(axis=0, keepdims=True), side
        )

    def _placed(self, observations: HandObservations, rotations: Array, shape: Array, side: Side) -> HandEstimates:
        """Hands of rotations (N, 16, 3, 3) and shape (N, 10), where their joints were located."""
        model, crops = self.hand_models[side], observations.crops
        pose = axis_angle_from_matrix(rotations)
        points = model.keypoints(model.skeleton(pose, shape, np.zeros((len(pose), 3))), "mediapipe")
        translation = solve_translation(points, crops.intrinsics.normalise(observations.joints_2d), nearest=NEAREST)
        joints_3d = points + translation[:, None]
        return HandEstimates(
            pose=pose,
            shape=shape,
            translation=translation,
            joints_2d=observations.joints_2d,
            joints_2d_projected=crops.intrinsics.project(joints_3d),
            joints_3d=joints_3d,
            confidence=observations.presence * (crops.mirrored == (side == "left")),
        )


def _observations(crops: Crops, seen: DahyfOutputs) -> HandObservations:
    return HandObservations(
        crops=crops,
        joints_2d=crops.to_frame(seen.joints),
        presence=seen.presence,
        right_score=np.where(crops.mirrored, 1.0 - seen.right_score, seen.right_score),
        payload=np.concatenate([seen.rot6d.reshape(-1, BONES * 6), seen.shape], axis=1),
        is_hand=seen.is_hand,
    )


def _seen_parameters(observations: HandObservations, side: Side) -> tuple[Array, Array]:
    """Rotations (N, 16, 3, 3) in the real camera, and shapes (N, 10), of hands of `side`."""
    rot6d, shapes = np.split(observations.payload.astype(float), [BONES * 6], axis=1)
    return camera_rotations(matrix_from_rot6d(rot6d.reshape(-1, BONES, 6)), observations.crops, side), shapes


def camera_rotations(rotations: Array, crops: Crops, side: Side) -> Array:
    """Rotations (N, 16, 3, 3) of right hands in virtual cameras to those of hands of `side` in the real camera."""
    rotations = rotations.copy()
    cos, sin, zero, one = np.cos(crops.roll), np.sin(crops.roll), np.zeros(len(crops)), np.ones(len(crops))
    unroll = np.stack([cos, sin, zero, -sin, cos, zero, zero, zero, one], axis=-1).reshape(-1, 3, 3)
    rotations[:, 0] = unroll @ rotations[:, 0]
    return MIRROR[:, None] * rotations * MIRROR if side == "left" else rotations


def common_shape(shapes: Array, presence: Array) -> Array:
    """One shape (10,) from the observations (N, 10) with the highest presence."""
    if not len(shapes):
        return np.zeros(SHAPES)
    sure = presence >= np.quantile(presence, SUREST_SHARE)
    return np.median(shapes[sure], axis=0)
