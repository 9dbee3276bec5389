"""The settings of Export, which the panel shows and the operators take as arguments."""

from collections.abc import Sequence
from typing import Any

import bpy

from ..export.formats import FORMATS, PROGRAMS
from ..narrowing import attach

SUBJECTS = (
    ("HANDS", "Captured Hands", "The hand rigs of the capture that is shown"),
    ("RIG", "Character", "The rig of the Retarget section, or the active armature, with the meshes that it moves"),
)
PROGRAM_ITEMS = tuple(
    (name, label, f"Axes and unit of length as {label} expects them") for name, label in PROGRAMS.items()
)
FORMAT_ITEMS = tuple((name, known.label, known.contents) for name, known in FORMATS.items())


class ExportSettings:
    """What is exported and how: the options of the command `export` as properties."""

    subject: bpy.props.EnumProperty(name="What", description="Objects that are exported", items=SUBJECTS)
    file_format: bpy.props.EnumProperty(name="Format", description="Format of the file", items=FORMAT_ITEMS)
    program: bpy.props.EnumProperty(
        name="For", description="Program that reads the file. It decides on axes and unit", items=PROGRAM_ITEMS
    )
    use_rate: bpy.props.BoolProperty(
        name="Other Frame Rate", description="Write the motion at another frame rate than the scene's"
    )
    rate: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames per second of the file. The motion keeps its speed",
        default=30,
        min=1,
        max=1000,
        soft_max=240,
    )
    use_start_frame: bpy.props.BoolProperty(
        name="Other Start Frame", description="Give the first frame another number than it has in the scene"
    )
    start_frame: bpy.props.IntProperty(
        name="Start Frame", description="Number of the first frame in the file. glTF files always start at 0 seconds"
    )
    camera: bpy.props.BoolProperty(name="Camera", description="Export the scene's camera too")
    all_bones: bpy.props.BoolProperty(
        name="All Bones", description="Also export bones that deform nothing, such as the controls of a rig"
    )


NAMES = tuple(ExportSettings.__annotations__)


class DAHYF_HANDS_PG_export(ExportSettings, bpy.types.PropertyGroup):
    """Settings of one scene."""


PROPERTY = "dahyf_hands_export"


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_export:
    """The export settings of a scene."""
    settings: DAHYF_HANDS_PG_export = getattr(scene, PROPERTY)
    return settings


def command_arguments(settings: Any, rig: str) -> Sequence[str]:
    """The options of the command `export` for these settings. rig: the name of the character's armature."""
    return (
        *(("--rig", rig) if settings.subject == "RIG" else ()),
        *("--for", settings.program.lower()),
        *(("--rate", f"{settings.rate:.6g}") if settings.use_rate else ()),
        *(("--start-frame", str(settings.start_frame)) if settings.use_start_frame else ()),
        *(("--camera",) if settings.camera else ()),
        *(("--all-bones",) if settings.all_bones else ()),
    )


CLASSES = (DAHYF_HANDS_PG_export,)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_export)


def unregister() -> None:
    """Detach the settings from scenes."""
    delattr(bpy.types.Scene, PROPERTY)
