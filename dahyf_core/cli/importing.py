"""`dahyf import`: other tools' results as capture files."""

import re
import time
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome
from dahyf_core.cli.session import session
from dahyf_core.shared.limits import PICTURE_SIDE

EXAMPLES = """
Examples:\n
dahyf import results.pkl -o clip.npz --footage clip.mp4\n
dahyf import box_grab_01.mano.npy -o grab.npz --hand-model MANO_RIGHT.pkl\n
dahyf import hands.json --from mediapipe -o hands.npz --rate 30 --size 1280x720 --fov 65
"""
SUFFIXES = (".npz",)


class Axes(StrEnum):
    """The axes of a file."""

    Y = "y"
    Z = "z"
    CAMERA = "camera"


class Sides(StrEnum):
    """Whether a file's names of sides hold."""

    AUTO = "auto"
    NAMED = "named"
    SWAPPED = "swapped"


class Size(NamedTuple):
    """Width and height, px."""

    width: int
    height: int


def parse_size(text: str) -> Size:
    """WIDTHxHEIGHT."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip())
    size = Size(int(found[1]), int(found[2])) if found else Size(0, 0)
    if not 0 < min(size) <= max(size) <= PICTURE_SIDE:
        raise typer.BadParameter(f"{text[:40]!r} is not a size such as 1280x720")
    return size


def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", show_default=False, help="Another tool's file, or a folder of a file a frame."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The capture file to write."),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="The tool: wilor, hamer, fasthamer, hawor, arctic, amass, mediapipe, openpose, freemocap, openxr or"
            " bvh. Default: guessed from the contents.",
        ),
    ] = None,
    footage: Annotated[
        Path | None,
        typer.Option("--footage", metavar="CLIP", help="The clip that FILE was made from; it gives times and size."),
    ] = None,
    rate: Annotated[
        Fraction | None,
        typer.Option(parser=options.parse_rate, metavar="FPS", help="Frames per second, if FILE does not say it."),
    ] = None,
    size: Annotated[
        Size | None,
        typer.Option(parser=parse_size, metavar="WxH", help="Size of the pictures, if FILE does not say it."),
    ] = None,
    axes: Annotated[
        Axes | None, typer.Option("--axes", help="The axis of FILE that points up, or the camera's axes.")
    ] = None,
    side: Annotated[
        options.Side | None, typer.Option("--side", help="The side of hands of which FILE does not say it.")
    ] = None,
    sides: Annotated[
        Sides, typer.Option("--sides", help="Whether FILE's names of sides hold, or are those of a mirror image.")
    ] = Sides.AUTO,
    flat_hand_mean: Annotated[
        bool | None,
        typer.Option(
            "--flat-hand-mean/--no-flat-hand-mean",
            help="Whether zero rotations are MANO's flat hand or its mean pose, if FILE does not say it.",
        ),
    ] = None,
    hand_model: options.HandModelFile = None,
    fov: options.Fov = None,
    focal_px: options.FocalPx = None,
    as_json: options.Json = False,
) -> None:
    """Make a capture file of another tool's result: HaMeR, WiLoR, MediaPipe, BVH and others (docs/import.md).

    Nothing in FILE is executed. The motion stays as it is in FILE; `dahyf clean --reset` gates and smooths it.
    """
    with session(as_json) as reporter:
        from dahyf_core.camera import Lens
        from dahyf_core.capture import save_capture
        from dahyf_core.footage import probe
        from dahyf_core.hand_model import load_hand_models
        from dahyf_core.imports import ImportOptions, import_file

        started = time.monotonic()
        check_output(output, SUFFIXES, inputs=[file, footage, hand_model])
        given = ImportOptions(
            rate=rate,
            axes=None if axes is None else axes.value,
            side=None if side is None else side.value,
            sides=sides.value,
            flat_hand_mean=flat_hand_mean,
            lens=Lens(fov_degrees=fov, focal_px=focal_px),
            size=size,
        )
        probed = None if footage is None else probe(footage, rate)
        capture = import_file(file, load_hand_models(hand_model), given, source, probed)
        save_capture(capture, output)
        imported = capture.source.imported
        if imported is not None:
            for sentence in imported.conversions:
                reporter.status(sentence)
        if capture.source.absent:
            reporter.status(f"Not in the file: {', '.join(capture.source.absent)}.")
        reporter.done(Outcome(output, capture.hands, len(capture.frame), time.monotonic() - started))
