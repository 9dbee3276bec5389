"""The footage behind a camera, as a 3D View shows it: which pixel of the footage is where, and which picture it is."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

from .. import compat
from ..backend.capture_file import Intrinsics
from ..narrowing import camera_data_of, holds, present
from . import background, camera, scene_setup, timing

LOOK_FIRST = "Show the footage behind the camera first, with Show Footage"
MOVED = "The footage behind the camera was moved, turned or scaled; reset that first"

SAME_SCALE = 1e-4


@dataclass(frozen=True)
class Rectangle:
    """Left, top, width and height: pixels of the footage, y down; or of a region of the screen, y up."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class ShownPicture:
    """Where a picture of this size (px of the footage) is on a region: its left, lower, right and upper edge, px.

    flipped: shown as in a mirror.
    """

    width: int
    height: int
    left: float
    bottom: float
    right: float
    top: float
    flipped: bool = False

    def pixels(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of the footage, from its upper left corner, at a place of the region."""
        across = (x - self.left) / (self.right - self.left)
        down = (self.top - y) / (self.top - self.bottom)
        return (1 - across if self.flipped else across) * self.width, down * self.height

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The place of the region at which a pixel of the footage is shown."""
        across = 1 - x / self.width if self.flipped else x / self.width
        return self.left + across * (self.right - self.left), self.top - y / self.height * (self.top - self.bottom)

    def box(self, start: tuple[float, float], end: tuple[float, float]) -> Rectangle:
        """The box between two places of the region, as far as it lies in the picture, in pixels of the footage."""
        corners = [self.pixels(*start), self.pixels(*end)]
        left, right = sorted(min(max(x, 0.0), self.width) for x, _ in corners)
        top, bottom = sorted(min(max(y, 0.0), self.height) for _, y in corners)
        return Rectangle(left, top, right - left, bottom - top)


def fitted(
    frame: tuple[float, float, float, float], size: tuple[int, int], pixel_aspect: float, method: str
) -> tuple[float, float, float, float]:
    """Where Blender draws a background of this size (px) in a camera frame: left, bottom, right, top, px of the region.

    frame: left, bottom, right, top. pixel_aspect: of a pixel of the footage, its width over its height. method:
    Blender's, STRETCH, FIT or CROP.
    """
    left, bottom, right, top = frame
    if method == "STRETCH":
        return frame
    width, height = right - left, top - bottom
    picture = size[0] * pixel_aspect / size[1]
    if (picture > width / height) == (method == "FIT"):
        height = width / picture
    else:
        width = height * picture
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def footage_behind(scene: bpy.types.Scene) -> bpy.types.CameraBackgroundImage | None:
    """The footage behind the scene's camera; None without any."""
    if scene.camera is None or scene.camera.type != "CAMERA":
        return None
    shown = camera_data_of(scene.camera).background_images
    return next((each for each in shown if each.clip is not None or each.image is not None), None)


def obstacle(scene: bpy.types.Scene, chosen: Path | None) -> str | None:
    """Why nothing can be drawn on the footage that was chosen for a capture, or None."""
    shown = footage_behind(scene)
    if shown is None or chosen is None:
        return LOOK_FIRST
    first = background.find_footage(chosen, chosen.parent)
    if first is None or file_of(shown).resolve() != first.resolve():
        return f"The camera shows other footage than {chosen.name}. {LOOK_FIRST}"
    is_moved = any(shown.offset[:]) or shown.use_flip_y or (not shown.rotation and abs(shown.scale - 1) > SAME_SCALE)
    return MOVED if is_moved else None


def file_of(shown: bpy.types.CameraBackgroundImage) -> Path:
    """The file of a background."""
    source = shown.clip if shown.clip is not None else present(shown.image)
    return Path(bpy.path.abspath(source.filepath))


def picture_size(scene: bpy.types.Scene, shown: bpy.types.CameraBackgroundImage) -> tuple[int, int]:
    """Width and height of the upright footage, px."""
    root = present(scene.camera).parent
    if root is not None and holds(root, scene_setup.PICTURE):
        width, height = root[scene_setup.PICTURE][:2]
        return int(width), int(height)
    width, height = (shown.clip if shown.clip is not None else present(shown.image)).size[:]
    return int(width), int(height)


def shown_picture(
    scene: bpy.types.Scene, region: bpy.types.Region, view: bpy.types.RegionView3D
) -> ShownPicture | None:
    """Where the footage is on a region of a 3D View; None where the view does not look through the camera."""
    shown = footage_behind(scene)
    if shown is None or view.view_perspective != "CAMERA":
        return None
    filming = present(scene.camera)
    corners = [filming.matrix_world @ corner for corner in camera_data_of(filming).view_frame(scene=scene)]
    places = [location_3d_to_region_2d(region, view, corner) for corner in corners]
    if any(place is None for place in places):
        return None
    across = [place.x for place in places]
    upwards = [place.y for place in places]
    frame = min(across), min(upwards), max(across), max(upwards)
    size = picture_size(scene, shown)
    method = "STRETCH" if shown.rotation else shown.frame_method  # an import turns a picture so that it fills the frame
    return ShownPicture(*size, *fitted(frame, size, 1.0, method), flipped=shown.use_flip_x)


def picture_number(scene: bpy.types.Scene, first: int) -> int:
    """The footage's frame that the camera shows now. first: number of the footage's first frame."""
    shown = footage_behind(scene)
    if shown is None or shown.clip is None:
        return first
    curves = compat.own_fcurves(shown.clip)
    start = round(curves[0].evaluate(scene.frame_current)) if curves else shown.clip.frame_start
    return first + scene.frame_current - start


def scene_frame(scene: bpy.types.Scene, number: int, first: int) -> int:
    """The frame of the scene on which the camera shows a frame of the footage. first: as of `picture_number`."""
    shown = footage_behind(scene)
    if shown is None or shown.clip is None:
        return scene.frame_current
    curves = compat.own_fcurves(shown.clip)
    if not curves:
        return shown.clip.frame_start + number - first
    (start, _), (end, shift) = (key.co[:] for key in curves[0].keyframe_points[:2])
    frames_per_picture = (end - start) / (end - shift)  # as `background.keep_in_step` keys the clip's start
    return round(start + (number - first) * frames_per_picture)


def show(
    scene: bpy.types.Scene, path: Path, size: tuple[int, int], rate: float, first_frame: int, is_still: bool
) -> bpy.types.Object:
    """Look at footage through a new camera, which replaces an earlier one of this kind. Raises RuntimeError.

    size: px. rate: frames per second, of the footage; 0 for pictures, of which each takes one frame. first_frame: scene
    frame of its first picture. Rate, range and picture size of the scene stay.
    """
    found = background.find_footage(path, path.parent)
    if found is None:
        raise RuntimeError(f"There is no footage at {path}.")
    width, height = size
    diagonal = float((width**2 + height**2) ** 0.5)
    intrinsics = Intrinsics(diagonal, diagonal, width / 2, height / 2, width, height, ())
    filming = camera.create_camera(f"{path.stem[:40]}_footage", intrinsics)
    filming[scene_setup.FOOTAGE_CAMERA] = True
    filming.location.z = 1.6
    image = camera_data_of(filming).background_images.new()
    image.alpha, image.frame_method = 1.0, "FIT"
    try:
        kind = "still" if is_still else "video"
        background.load(image, found, kind, first_frame)
    except RuntimeError:
        bpy.data.cameras.remove(camera_data_of(filming))
        raise
    camera_data_of(filming).show_background_images = True
    if image.clip is not None:
        scene_rate = scene.render.fps / scene.render.fps_base
        ratio = timing.Timeline(first_frame, scene_rate).frames_per_picture(Fraction(rate)) if rate else 1.0
        background.keep_in_step(image.clip, first_frame, ratio)
    remove_footage_cameras(scene)
    scene.collection.objects.link(filming)
    scene.camera = filming
    return filming


def remove_footage_cameras(scene: bpy.types.Scene) -> None:
    """Remove the cameras that only show footage."""
    for found in [each for each in scene.objects if holds(each, scene_setup.FOOTAGE_CAMERA)]:
        bpy.data.cameras.remove(camera_data_of(found))


def replace_footage_cameras(scene: bpy.types.Scene, filming: bpy.types.Object) -> None:
    """Remove the cameras that only show footage; a scene that looks through one looks through this one instead."""
    if scene.camera is not None and holds(scene.camera, scene_setup.FOOTAGE_CAMERA):
        scene.camera = filming
    remove_footage_cameras(scene)
