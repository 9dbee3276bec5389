"""Rules for presets of Blender's panel. `docs/tools/write_schemas.py` writes their JSON Schemas to docs/schemas."""

import math
from collections.abc import Mapping
from typing import Final

from .cleaning import LOST_RULES, NUMBERS
from .names import SIDES
from .rig_joints import all_joints
from .rules import Choice, Flag, Keyed, Number, Rule, Table, Text

WHOLE: Final = Number(-(2**31), 2**31 - 1, whole=True)
"""An integer property of Blender."""

CAPTURE: Final = Table(
    optional={
        "sequence_rate": Number(0.1, 1000, unit="frames per second"),
        "deinterlace": Choice(("auto", "on", "off")),
        "mirrored": Flag(),
        "lens": Choice(("UNKNOWN", "FOV", "FOCAL_MM", "FOCAL_PX")),
        "field_of_view": Number(math.radians(1), 3.1, unit="radians"),
        "focal_mm": Number(1, 2000, unit="millimetres"),
        "sensor_mm": Number(1, 200, unit="millimetres"),
        "focal_px": Number(1, 1_000_000, unit="pixels"),
        "max_hands": Number(1, 8, whole=True),
        "quality": Choice(("dahyf", "baseline")),
        "lost": Choice(LOST_RULES),
        "scene_setup": Choice(("AUTO", "ALWAYS", "NEVER")),
        "start_frame": WHOLE,
    }
)
"""A preset of the settings of Capture."""

PANEL_NAMES: Final = {"spike_seconds": "spike"}
"""Cleaning settings that have another name in the panel."""

_CLEANING: Final[Mapping[str, Rule]] = {PANEL_NAMES.get(name, name): number.rule for name, number in NUMBERS.items()}
CLEAN: Final = Table(
    optional={**_CLEANING, "lost": Choice(LOST_RULES), "wrist_rotation_only": Flag(), "floors": Text()}
)
"""A preset of the settings of Clean."""

_NAME: Final = Text(shortest=1)
_BY_SIDE: Final = tuple(side.upper() for side in SIDES)
_SWITCH: Final = Table({"bone": _NAME, "property": _NAME, "value": Number()})
RETARGET: Final = Table(
    {"bones": Keyed(all_joints(), _NAME)},
    optional={
        "name": _NAME,
        "source": Text(),
        "ik_switches": Keyed(_BY_SIDE, _SWITCH),
        "poles": Keyed(_BY_SIDE, Table({"bone": _NAME}, optional={"switch": _SWITCH})),
    },
)
"""A preset of Retarget: which bone of a rig is which joint."""
