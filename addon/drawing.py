"""What all that draws shares: wrapped sentences, progress, how work has ended, and the way to an installed core."""

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
"""Pixels at a scale of 1: what a line loses to icon, margins and tabs, and to a box; its least width."""

STEADY_LINES: Final = 2
"""Lines that the state of a section takes while it changes; longer sentences are rare."""

PIECES: Final = re.compile(r"[^\s/\\-]*[/\\-]+\s*|[^\s/\\-]+\s*")
"""Of a text, between which a line may end."""

ICONS: Final[dict[notices.Kind, Icon]] = {notices.ERROR: "ERROR", notices.WARNING: "ERROR", notices.INFO: "CHECKMARK"}


def split_column(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column of settings, names to the left."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def wrapped(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Icon, lost: int = 0, least: int = 1
) -> None:
    """Sentences, wrapped to the region's width so that nothing is cut off.

    lost: pixels of the width that are not theirs. least: lines that are taken up at least, so that what is below stays.
    """
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(padded(lines_of(context, text, lost), least)):
        column.label(text=line, icon="BLANK1" if number else icon, translate=False)


def padded(lines: list[str], least: int) -> list[str]:
    """At least so many lines."""
    return lines + [""] * (least - len(lines))


def lines_of(context: bpy.types.Context, text: str, lost: int = 0) -> list[str]:
    """A text in lines that fit the region."""
    return fitted(context, text, present(context.region).width / scale_of(context) - MARGINS - lost)


def scale_of(context: bpy.types.Context) -> float:
    """How large Blender draws everything; it says 0 where it draws nothing."""
    return present(context.preferences).system.ui_scale or 1.0


def fitted(context: bpy.types.Context, text: str, width: float) -> list[str]:
    """A text in lines of at most `width` pixels at a scale of 1, by the width of its letters.

    Lines end at blanks, else behind a slash or hyphen, else anywhere.
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
    """The section's button, or in its very place, at its height, how far the work is and a cross that stops it."""
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
    """Below the buttons of a section: what is being done, else how the last work ended, else another sentence."""
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
    """How work ended; an error with its remedy, and buttons that carry the remedy out where some can."""
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
    """The Set Up button with what it costs, and the switch for online access where that is off and needed."""
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
    """Whether Blender keeps add-ons from the network."""
    return not bpy.app.online_access


def draw_online_access(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Blender's own switch, beside what needs it."""
    if bpy.app.online_access_override:
        wrapped(
            layout, context, "Blender was started offline: start it without --offline-mode, or choose a bundle.", "INFO"
        )
        return
    layout.prop(present(context.preferences).system, "use_online_access", text="Allow Online Access")
