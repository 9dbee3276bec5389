"""The options of the commands: their names, help, and how their text becomes values.

This module is read on every start, `dahyf --help` included; it imports nothing heavy.
"""

import re
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from dahyf_core.shared.limits import HANDS, RATE

_RATE = re.compile(r"\d{1,9}(\.\d{0,9}|/\d{1,9})?|\.\d{1,9}")

LENS_PANEL = "Lens (one way to state the focal length; without any: the picture's diagonal)"
CLEANING_PANEL = "Gate and smoothing (`dahyf clean` changes it later)"
TRACKS_PANEL = "Which hand is which (hands go by the numbers that `dahyf info` lists)"


class Lost(StrEnum):
    """What a frame gets in which the hand was lost."""

    HOLD = "hold"
    INTERPOLATE = "interpolate"
    OPEN = "open"


class Estimator(StrEnum):
    """What estimates poses."""

    DAHYF = "dahyf"
    BASELINE = "baseline"


class Pinhole(NamedTuple):
    """A calibrated camera without its distortion, in pixels."""

    fx: float
    fy: float
    cx: float
    cy: float


class FrameThreshold(NamedTuple):
    """The threshold of a range of frames, both ends included."""

    first: int
    last: int
    threshold: float


class Pair(NamedTuple):
    """A hand's number, and the frame or other hand that goes with it."""

    hand: int
    other: int


class Coefficients(tuple[float, ...]):
    """Of lens distortion. Typer would take a plain tuple for several arguments."""


def parse_pinhole(text: str) -> Pinhole:
    """FX,FY,CX,CY."""
    numbers = _parse_numbers(text)
    if len(numbers) != len(Pinhole._fields):
        raise typer.BadParameter(f"{text!r} is not of the form FX,FY,CX,CY")
    return Pinhole(*numbers)


def parse_coefficients(text: str) -> Coefficients:
    """K1,K2,P1,P2,K3, or the first of them."""
    return Coefficients(_parse_numbers(text))


def parse_rate(text: str) -> Fraction:
    """A frame rate: 25, 29.97 or 30000/1001."""
    if not _RATE.fullmatch(text.strip()):
        raise typer.BadParameter(f"{text[:40]!r} is not a frame rate such as 25 or 30000/1001")
    try:
        rate = Fraction(text.strip())
    except ZeroDivisionError:
        raise typer.BadParameter(f"{text!r} is not a frame rate such as 25 or 30000/1001") from None
    if not RATE[0] <= rate <= RATE[1]:
        raise typer.BadParameter(f"a frame rate must lie between {RATE[0]:.4f} and {RATE[1]}")
    return rate


def parse_threshold_override(text: str) -> FrameThreshold:
    """START:END=VALUE."""
    found = re.fullmatch(r"(\d{1,9}):(\d{1,9})=(\d{0,9}\.?\d{1,9})", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not of the form START:END=VALUE, such as 10:250=0.3")
    return FrameThreshold(int(found[1]), int(found[2]), float(found[3]))


def parse_pair(text: str) -> Pair:
    """HAND:NUMBER."""
    found = re.fullmatch(r"(\d{1,9}):(\d{1,9})", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not of two numbers, such as 0:120")
    return Pair(int(found[1]), int(found[2]))


def _parse_numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers such as 1.5,2,-0.1") from None


Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a line instead, for programs (docs/command-line.md).")
]
Profiled = Annotated[bool, typer.Option("--profile", help="Say at the end where the time went (docs/speed.md).")]
CaptureFile = Annotated[
    Path,
    typer.Argument(metavar="CAPTURE", show_default=False, help="A capture file (.npz) that `dahyf capture` wrote."),
]
MovedFootage = Annotated[
    Path | None,
    typer.Option("--footage", metavar="CLIP", help="Where the footage is now, if it moved after the capture."),
]

Clip = Annotated[
    Path | None,
    typer.Argument(
        metavar="CLIP",
        show_default=False,
        help="A video, a still, a folder of numbered stills, or a pattern such as shot.%04d.png.",
    ),
]
CaptureOutput = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The capture file to write (.npz)."),
]
Range = Annotated[
    str | None,
    typer.Option(
        "--range",
        metavar="START:END",
        help="Part of the clip: frames as in 10:250, both included, or seconds as in 1.5s:4s. Also 10: or :4s.",
    ),
]
Rate = Annotated[
    Fraction | None,
    typer.Option(
        parser=parse_rate, metavar="FPS", help="Frames a second of an image sequence: 25, or exactly 30000/1001."
    ),
]
MaxHands = Annotated[int, typer.Option(min=1, max=HANDS, help="Keep at most so many hands.")]
Mirrored = Annotated[
    bool, typer.Option("--mirrored", help="The footage shows a mirror image, as many selfie cameras record it.")
]
HandModelFile = Annotated[
    Path | None,
    typer.Option(
        "--hand-model",
        metavar="FILE",
        help="Your MANO_RIGHT or MANO_LEFT file (.pkl or .npz) in place of the open hand.",
    ),
]
EstimatorOption = Annotated[
    Estimator,
    typer.Option(
        "--estimator", help="The trained network, or the baseline: MediaPipe's landmarks with inverse kinematics."
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        help="A trained network (.onnx, by `dahyf export-onnx`) in place of the one that ships.",
    ),
]

Fov = Annotated[
    float | None,
    typer.Option(
        metavar="DEGREES", rich_help_panel=LENS_PANEL, help="Horizontal field of view. Phones: 60 to 70 unless zoomed."
    ),
]
FocalPx = Annotated[
    float | None,
    typer.Option(
        metavar="PX", rich_help_panel=LENS_PANEL, help="Focal length in pixels, as calibration tools give it."
    ),
]
FocalMm = Annotated[
    float | None,
    typer.Option(
        metavar="MM", rich_help_panel=LENS_PANEL, help="Focal length as engraved on the lens; needs --sensor-mm."
    ),
]
SensorMm = Annotated[
    float | None,
    typer.Option(
        metavar="MM", rich_help_panel=LENS_PANEL, help="Width of the sensor. 36 with a 35 mm equivalent focal length."
    ),
]
Intrinsics = Annotated[
    Pinhole | None,
    typer.Option(
        parser=parse_pinhole,
        metavar="FX,FY,CX,CY",
        rich_help_panel=LENS_PANEL,
        help="Full calibration in pixels: focal lengths and principal point.",
    ),
]
Distortion = Annotated[
    Coefficients | None,
    typer.Option(
        parser=parse_coefficients,
        metavar="K1,K2,P1,P2,K3",
        rich_help_panel=LENS_PANEL,
        help="Lens distortion, OpenCV's coefficients; goes with any of the above.",
    ),
]

Threshold = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        rich_help_panel=CLEANING_PANEL,
        help="Confidence under which a frame counts as lost (at first 0.8).",
    ),
]
LostOption = Annotated[
    Lost | None,
    typer.Option(
        "--lost",
        rich_help_panel=CLEANING_PANEL,
        help="What a lost frame gets: the last good pose, a way between good ones, or no keys (at first interpolate).",
    ),
]
MaxGap = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        rich_help_panel=CLEANING_PANEL,
        help="Longest gap that interpolation bridges (at first 0.5).",
    ),
]
Spike = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        rich_help_panel=CLEANING_PANEL,
        help="Longest flip of a wrist or finger to discard; 0 keeps all (at first 0.25).",
    ),
]
WristPositionHz = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="HZ",
        rich_help_panel=CLEANING_PANEL,
        help="Smoothing of the wrist's place in the picture: lower is smoother, 0 is off (at first 6).",
    ),
]
WristDepthHz = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="HZ",
        rich_help_panel=CLEANING_PANEL,
        help="Smoothing of the wrist's distance (at first 2).",
    ),
]
WristRotationHz = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="HZ",
        rich_help_panel=CLEANING_PANEL,
        help="Smoothing of the wrist's rotation (at first 5).",
    ),
]
FingerHz = Annotated[
    float | None,
    typer.Option(min=0, metavar="HZ", rich_help_panel=CLEANING_PANEL, help="Smoothing of the fingers (at first 5)."),
]
Stillness = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="METRES",
        rich_help_panel=CLEANING_PANEL,
        help="Hold a hand still that stays this near to its place; 0 is off (at first 0). Try 0.003.",
    ),
]
WristRotationOnly = Annotated[
    bool | None,
    typer.Option(
        "--wrist-rotation-only/--wrist-moves",
        rich_help_panel=CLEANING_PANEL,
        help="Whether the wrist turns but stays in one place (at first it moves).",
    ),
]
ThresholdOverrides = Annotated[
    list[FrameThreshold] | None,
    typer.Option(
        "--threshold-override",
        parser=parse_threshold_override,
        metavar="START:END=VALUE",
        rich_help_panel=CLEANING_PANEL,
        help="Another threshold for a range of frames, both included: 10:250=0.3. May be given several times.",
    ),
]
DeprecatedFloors = Annotated[
    list[FrameThreshold] | None,
    typer.Option("--floor", parser=parse_threshold_override, metavar="START:END=VALUE", hidden=True),
]
"""The old name of `--threshold-override`."""

Split = Annotated[
    list[Pair] | None,
    typer.Option(
        parser=parse_pair,
        metavar="HAND:FRAME",
        rich_help_panel=TRACKS_PANEL,
        help="From that frame on it is another hand, which gets the next free number.",
    ),
]
Join = Annotated[
    list[Pair] | None,
    typer.Option(
        parser=parse_pair,
        metavar="HAND:OTHER",
        rich_help_panel=TRACKS_PANEL,
        help="Both are one hand, which goes by the first number.",
    ),
]
Swap = Annotated[
    list[int] | None,
    typer.Option(metavar="HAND", rich_help_panel=TRACKS_PANEL, help="The hand was taken for the wrong side."),
]
Drop = Annotated[
    list[int] | None,
    typer.Option(metavar="HAND", rich_help_panel=TRACKS_PANEL, help="There is no such hand."),
]
