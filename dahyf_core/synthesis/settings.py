"""Settings of a synthetic set."""

from dataclasses import dataclass
from typing import Literal

PoseKind = Literal["fitted", "prior", "gesture", "fist", "wide", "grasp"]


@dataclass(frozen=True)
class SynthesisSettings:
    """Shares are probabilities for each picture.

    size: side of a picture, pixels. spans: least and greatest extent of the hand's joints, as a share of the shorter
    side of the frame. margins: least and greatest side of the picture, in extents of the joints.
    fitted, prior, gesture, fist, wide, grasp: relative shares of where poses come from; without fits the first one's
    is 0. free_thumbs: share of fists whose thumb is that of a wide pose. along_forearm, fists_along_forearm: share of
    hands, and of fists, that are held towards the camera.
    second_hand: another hand close by. pinched_object: something thin between thumb and index finger, where they leave
    room. obstacle: an object between hand and camera. sleeve, band: on the forearm; a band may be a watch. glove: on
    the hands of a picture. ring: on each hand.
    places: 0 to put each hand anywhere before lenses of many kinds; else how often each hand is taken, from the middle
    of a wide-angle frame outwards, always showing itself the same way.
    """

    size: int = 256
    spans: tuple[float, float] = (0.12, 0.5)
    margins: tuple[float, float] = (1.9, 2.3)
    fitted: float = 0.5
    prior: float = 0.1
    gesture: float = 0.18
    fist: float = 0.16
    wide: float = 0.3
    free_thumbs: float = 0.5
    grasp: float = 0.22
    along_forearm: float = 0.15
    fists_along_forearm: float = 0.5
    second_hand: float = 0.25
    pinched_object: float = 0.25
    obstacle: float = 0.12
    sleeve: float = 0.5
    band: float = 0.18
    glove: float = 0.05
    ring: float = 0.12
    places: int = 0

    def pose_shares(self, has_fits: bool) -> dict[PoseKind, float]:
        """Shares of the kinds of poses, which add up to 1."""
        shares: dict[PoseKind, float] = {
            "prior": self.prior,
            "gesture": self.gesture,
            "fist": self.fist,
            "wide": self.wide,
            "grasp": self.grasp,
        }
        if has_fits:
            shares["fitted"] = self.fitted
        return {kind: share / sum(shares.values()) for kind, share in shares.items()}
