"""MediaPipe's hand landmark network (full model): patches in, points out, nothing interpreted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.profiling import is_stage
from dahyf_core.runtime import create_session
from dahyf_core.shipped import asset

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LandmarkOutputs:
    """What the network says of N patches, as it says it. Joints are in the common order of 21, wrist first.

    points: (N, 21, 3). x and y in pixels of the patch; z is depth, 0 at the wrist, smaller is nearer, in a scale of
    its own: world says more about depth.
    presence: (N,) probability of a hand in the patch; a sigmoid already.
    right_score: (N,) probability of a right hand, 1 - that of a left hand, in the patch as shown: of a mirrored
    patch, the mirrored hand's. A sigmoid already; it means little where presence is low.
    world: (N, 21, 3) metres in the axes of the patch's camera: x right, y down, z away from it, as if the patch lay in
    the middle of the picture. The origin is near the middle of the knuckles; the size is that of an average hand.
    """

    points: Array
    presence: Array
    right_score: Array
    world: Array


class LandmarkNetwork:
    """Runs the network on the patches of a frame."""

    def __init__(self, threads: int = 0) -> None:
        """threads: of the CPU, 0 for one a core. Raises ModelFileError when the network cannot be loaded."""
        self._session = create_session(asset("hand_landmark.onnx"), threads)

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self._session.provider

    @is_stage("running the network")
    def run(self, patches: NDArray[np.uint8]) -> LandmarkOutputs:
        """Patches (N, 224, 224, 3) of RGB bytes, N >= 0, in one batch."""
        return LandmarkOutputs(*self._session.run(patches=patches))
