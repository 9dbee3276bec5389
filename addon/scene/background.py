"""The footage as a camera background, in sync with the keys."""

import glob
import re
from math import radians
from pathlib import Path
from typing import Any, Final

import bpy

from .. import compat
from ..backend.capture_file import Capture, Footage, Intrinsics
from ..narrowing import camera_data_of, picture_suffixes, present
from .timing import Timeline

PLACEHOLDER: Final = re.compile(r"#+|%0?\d*d")
"""The placeholder of the frame number in the pattern of an image sequence."""

ANIMATED: Final = frozenset({".apng", ".avif", ".png", ".webp"})
"""Suffixes of pictures that are clips to the core where they are animated."""

KEYED_FRAMES: Final = 1000
"""Frames between the two keys that define a straight F-curve."""


def show_footage(camera: bpy.types.Object, capture: Capture, timeline: Timeline) -> str | None:
    """Show the footage as a camera's background, in sync with a timeline and without lens distortion.

    Footage that has moved is also searched for in the folder of the capture file. Returns a warning, or None.
    """
    footage = capture.footage
    path = find_footage(footage.path, capture.path.parent)
    if path is None:
        return f"The footage is no longer at {footage.path}. The camera has no background."
    background = camera_data_of(camera).background_images.new()
    background.alpha = 1.0
    background.frame_method = "STRETCH"
    try:
        size = load(background, path, footage.kind, int(timeline.first_frame))
    except RuntimeError as error:
        camera_data_of(camera).background_images.remove(background)
        return f"Blender cannot show the footage {path}: {error}"
    camera_data_of(camera).show_background_images = True
    if footage.kind == "video" and path.suffix.lower() in ANIMATED:
        return (
            f"Blender shows only the first picture of the animation {path}. Convert it to a video to see all of them."
        )
    if background.clip is not None:
        keep_in_step(background.clip, timeline.first_frame, timeline.frames_per_picture(footage.rate))
    return line_up(background, path, size, capture)


def line_up(
    background: bpy.types.CameraBackgroundImage, path: Path, size: tuple[int, int], capture: Capture
) -> str | None:
    """Fit a picture of this size to the camera frame, as it was captured. Returns a warning, or None."""
    footage = capture.footage
    background.use_flip_x = capture.mirrored
    as_stored = footage.rotation % 360 != 0 and not compat.MOVIES_ARE_TURNED
    if as_stored:
        turn(background, footage)
        size = size[::-1] if footage.rotation % 180 else size
    if size != (footage.width, footage.height):
        return f"{path} is {size[0]} x {size[1]} in Blender, but {footage.width} x {footage.height} was captured."
    if capture.intrinsics is not None and any(capture.intrinsics.distortion):
        if background.clip is None or as_stored:
            return f"{path} is shown with its lens distortion: hands are slightly off near the picture's edges."
        undistort(background, capture.intrinsics)
    return None


def load(background: bpy.types.CameraBackgroundImage, path: Path, kind: str, first_frame: int) -> tuple[int, int]:
    """Load a file into a background. Returns width and height. Raises RuntimeError when Blender cannot read it."""
    if kind == "still":
        background.source = "IMAGE"
        image = background.image = bpy.data.images.load(str(path), check_existing=True)
        (width, height), readable = image.size, image.size[0] > 0
    else:
        background.source = "MOVIE_CLIP"
        clip = background.clip = bpy.data.movieclips.load(str(path))
        clip.frame_start = first_frame
        (width, height), readable = clip.size, clip.frame_duration > 0
    if not readable:
        raise RuntimeError("it holds no picture that Blender can read.")
    return width, height


def keep_in_step(clip: bpy.types.MovieClip, first_frame: float, frames_per_picture: float) -> None:
    """Animate a clip's start, so that each frame shows the picture that is nearest in time.

    Blender shows one picture per frame, counted from the clip's start. At another rate the start has to move:
    picture (f - first) / n is shown on frame f when the clip starts at f - (f - first) / n.
    """
    if frames_per_picture == 1:
        return
    for frames in (0, KEYED_FRAMES):  # Only a curve that Blender itself makes for a whole number rounds, not truncates.
        clip.keyframe_insert("frame_start", frame=first_frame + frames)
    (start,) = compat.own_fcurves(clip)
    start.extrapolation = "LINEAR"
    for key, frames in zip(start.keyframe_points, (0, KEYED_FRAMES), strict=True):
        key.co = (first_frame + frames, first_frame + frames * (1 - 1 / frames_per_picture))
        key.interpolation = "LINEAR"
    start.update()


def find_footage(path: Path, captured_in: Path) -> Path | None:
    """The file to load: where the footage was, or under the same name in the capture file's folder.

    path: a video or picture, or a folder or pattern (shot_####.png) of numbered pictures; then the first one is found.
    """
    for candidate in (path, captured_in / path.name):
        files = pictures_in(candidate) if candidate.is_dir() else matching(candidate)
        if files:
            return min(files, key=number)
    return None


def pictures_in(folder: Path) -> list[Path]:
    """All pictures of a folder."""
    return [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in picture_suffixes() and not file.name.startswith(".")
    ]


def matching(pattern: Path) -> list[Path]:
    """The file of that name, or all files that match a pattern."""
    if pattern.exists():
        return [pattern]
    wildcards = "*[0-9]*".join(glob.escape(part) for part in PLACEHOLDER.split(pattern.name))
    return list(pattern.parent.glob(wildcards)) if PLACEHOLDER.search(pattern.name) else []


def number(picture: Path) -> int:
    """The last number in a file's name, 0 without any."""
    return int((re.findall(r"\d+", picture.stem) or ["0"])[-1])


def turn(background: bpy.types.CameraBackgroundImage, footage: Footage) -> None:
    """Rotate a picture that Blender shows as it is stored, and fill the frame with it."""
    background.rotation = -radians(footage.rotation)  # Blender turns backgrounds clockwise.
    if footage.rotation % 180:
        background.frame_method = "FIT"
        background.scale = max(footage.width, footage.height) / min(footage.width, footage.height)


def undistort(background: bpy.types.CameraBackgroundImage, intrinsics: Intrinsics) -> None:
    """Set the clip's lens, and show the picture undistorted.

    In Blender's Brown model y points up, which swaps OpenCV's tangential coefficients.
    """
    k1, k2, p1, p2, k3 = intrinsics.distortion
    lens: Any = present(present(background.clip).tracking).camera
    lens.pixel_aspect = intrinsics.fy / intrinsics.fx
    lens.units = "PIXELS"
    lens.focal_length_pixels = intrinsics.fx
    lens.principal_point_pixels = (intrinsics.cx, intrinsics.height - intrinsics.cy)
    lens.distortion_model = "BROWN"
    lens.brown_k1, lens.brown_k2, lens.brown_k3 = k1, k2, k3
    lens.brown_p1, lens.brown_p2 = p2, -p1
    background.clip_user.use_render_undistorted = True
