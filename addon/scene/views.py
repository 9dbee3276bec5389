"""The 3D Views of windows that are open, or are saved in a file."""

from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Final

import bpy

from ..narrowing import view_of

FILLED: Final = 0.9
"""Fraction of a view that the camera frame fills, along the side that it fills first."""
SMALLEST: Final = 0.1
"""Least fraction of a view's width that is left for the camera frame, beside a wide sidebar."""


def look_through_camera(screens: Iterable[bpy.types.Screen], render: bpy.types.RenderSettings) -> None:
    """Switch all 3D Views of some screens to the scene's camera, with its frame centred and as large as fits."""
    screens = list(screens)
    for _, seen in views_of(screens):
        seen.view_perspective = "CAMERA"
    fit_picture(screens, render)


def fit_picture(screens: Iterable[bpy.types.Screen], render: bpy.types.RenderSettings) -> None:
    """Show the whole picture in those 3D Views that look through the camera."""
    for area, seen in views_of(screens):
        if seen.view_perspective == "CAMERA":
            seen.view_camera_offset = (0.0, 0.0)
            seen.view_camera_zoom = zoom(area, render)


def views_of(screens: Iterable[bpy.types.Screen]) -> Iterator[tuple[bpy.types.Area, bpy.types.RegionView3D]]:
    """The 3D Views of some screens."""
    for screen in screens:
        for area in screen.areas:
            if area.type == "VIEW_3D" and (seen := view_of(area).region_3d) is not None:
                yield area, seen


def zoom(area: bpy.types.Area, render: bpy.types.RenderSettings) -> float:
    """Blender's zoom of a camera view that shows the whole frame, with no part of it behind the sidebar.

    If the camera's sensor fit is horizontal, the frame takes (sqrt(2) + zoom / 50)^2 / 4 of the view's width.
    """
    picture_aspect = (render.resolution_x * render.pixel_aspect_x) / (render.resolution_y * render.pixel_aspect_y)
    covered = 2 * sidebar_width(area)
    free = min(area.width - covered, area.height * picture_aspect)
    return 50 * (2 * sqrt(FILLED * max(free / max(area.width, 1), SMALLEST)) - sqrt(2))


def sidebar_width(area: bpy.types.Area) -> int:
    """Pixels of a 3D View that its sidebar covers."""
    if not view_of(area).show_region_ui:
        return 0
    return max((region.width for region in area.regions if region.type == "UI" and region.width > 1), default=0)
