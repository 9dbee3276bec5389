"""Options of an export."""

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture
from dahyf_core.errors import SettingsError
from dahyf_core.geometry import Up
from dahyf_core.shared.limits import RATE

Unit = Literal["m", "cm"]
METRES = {"m": 1.0, "cm": 0.01}
"""Metres of each unit."""


@dataclass(frozen=True)
class ExportOptions:
    """Options of an export. None is the default of the format.

    up: the axis that points up. unit: of lengths. rate: frames per second, to which poses are resampled; None for the
    capture's own. camera: whether the camera that filmed the hands is written too. Raises SettingsError for a rate that
    is impossible.
    """

    up: Up | None = None
    unit: Unit | None = None
    rate: Fraction | None = None
    camera: bool = False

    def __post_init__(self) -> None:
        if self.rate is not None and not RATE[0] <= self.rate <= RATE[1]:
            raise SettingsError(
                f"A rate of {float(self.rate):g} frames per second is impossible.", f"Give {RATE[0]:.4f} to {RATE[1]}."
            )

    @property
    def given(self) -> frozenset[str]:
        """Names of the options that are not at their defaults."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name) != field.default)


def known_camera(capture: Capture) -> Intrinsics:
    """The camera that filmed a capture. Raises SettingsError where it is not known."""
    if capture.source.intrinsics is None:
        raise SettingsError("The capture has no camera that could be exported.", "Leave out the option camera.")
    return capture.source.intrinsics
