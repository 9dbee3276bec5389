"""A Blender camera that sees what the real camera saw.

OpenCV's camera frame has x right, y down, z forward. Below a capture's root the scene is upright: the camera looks
along +Y with Z up. The hands keep their OpenCV coordinates in armature objects that are rotated by OPENCV_ROTATION.
"""

from dataclasses import dataclass
from math import pi
from typing import Final

import bpy

from ..backend.capture_file import Intrinsics

CAMERA_ROTATION: Final = (pi / 2, 0.0, 0.0)
"""Euler rotation of a Blender camera that looks along +Y, Z up."""

OPENCV_ROTATION: Final = (-pi / 2, 0.0, 0.0)
"""Euler rotation of an object whose own axes are OpenCV's for that camera: (x, y, z) becomes (x, z, -y)."""

CLIP_START: Final = 0.01
DISPLAY_SIZE: Final = 0.1


@dataclass(frozen=True)
class Lens:
    """A pinhole camera as Blender's settings. lens and sensor_width in mm; shifts in picture widths."""

    lens: float
    sensor_width: float
    shift_x: float
    shift_y: float
    pixel_aspect_x: float
    pixel_aspect_y: float


def lens_of(intrinsics: Intrinsics, sensor_width: float = 36.0) -> Lens:
    """Blender's settings for a camera, exact for any principal point, picture format and pixel aspect.

    A principal point of (width / 2, height / 2) needs no shift.
    """
    aspect_x = max(1.0, intrinsics.fy / intrinsics.fx)
    aspect_y = max(1.0, intrinsics.fx / intrinsics.fy)
    width, height = intrinsics.width, intrinsics.height
    return Lens(
        lens=intrinsics.fx * sensor_width / width,
        sensor_width=sensor_width,
        shift_x=-(intrinsics.cx - width / 2) / width,
        shift_y=(intrinsics.cy - height / 2) * (aspect_y / aspect_x) / width,
        pixel_aspect_x=aspect_x,
        pixel_aspect_y=aspect_y,
    )


def create_camera(name: str, intrinsics: Intrinsics) -> bpy.types.Object:
    """A camera at its parent's origin that looks along +Y. The render must have its picture size."""
    lens = lens_of(intrinsics)
    data = bpy.data.cameras.new(name)
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = lens.sensor_width
    data.lens = lens.lens
    data.shift_x = lens.shift_x
    data.shift_y = lens.shift_y
    data.clip_start = CLIP_START
    data.display_size = DISPLAY_SIZE
    camera = bpy.data.objects.new(name, data)
    camera.rotation_euler = CAMERA_ROTATION
    return camera
