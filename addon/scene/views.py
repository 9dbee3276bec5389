"""The 3D Views of windows that are open, or are saved in a file."""

from collections.abc import Iterable

import bpy


def look_through_camera(screens: Iterable[bpy.types.Screen]) -> None:
    """Turn all 3D Views of some screens to the scene's camera, its picture in the middle."""
    for screen in screens:
        for area in screen.areas:
            if area.type == "VIEW_3D" and (seen := area.spaces.active.region_3d) is not None:
                seen.view_perspective = "CAMERA"
                seen.view_camera_offset = (0.0, 0.0)
                seen.view_camera_zoom = 0.0
