"""The baseline estimator: MediaPipe's hand landmark network, then inverse kinematics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import PATCH_SIZE, Crops, cut_patches
from dahyf_core.fitting import FitResult, FitSettings, FitTargets, fit
from dahyf_core.geometry import PALM, matrix_from_axis_angle, viewing_rotation
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.metrics import agreement
from dahyf_core.pose.estimator import HandEstimates, HandObservations
from dahyf_core.pose.network_card import digest
from dahyf_core.pose.orientation import find_leaps, most_continuous, reverse_tilt
from dahyf_core.profiling import is_stage
from dahyf_core.runtime import create_session
from dahyf_core.shipped import asset

Floats32 = NDArray[np.float32]

FIT = FitSettings(keypoints="mediapipe", pose_prior=3.0, outlier_2d=6.0, outlier_3d=2.0)
"""Settings of the fits. The errors of a hand's points are correlated, so the prior has more weight than for independent
errors, and single points have less."""
IMAGE_SIGMA = np.where(np.isin(np.arange(21), PALM), 3.0, 6.0) / PATCH_SIZE
"""Standard deviations (21,) of the network's image points, in sides of the patch. Points of fingers
are often guesses at hidden parts. Trusting them as much as the palm's would bend fingers and tilt hands."""
WORLD_SIGMA = 0.016
"""Standard deviation of its world points, metres."""
SHAPE_FRAMES = 48
"""Number of observations from which the hand's shape is fitted."""
DOUBTFUL_TILT = np.radians(30)
"""Below this angle between its two readings, the tilt of a palm is taken as seen."""
MENDING_PASSES = 2
"""Number of times that leaps are fitted again."""

Reading = tuple[NDArray[np.integer], FitResult]
"""Rows of the sequence, and a fit to each."""


@dataclass(frozen=True, eq=False)
class LandmarkOutputs:
    """The network's raw outputs for N patches. Joints are in the common order of 21, wrist first.

    points: (N, 21, 3). x and y in pixels of the patch; z is depth, 0 at the wrist, smaller is nearer, in a scale of
    its own: world says more about depth.
    presence: (N,) probability of a hand in the patch; a sigmoid already.
    right_score: (N,) probability of a right hand, 1 - that of a left hand, in the patch as shown: of a mirrored
    patch, the mirrored hand's. A sigmoid already; it means little where presence is low.
    world: (N, 21, 3) metres in the axes of the patch's camera: x right, y down, z away from it, as if the patch lay in
    the middle of the picture. The origin is near the middle of the knuckles; the size is that of an average hand.
    """

    points: Floats32
    presence: Floats32
    right_score: Floats32
    world: Floats32


class LandmarkNetwork:
    """Runs the network on the patches of a frame."""

    def __init__(self, threads: int = 0) -> None:
        """threads: of the CPU, 0 for one a core. Raises ModelFileError when the network cannot be loaded."""
        model = asset("hand_landmark.onnx")
        self._session = create_session(model, threads)
        self.sha256 = digest(model)

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self._session.provider

    @is_stage("running the network")
    def run(self, patches: NDArray[np.uint8]) -> LandmarkOutputs:
        """Patches (N, 224, 224, 3) of RGB bytes, N >= 0, in one batch."""
        return LandmarkOutputs(*self._session.run(patches=patches))


@dataclass(frozen=True)
class LandmarkEstimator:
    """Fits the hand model, with its bones and joint limits, to the landmark network's image points and world points.

    hand_models: by side. The payload of its observations is the 21 world points (63,), metres, in the camera's axes.
    """

    network: LandmarkNetwork
    hand_models: Mapping[Side, HandModel]
    name: str = "mediapipe+ik"

    @property
    def weights(self) -> str:
        """SHA-256 of the network's file."""
        return self.network.sha256

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self.network.provider

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """Look at the patches of one frame (H, W, 3), RGB, in one batch."""
        seen = self.network.run(cut_patches(image, crops))
        return HandObservations(
            crops=crops,
            joints_2d=crops.to_frame(seen.points[..., :2]),
            presence=seen.presence,
            right_score=np.where(crops.mirrored, 1.0 - seen.right_score, seen.right_score),
            payload=crops.to_camera(seen.world).reshape(len(crops), 63).astype(np.float32),
            is_hand=np.ones(len(crops)),
        )

    @property
    def knows_both_sides(self) -> bool:
        """True: the network knows left hands as well as right hands."""
        return True

    def points_3d(self, observations: HandObservations) -> Array:
        """(N, 21, 3) m: the world points, in the camera's axes as if each patch lay amid the picture."""
        return observations.payload.reshape(-1, 21, 3).astype(float)

    @is_stage("poses")
    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """Poses of one hand from all its observations, in the order of time, with one shape for all of them."""
        if not len(observations):
            return _no_estimates()
        fitted = _fit_sequence(self.hand_models[side], observations)
        projected = observations.crops.intrinsics.project(fitted.keypoints)
        return HandEstimates(
            pose=fitted.pose,
            shape=fitted.shape,
            translation=fitted.translation,
            joints_2d=observations.joints_2d,
            joints_2d_projected=projected,
            joints_3d=fitted.keypoints,
            confidence=observations.presence
            * agreement(observations.crops.centred(observations.joints_2d), observations.crops.centred(projected)),
        )


def _fit_sequence(model: HandModel, observations: HandObservations) -> FitResult:
    """Several readings of each observation, fitted; of these the ones that make the most continuous sequence.

    First the palm's tilt is taken as seen and the other way round. Then observations at which the hand would leap are
    fitted again, from the poses before and after.
    """
    world = observations.payload.reshape(-1, 21, 3).astype(float)
    reversed_world, tilt = reverse_tilt(world)
    settings = replace(FIT, shape="fixed")
    shape = _find_shape(model, observations, world)

    def read(rows: NDArray[np.integer], points: Array, start: Array | None = None) -> Reading:
        return rows, fit(model, _targets(observations[rows], points[rows]), settings, shape, start)

    readings = [
        read(np.arange(len(observations)), world),
        read(np.flatnonzero(tilt > DOUBTFUL_TILT), reversed_world),
    ]
    for _ in range(MENDING_PASSES):
        chosen = _choose(readings)
        leaps = find_leaps(_roots(chosen))
        for neighbour in (leaps - 1, leaps + 1):
            start = chosen.pose[np.clip(neighbour, 0, len(observations) - 1)]
            readings += [read(leaps, world, start), read(leaps, reversed_world, start)]
    return _choose(readings)


def _choose(readings: Sequence[Reading]) -> FitResult:
    """The most continuous sequence; the first reading has all rows."""
    rows, first = readings[0]
    costs = np.full((len(rows), len(readings)), np.inf)
    roots = np.repeat(_roots(first)[:, None], len(readings), axis=1)
    for column, (rows, fitted) in enumerate(readings):
        costs[rows, column], roots[rows, column] = fitted.cost, _roots(fitted)
    chosen = most_continuous(costs, roots)
    result = first
    for column, (rows, fitted) in enumerate(readings):
        taken = chosen[rows] == column
        result = result.replaced(rows[taken], fitted[taken])
    return result


def _roots(fitted: FitResult) -> Array:
    return matrix_from_axis_angle(fitted.pose[:, 0])


def _find_shape(model: HandModel, observations: HandObservations, world: Array) -> Array:
    """One shape (10,) for the hand, from observations that surely show it, spread over the time."""
    surest = np.flatnonzero(observations.presence >= np.median(observations.presence))
    rows = surest[np.linspace(0, len(surest) - 1, min(SHAPE_FRAMES, len(surest))).astype(int)]
    shape: Array = fit(model, _targets(observations[rows], world[rows]), replace(FIT, shape="shared")).shape[0]
    return shape


def _targets(observations: HandObservations, world: Array) -> FitTargets:
    """world: (N, 21, 3) m, as if each patch lay in the middle of the picture."""
    crops = observations.crops
    return FitTargets(
        intrinsics=crops.intrinsics,
        points_2d=observations.joints_2d,
        sigma_2d=IMAGE_SIGMA * crops.side[:, None],
        points_3d=world @ np.swapaxes(viewing_rotation(crops.view_rays()), 1, 2),
        sigma_3d=WORLD_SIGMA,
    )


def _no_estimates() -> HandEstimates:
    points, space = np.zeros((0, 21, 2)), np.zeros((0, 21, 3))
    return HandEstimates(np.zeros((0, 16, 3)), np.zeros((0, 10)), np.zeros((0, 3)), points, points, space, np.zeros(0))
