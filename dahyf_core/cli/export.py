"""The options of `dahyf export`."""

from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli.options import parse_rate

EXAMPLES = """
Examples:\n
dahyf export clip.npz -o clip.glb --camera\n
dahyf export clip.npz -o clip.bvh --unit m\n
dahyf export clip.npz -o clip.usda --up z --rate 24
"""


class Up(StrEnum):
    """The axis that points up."""

    Y = "y"
    Z = "z"


class Unit(StrEnum):
    """The unit of lengths."""

    M = "m"
    CM = "cm"


Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        show_default=False,
        help="File to write: .json, .csv, .npz (MANO's parameters), .pkl (HaMeR's), .bvh, .glb, .usda, .usdc or .usd",
    ),
]
UpOption = Annotated[
    Up | None, typer.Option("--up", help="The axis that points up, in .bvh and .usd files (default y).")
]
UnitOption = Annotated[
    Unit | None,
    typer.Option("--unit", help="Unit of lengths in .bvh files (default cm) and .usd files (default m)."),
]
Rate = Annotated[
    Fraction | None,
    typer.Option(
        parser=parse_rate,
        metavar="FPS",
        help="Interpolate to this even frame rate, in .bvh, .glb and .usd files. Default: the capture's frames.",
    ),
]
Camera = Annotated[
    bool, typer.Option("--camera", help="Also write the camera that filmed the hands, in .glb and .usd files.")
]
