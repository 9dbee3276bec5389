"""Import another tool's result: the core makes a capture file of it, which is imported."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import bpy

from .. import drawing
from ..backend import notices
from ..narrowing import ImportHelper, OperatorResult, operators, present
from ..scene.references import absolute
from ..settings import capture_properties
from .capture import import_result
from .core_job import CoreJob, CoreWork, core_command, core_obstacle
from .poll_message import allows

TOOLS = (
    ("AUTO", "Automatic", "Guess the tool from the contents of the file"),
    ("wilor", "WiLoR", "Results of WiLoR and WiLoR-mini"),
    ("hamer", "HaMeR", "Results of HaMeR"),
    ("fasthamer", "Fast-HaMeR", "Results of Fast-HaMeR"),
    ("hawor", "HaWoR", "HaWoR's world_space_res.pth"),
    ("arctic", "ARCTIC", "MANO parameters of ARCTIC"),
    ("amass", "AMASS", "Parameters of MANO, SMPL-H or SMPL-X under AMASS's names"),
    ("mediapipe", "MediaPipe", "Landmarks of MediaPipe as JSON"),
    ("openpose", "OpenPose", "One of OpenPose's JSON files of a frame each. All of its folder are read"),
    ("freemocap", "freemocap", "Points of freemocap's output_data"),
    ("openxr", "OpenXR", "Joints of OpenXR or WebXR as JSON"),
    ("bvh", "BVH", "A skeleton with fingers"),
)
SUFFIXES = ("pkl", "pickle", "pt", "pth", "npz", "npy", "json", "jsonl", "csv", "bvh")


class ResultSettings:
    """What an import needs to know besides the file."""

    tool: bpy.props.EnumProperty(name="Tool", description="The tool that wrote the file", items=TOOLS)
    use_footage: bpy.props.BoolProperty(
        name="Of This Footage",
        description="The file was made from the footage in the sidebar, which gives times, lens and background",
        default=False,
    )
    rate: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames per second, if the file does not say it. 0 is the file's own",
        default=0.0,
        min=0.0,
        soft_max=240.0,
    )
    side: bpy.props.EnumProperty(
        name="Side",
        description="The side of hands of which the file does not say it",
        items=(
            ("FILE", "From File", "The file says it"),
            ("LEFT", "Left", "Left hands"),
            ("RIGHT", "Right", "Right hands"),
        ),
    )


NAMES = ("tool", "use_footage", "rate", "side")


class DAHYF_HANDS_OT_import_result(ResultSettings, bpy.types.Operator, ImportHelper):
    """Import the result of another tool: HaMeR, WiLoR, MediaPipe, BVH and others. Nothing in the file is executed"""

    bl_idname = "dahyf_hands.import_result"
    bl_label = "Import Other Result"
    bl_options = {"REGISTER"}

    filename_ext = ""
    filter_glob: bpy.props.StringProperty(default=";".join(f"*.{suffix}" for suffix in SUFFIXES), options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, core_obstacle(context))

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the settings in the file browser."""
        column = drawing.split_column(present(self.layout))
        for name in NAMES:
            column.prop(self, name)

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        """Start the work, and return at once where there is a window."""
        chosen = {name: getattr(self, name) for name in NAMES}
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        try:
            result: OperatorResult = operators.dahyf_hands.import_result_file(how, filepath=self.filepath, **chosen)
        except RuntimeError as error:
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return {"FINISHED"} if "RUNNING_MODAL" in result else result


class DAHYF_HANDS_OT_import_result_file(ResultSettings, CoreJob, bpy.types.Operator):
    """Make a capture file of this file beside it, and import that"""

    bl_idname = "dahyf_hands.import_result_file"
    bl_label = "Import Result"
    bl_options = {"REGISTER", "INTERNAL"}

    filepath: bpy.props.StringProperty(name="File", description="File to import", subtype="FILE_PATH")

    @classmethod
    def obstacle(cls, _context: bpy.types.Context) -> str | None:
        """Why nothing can be imported, or None."""
        return None

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The core's command, and the step that imports what it wrote."""
        settings = capture_properties.settings_of(present(context.scene))
        file = absolute(self.filepath)
        output = capture_properties.unused(file.with_name(f"{file.stem}.hands.npz"), file)
        command = core_command(context, "import", *import_arguments(self, file, output, settings), "--json")

        def key() -> notices.Notice:
            """Key the hands as one undo step."""
            return import_result(output, settings)

        return CoreWork("Importing", command, key)


def import_arguments(
    chosen: ResultSettings,
    file: Path,
    output: Path,
    settings: capture_properties.DAHYF_HANDS_PG_settings,
) -> list[str]:
    """The options of `dahyf import`. settings: of the sidebar, for footage and lens."""
    given = cast(Any, chosen)
    source = file.parent if given.tool == "openpose" else file
    arguments = [str(source), "-o", str(output)]
    if given.tool != "AUTO":
        arguments += ["--from", given.tool]
    if given.side != "FILE":
        arguments += ["--side", given.side.lower()]
    if given.use_footage and settings.footage:
        arguments += ["--footage", str(absolute(settings.footage))]
        arguments += lens_arguments(settings)
    elif given.rate:
        arguments += ["--rate", str(Fraction(given.rate).limit_denominator(1001))]
    return arguments


def lens_arguments(settings: capture_properties.DAHYF_HANDS_PG_settings) -> list[str]:
    """The sidebar's lens as a field of view or a focal length in pixels."""
    if settings.lens == "FOCAL_MM":
        return ["--fov", f"{math.degrees(2 * math.atan(settings.sensor_mm / settings.focal_mm / 2)):.6g}"]
    return capture_properties.lens_arguments(settings)


CLASSES = (DAHYF_HANDS_OT_import_result, DAHYF_HANDS_OT_import_result_file)
