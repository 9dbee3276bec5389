"""What panels and preferences share: wrapped sentences, progress, notices, and the Set Up button."""

import re
from typing import Final

import blf
import bpy

from .backend import installing, job, notices
from .narrowing import Icon, present

FONT: Final = 0
MARGINS: Final = 88
BOX: Final = 18
SHORTEST_LINE: Final = 80
"""Pixels at a UI scale of 1: width that icon, margins and tabs take, width that a box takes, least width of a line."""

STEADY_LINES: Final = 2
"""Lines reserved for the state of a section, so that the panel does not jump when the text changes."""

PIECES: Final = re.compile(r"[^\s/\\-]*[/\\-]+\s*|[^\s/\\-]+\s*")
"""Pieces of a text. A line may end between two of them."""

ICONS: Final[dict[notices.Kind, Icon]] = {notices.ERROR: "ERROR", notices.WARNING: "ERROR", notices.INFO: "CHECKMARK"}


def split_column(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column of settings with their names on the left."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def wrapped(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Icon, lost: int = 0, least: int = 1
) -> None:
    """Sentences, wrapped to the region's width so that nothing is cut off.

    lost: pixels of the width that the text cannot use. least: lines reserved at least, so that what is below stays put.
    """
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(padded(lines_of(context, text, lost), least)):
        column.label(text=line, icon="BLANK1" if number else icon, translate=False)


def padded(lines: list[str], least: int) -> list[str]:
    """The lines, with empty ones up to at least `least`."""
    return lines + [""] * (least - len(lines))


def lines_of(context: bpy.types.Context, text: str, lost: int = 0) -> list[str]:
    """A text in lines that fit the region."""
    return fitted(context, text, present(context.region).width / scale_of(context) - MARGINS - lost)


def scale_of(context: bpy.types.Context) -> float:
    """Blender's UI scale; 1 in background mode, where Blender gives 0."""
    return present(context.preferences).system.ui_scale or 1.0


def fitted(context: bpy.types.Context, text: str, width: float) -> list[str]:
    """A text in lines of at most `width` pixels at a UI scale of 1, measured in Blender's font.

    Lines end at blanks, else after a slash or hyphen, else anywhere.
    """
    scale = scale_of(context)
    blf.size(FONT, present(context.preferences).ui_styles[0].widget.points * scale)
    most = max(width, SHORTEST_LINE) * scale
    lines = [""]
    for piece in PIECES.findall(text):
        if blf.dimensions(FONT, lines[-1] + piece.rstrip())[0] <= most:
            lines[-1] += piece
            continue
        lines.append("")
        for letter in piece:
            if blf.dimensions(FONT, lines[-1] + letter)[0] > most:
                lines.append("")
            lines[-1] += letter
    return [line.strip() for line in lines if line.strip()]


def draw_button_or_progress(
    layout: bpy.types.UILayout, section: str, operator: str, text: str, icon: Icon, scale: float = 1.6
) -> bpy.types.OperatorProperties | None:
    """The section's button. While its work runs: a progress bar and a Stop button in its place, at its height."""
    row = layout.row(align=True)
    row.scale_y = scale
    running = job.progress_of(section)
    if running is None:
        return row.operator(operator, text=text, icon=icon)
    fraction, _, pace = running
    row.progress(factor=fraction, type="BAR", text=pace or f"{fraction:.0%}")
    row.operator("dahyf_hands.cancel", text="", icon="CANCEL")
    return None


def draw_state(
    layout: bpy.types.UILayout, context: bpy.types.Context, section: str, otherwise: str | None, buttons: bool = True
) -> None:
    """The state of a section: the running work, else the notice of the last one, else `otherwise`, else Ready."""
    running, notice = job.progress_of(section), notices.of(section)
    if running is not None:
        wrapped(layout, context, running[1], "TIME", least=STEADY_LINES)
    elif notice is not None:
        draw_notice(layout, context, notice, buttons)
    elif otherwise:
        wrapped(layout, context, otherwise, "INFO", least=STEADY_LINES)
    else:
        wrapped(layout, context, "Ready", "BLANK1", least=STEADY_LINES)


def draw_notice(
    layout: bpy.types.UILayout, context: bpy.types.Context, notice: notices.Notice, buttons: bool = True
) -> None:
    """How work ended. Errors and warnings have their remedy, and buttons that carry it out."""
    box = layout.box().column()
    box.alert = notice.kind == notices.ERROR
    wrapped(box, context, notice.text, ICONS[notice.kind], BOX)
    box.alert = False
    if notice.remedy:
        wrapped(box, context, notice.remedy, "BLANK1", BOX)
    if notice.kind == notices.INFO:
        return
    row = box.row()
    for name in notice.operators if buttons else ():
        row.operator(name)
    row.operator("dahyf_hands.dismiss_error")


def draw_set_up(
    layout: bpy.types.UILayout, context: bpy.types.Context, offline_bundle: bool, buttons: bool = True
) -> None:
    """The Set Up button, its download and disk sizes, and the switch for online access where that is needed."""
    if offline_bundle:
        cost = f"Set Up installs from the offline bundle; the core takes {installing.INSTALLED_MB} MB on the disk."
    else:
        cost = (
            f"Set Up downloads about {installing.DOWNLOAD_MB} MB, once; the core takes {installing.INSTALLED_MB} MB on"
            " the disk."
        )
    draw_button_or_progress(layout, "set_up", "dahyf_hands.set_up_environment", "Set Up", "IMPORT", 1.4)
    if is_offline() and not offline_bundle and not job.is_running():
        draw_online_access(layout, context)
    draw_state(layout, context, "set_up", cost, buttons)


def is_offline() -> bool:
    """Whether Blender's online access is off."""
    return not bpy.app.online_access


def draw_online_access(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Blender's own switch for online access, or a sentence where it cannot be used."""
    if bpy.app.online_access_override:
        wrapped(
            layout, context, "Blender was started offline: start it without --offline-mode, or choose a bundle.", "INFO"
        )
        return
    layout.prop(present(context.preferences).system, "use_online_access", text="Allow Online Access")
