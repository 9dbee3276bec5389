"""What the user knows of the hands in footage: boxes around some, the part of the picture to look in, their side."""

import math
from dataclasses import dataclass
from typing import Annotated, NamedTuple, get_args

from msgspec import Meta

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import Side
from dahyf_core.shared.limits import FRAME_NUMBER, PIXEL

LEAST_BOX = 8.0
LEAST_REGION = 32.0
"""Smallest side, px, of a box around a hand, and of a region to look in."""

Place = Annotated[float, Meta(ge=-PIXEL, le=PIXEL)]
Length = Annotated[float, Meta(ge=0, le=PIXEL)]


class Region(NamedTuple):
    """A part of the picture as it is shown, upright and not flipped: left, top, width and height, px."""

    x: Place
    y: Place
    width: Length
    height: Length


class GivenBox(NamedTuple):
    """A box around a hand in one frame: the frame's number, then like Region, and the hand's side if it is known."""

    frame: Annotated[int, Meta(ge=0, le=FRAME_NUMBER)]
    x: Place
    y: Place
    width: Length
    height: Length
    side: Side | None = None

    def __str__(self) -> str:
        """As the option --box takes it."""
        numbers = ",".join(f"{number:g}" for number in self[1:5])
        return f"{self.frame}:{numbers}" + (f":{self.side}" if self.side else "")


@dataclass(frozen=True)
class Guidance:
    """What the user knows. Raises SettingsError for values that make no sense.

    boxes: a hand is followed from each, both ways in time. region: hands are looked for only there, None for the whole
    picture; they are followed wherever they go. side: of every hand in the footage, None if both may be there.
    """

    boxes: tuple[GivenBox, ...] = ()
    region: Region | None = None
    side: Side | None = None

    def __post_init__(self) -> None:
        for box in self.boxes:
            _check_size(f"The box {box}", Region(*box[1:5]), LEAST_BOX)
            _check_side(box.side)
        if self.region is not None:
            _check_size("The region", self.region, LEAST_REGION)
        _check_side(self.side)


def _check_size(name: str, region: Region, least: float) -> None:
    if not all(map(math.isfinite, region)) or min(region.width, region.height) < least:
        raise SettingsError(
            f"{name} is {region.width:g} x {region.height:g} pixels, which is too small to see a hand in.",
            f"Make it at least {least:g} pixels wide and high.",
        )


def _check_side(side: str | None) -> None:
    if side is not None and side not in get_args(Side):
        raise SettingsError(f"A hand cannot be of the side {side!r}.", "Give left or right.")
