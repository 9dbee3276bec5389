"""What tracking needs to know of a network's answer."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Crops


class Observation(Protocol):
    """What a network saw in N crops, as far as tracking reads it.

    joints_2d (N, 21, 2): px as filmed. presence (N,): 0 to 1, whether a hand is there. right_score (N,): probability
    that it is a right hand, in the picture as filmed.
    """

    @property
    def crops(self) -> Crops: ...
    @property
    def joints_2d(self) -> NDArray[np.floating]: ...
    @property
    def presence(self) -> NDArray[np.floating]: ...
    @property
    def right_score(self) -> NDArray[np.floating]: ...
