"""The options of the commands: their names, their help, and the parsers of their values.

This module is read on every start, `dahyf --help` included; it imports nothing heavy.
"""

import math
import re
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from dahyf_core.shared.cleaning import LOST_RULES, NUMBERS
from dahyf_core.shared.limits import HANDS, PIXEL, RATE

_RATE = re.compile(r"\d{1,9}(\.\d{0,9}|/\d{1,9})?|\.\d{1,9}")

LENS_PANEL = "Lens (give the focal length in one way; default: the picture's diagonal in pixels)"
CLEANING_PANEL = "Gate and smoothing (`dahyf clean` can change these later)"
METAVARS = {"seconds": "SECONDS", "metres": "METRES", "hertz": "HZ"}
"""How help shows the value of an option, by its unit."""

FINDING_PANEL = "Finding hands (pixels are those of the upright picture, from its upper left corner)"
TRACKS_PANEL = "Track edits (`dahyf info` lists the hand numbers)"


class Lost(StrEnum):
    """The pose of a frame in which the hand is lost."""

    HOLD = "hold"
    INTERPOLATE = "interpolate"
    OPEN = "open"


class Side(StrEnum):
    """A side of hands."""

    LEFT = "left"
    RIGHT = "right"


class Deinterlace(StrEnum):
    """Which frames of a video are deinterlaced."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Estimator(StrEnum):
    """The pose estimator."""

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


class Box(NamedTuple):
    """A box around a hand in a frame: left, top, width and height in pixels, and the hand's side if it is known."""

    frame: int
    x: float
    y: float
    width: float
    height: float
    side: Literal["left", "right"] | None = None


class Rectangle(NamedTuple):
    """A part of the picture: left, top, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float


class Pair(NamedTuple):
    """A hand's number, and the frame or other hand that goes with it."""

    hand: int
    other: int


class Coefficients(tuple[float, ...]):
    """Coefficients of lens distortion. They have their own class because Typer reads a tuple as several arguments."""


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


def parse_box(text: str) -> Box:
    """FRAME:X,Y,W,H or FRAME:X,Y,W,H:SIDE."""
    found = re.fullmatch(r"(\d{1,9}):([^:]*)(?::(left|right))?", text.strip())
    if found is None:
        raise typer.BadParameter(
            f"{text[:40]!r} is not of the form FRAME:X,Y,W,H[:SIDE], such as 120:310,95,80,110:left"
        )
    side: Literal["left", "right"] | None = {"left": "left", "right": "right"}.get(found[3] or "")  # type: ignore[assignment]
    return Box(int(found[1]), *parse_rectangle(found[2]), side)


def parse_rectangle(text: str) -> Rectangle:
    """X,Y,W,H."""
    numbers = _parse_numbers(text)
    if len(numbers) != len(Rectangle._fields) or not all(abs(number) <= PIXEL for number in numbers):
        raise typer.BadParameter(f"{text[:40]!r} is not of the form X,Y,W,H in pixels, such as 310,95,80,110")
    return Rectangle(*numbers)


def parse_pair(text: str) -> Pair:
    """HAND:NUMBER."""
    found = re.fullmatch(r"(\d{1,9}):(\d{1,9})", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a pair of numbers such as 0:120")
    return Pair(int(found[1]), int(found[2]))


def _parse_numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers such as 1.5,2,-0.1") from None


def _cleaning(setting: str, text: str) -> Any:
    """The option of a number of cleaning, with its range, its unit and its default from the shared table."""
    number = NUMBERS[setting]
    return typer.Option(
        min=number.lowest,
        max=number.highest if math.isfinite(number.highest) else None,
        metavar=METAVARS.get(number.unit),
        rich_help_panel=CLEANING_PANEL,
        help=f"{text} (initially {number.default:g}).",
    )


Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per line, for programs (docs/command-line.md).")
]
Profiled = Annotated[
    bool, typer.Option("--profile", help="Print the seconds of each stage at the end (docs/speed.md).")
]
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
        help="Part of the clip: frames (10:250, both included) or seconds (1.5s:4s). 10: and :4s have one open end.",
    ),
]
Rate = Annotated[
    Fraction | None,
    typer.Option(
        parser=parse_rate, metavar="FPS", help="Frames per second of an image sequence: 25, or exactly 30000/1001."
    ),
]
Sequence = Annotated[
    bool, typer.Option("--sequence", help="CLIP is one numbered still; capture the sequence that begins with it.")
]
DeinterlaceOption = Annotated[
    Deinterlace,
    typer.Option("--deinterlace", help="Deinterlace the frames that are marked as interlaced (auto), all, or none."),
]
MaxHands = Annotated[int, typer.Option(min=1, max=HANDS, help="Largest number of hands to capture.")]
Mirrored = Annotated[
    bool, typer.Option("--mirrored", help="The footage shows a mirror image, as many selfie cameras record it.")
]
HandModelFile = Annotated[
    Path | None,
    typer.Option(
        "--hand-model",
        metavar="FILE",
        help="Your MANO_RIGHT or MANO_LEFT file (.pkl or .npz) instead of the open hand.",
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
        help="A trained network (.onnx, from `dahyf export-onnx`) instead of the one that ships.",
    ),
]

Boxes = Annotated[
    list[Box] | None,
    typer.Option(
        "--box",
        parser=parse_box,
        metavar="FRAME:X,Y,W,H[:SIDE]",
        rich_help_panel=FINDING_PANEL,
        help="A box around a hand in a frame, from which it is followed both ways. May be repeated.",
    ),
]
RegionOption = Annotated[
    Rectangle | None,
    typer.Option(
        "--region",
        parser=parse_rectangle,
        metavar="X,Y,W,H",
        rich_help_panel=FINDING_PANEL,
        help="Look for hands only in this part of the picture. It is seen larger, so that small hands are found.",
    ),
]
SideOption = Annotated[
    Side | None,
    typer.Option(
        "--side", rich_help_panel=FINDING_PANEL, help="The side of every hand in the footage, if it is known."
    ),
]
FindAt = Annotated[
    float | None,
    typer.Option(
        "--find-at",
        min=0.05,
        max=0.99,
        rich_help_panel=FINDING_PANEL,
        help="Probability from which something is taken for a hand: lower finds more hands, and more that are none "
        "(initially 0.6).",
    ),
]

Fov = Annotated[
    float | None,
    typer.Option(
        metavar="DEGREES",
        rich_help_panel=LENS_PANEL,
        help="Horizontal field of view. Phones have 60 to 70 unless zoomed.",
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
        metavar="MM",
        rich_help_panel=LENS_PANEL,
        help="Width of the sensor. Use 36 with a 35 mm equivalent focal length.",
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
        help="Lens distortion: OpenCV's coefficients. Can be combined with any focal length.",
    ),
]

Threshold = Annotated[float | None, _cleaning("threshold", "Confidence under which a frame counts as lost")]
LostOption = Annotated[
    Lost | None,
    typer.Option(
        "--lost",
        rich_help_panel=CLEANING_PANEL,
        help=f"Pose of a lost frame: the last confident one, an interpolated one, or none (initially {LOST_RULES[0]}).",
    ),
]
MaxGap = Annotated[float | None, _cleaning("max_gap_seconds", "Longest gap that is interpolated")]
Spike = Annotated[
    float | None,
    _cleaning("spike_seconds", "Discard flips of the wrist or a finger up to this length; 0 keeps all"),
]
WristPositionHz = Annotated[
    float | None,
    _cleaning(
        "wrist_position_hz",
        "Low-pass cut-off of the wrist's position in the picture: lower is smoother, 0 is off",
    ),
]
WristDepthHz = Annotated[
    float | None, _cleaning("wrist_depth_hz", "Low-pass cut-off of the wrist's distance from the camera")
]
WristRotationHz = Annotated[float | None, _cleaning("wrist_rotation_hz", "Low-pass cut-off of the wrist's rotation")]
FingerHz = Annotated[float | None, _cleaning("finger_hz", "Low-pass cut-off of the finger joints")]
Stillness = Annotated[
    float | None,
    _cleaning("stillness", "Hold a hand still while its joints stay within this distance, such as 0.003; 0 is off"),
]
WristRotationOnly = Annotated[
    bool | None,
    typer.Option(
        "--wrist-rotation-only/--wrist-moves",
        rich_help_panel=CLEANING_PANEL,
        help="Let the wrist only turn, in one place, or let it move (initially it moves).",
    ),
]
ThresholdOverrides = Annotated[
    list[FrameThreshold] | None,
    typer.Option(
        "--threshold-override",
        parser=parse_threshold_override,
        metavar="START:END=VALUE",
        rich_help_panel=CLEANING_PANEL,
        help="Another threshold for a range of frames, both included: 10:250=0.3. May be repeated.",
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
        help="Split the hand in two at this frame. The later part gets the next free number.",
    ),
]
Join = Annotated[
    list[Pair] | None,
    typer.Option(
        parser=parse_pair,
        metavar="HAND:OTHER",
        rich_help_panel=TRACKS_PANEL,
        help="Join two hands into one, which keeps the first number.",
    ),
]
Swap = Annotated[
    list[int] | None,
    typer.Option(
        metavar="HAND", rich_help_panel=TRACKS_PANEL, help="Change the hand to the other side, left or right."
    ),
]
Drop = Annotated[
    list[int] | None,
    typer.Option(metavar="HAND", rich_help_panel=TRACKS_PANEL, help="Delete the hand from the capture."),
]
