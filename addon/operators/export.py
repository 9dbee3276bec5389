"""Export: captured hands or a character for other programs, by another Blender in background mode."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import bpy

from .. import compat, drawing
from ..backend import job, lifetime, notices
from ..errors import ExportError
from ..export.formats import FORMATS
from ..narrowing import ExportHelper, OperatorResult, operators, present
from ..scene import scene_setup
from ..settings import export_properties
from ..settings.export_properties import ExportSettings
from .captures import captures
from .core_job import CoreJob, CoreWork
from .poll_message import allows
from .retarget import chosen_object

PACKAGE = present(__package__).rpartition(".")[0]
NOTHING = "Show a capture with hands, or choose Character"
NO_RIG = "Choose a rig in the Retarget section, or select one"


class DAHYF_HANDS_OT_export(ExportSettings, bpy.types.Operator, ExportHelper):
    """Export captured hands or a character for another program: FBX, glTF, USD, Alembic or BVH"""

    bl_idname = "dahyf_hands.export"
    bl_label = "Export Hands"
    bl_options = {"REGISTER"}

    filename_ext = ""
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{known.suffix}" for known in FORMATS.values()), options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Open the file browser with the panel's settings."""
        settings = export_properties.settings_of(present(context.scene))
        for name in export_properties.NAMES:
            setattr(self, name, getattr(settings, name))
        result: OperatorResult = cast(Any, ExportHelper).invoke(self, context, event)
        self.check(context)
        return result

    def check(self, _context: bpy.types.Context) -> bool:
        """Give the file's name the suffix of the format."""
        suffix, path = FORMATS[self.file_format].suffix, Path(self.filepath)
        if path.suffix == suffix:
            return False
        known = {each.suffix for each in FORMATS.values()}
        self.filepath = str(path.with_suffix(suffix) if path.suffix in known else path.with_name(path.name + suffix))
        return True

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings in the file browser."""
        draw_settings(present(self.layout), self)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Start the work, and return at once where there is a window."""
        self.check(context)
        chosen = {name: getattr(self, name) for name in export_properties.NAMES}
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        try:
            result: OperatorResult = operators.dahyf_hands.export_file(how, filepath=self.filepath, **chosen)
        except RuntimeError as error:
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return {"FINISHED"} if "RUNNING_MODAL" in result else result


class DAHYF_HANDS_OT_export_file(ExportSettings, CoreJob, bpy.types.Operator):
    """Export to this file. Another Blender in background mode works on a copy of the open file"""

    bl_idname = "dahyf_hands.export_file"
    bl_label = "Export to File"
    bl_options = {"REGISTER", "INTERNAL"}
    section = "export"

    filepath: bpy.props.StringProperty(name="File", description="File to write", subtype="FILE_PATH")

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, job.obstacle())

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The command of the other Blender, with a copy of the open file. Raises ExportError."""
        rig = chosen_object(context)
        if reason := obstacle(context, self.subject):
            raise ExportError(f"{reason}.", "Then export again.")
        folder = lifetime.temporary_folder()
        copied = Path(folder.name) / "scene.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(copied), copy=True, check_existing=False)
        options = export_properties.command_arguments(self, rig.name if rig else "")
        command = another_blender(copied, ["export", "-o", self.filepath, "--json", *options])

        def conclude() -> notices.Notice:
            folder.cleanup()
            return notices.Notice(notices.INFO, f"Exported {Path(self.filepath).name}.")

        return CoreWork("Exporting", command, conclude)


def obstacle(context: bpy.types.Context, subject: str) -> str | None:
    """Why there is nothing to export, or None."""
    if subject == "RIG":
        return None if chosen_object(context) else NO_RIG
    view_layer = present(context.view_layer)
    shown = [hands for root, hands in captures(present(context.scene)) if scene_setup.is_shown(view_layer, root)]
    return None if any(shown) else NOTHING


def another_blender(file: Path, arguments: Sequence[str]) -> list[str]:
    """The add-on's command in a Blender of this version in background mode that opens a file.

    It runs the file's scripts if this Blender does.
    """
    run = f"importlib.import_module({PACKAGE + '.command_line'!r}).run({list(arguments)!r})"
    code = f"import importlib, sys; sys.path.append({str(Path(__file__).parents[2])!r}); sys.exit({run})"
    if compat.IS_PYTHON_MODULE:
        return [sys.executable, "-c", f"import bpy; bpy.ops.wm.open_mainfile(filepath={str(file)!r}); {code}"]
    scripts = "--disable-autoexec" if bpy.app.autoexec_fail else "--enable-autoexec"
    return [bpy.app.binary_path, "--background", scripts, str(file), "--python-expr", code]


def draw_settings(layout: bpy.types.UILayout, settings: Any) -> None:
    """Draw the settings of an export, from the scene's or from an operator."""
    column = drawing.split_column(layout)
    for name in ("subject", "file_format", "program"):
        column.prop(settings, name)
    for use, value, heading in (("use_rate", "rate", "Frame Rate"), ("use_start_frame", "start_frame", "Start Frame")):
        row = column.row(heading=heading)
        row.prop(settings, use, text="")
        field = row.row()
        field.active = getattr(settings, use)
        field.prop(settings, value, text="")
    with_camera = column.column()
    with_camera.active = FORMATS[settings.file_format].has_camera
    with_camera.prop(settings, "camera")
    bones = column.column()
    bones.active = settings.subject == "RIG"
    bones.prop(settings, "all_bones")


def draw_menu_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The line in File > Export."""
    present(menu.layout).operator(DAHYF_HANDS_OT_export.bl_idname, text="DaHyF Hands (.fbx/.glb/.usdc/.abc/.bvh)")


CLASSES = (DAHYF_HANDS_OT_export, DAHYF_HANDS_OT_export_file)


def register() -> None:
    """Add the line to File > Export."""
    bpy.types.TOPBAR_MT_file_export.append(draw_menu_entry)


def unregister() -> None:
    """Take the line from File > Export."""
    bpy.types.TOPBAR_MT_file_export.remove(draw_menu_entry)
