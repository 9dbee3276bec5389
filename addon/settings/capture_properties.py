"""What the user sets for a capture; it is kept in the scene."""

import itertools
from pathlib import Path

import bpy

from .. import extension, retarget
from ..retarget import mapping
from ..scene import footage

SEQUENCE_RATE_DEFAULT = 25.0
LOST_FRAMES = (
    ("interpolate", "Interpolate", "Bridge short gaps; leave longer ones without keys"),
    ("hold", "Hold", "Repeat the nearest earlier confident pose, as the DaHyF paper does"),
    ("open", "Leave Open", "Set no keys there"),
)


HAND_ITEMS = (
    ("BOTH", "Both", "Every hand of the capture"),
    ("LEFT", "Left", "The left hand alone"),
    ("RIGHT", "Right", "The right hand alone"),
)
WRIST_ITEMS = (
    ("ROTATION", "Rotation", "The hand turns as the captured one; the arm stays as it is"),
    ("POSITION", "Rotation and Position", "The hand also moves: by its IK control, else by itself"),
    ("NONE", "Fingers Only", "The wrist gets no keys"),
)
SPACE_ITEMS = (
    ("WORLD", "World", "The hand turns and moves in the world as the captured one does in the scene"),
    ("CAMERA", "Camera", "The hand turns and moves before the scene's camera as the captured one did before its own"),
)
QUALITY_ITEMS = (
    ("dahyf", "Best", "The trained network of DaHyF"),
    ("baseline", "Draft", "MediaPipe's landmarks and inverse kinematics: quicker and less exact"),
)
_preset_items: list[tuple[str, str, str]] = []


def preset_items(_owner: bpy.types.AnyType, _context: bpy.types.Context) -> list[tuple[str, str, str]]:
    """The presets of the menu; Blender asks for their texts later, so the list is kept."""
    _preset_items[:] = [
        (retarget.AUTOMATIC, "Automatic", "The preset that fits the rig, else what its names, bones and shape tell"),
        (mapping.CORRECTED, "Corrected Mapping", "The bones that Correct Mapping shows; they are kept with the rig"),
        *((name, title, f"Bones of {title}") for name, title in retarget.preset_titles().items()),
    ]
    return _preset_items


def refresh_preview(_settings: "DAHYF_HANDS_PG_settings", _context: bpy.types.Context) -> None:
    """Let a preview that is shown follow the settings."""
    if bpy.ops.dahyf_hands.refresh_preview.poll():
        bpy.ops.dahyf_hands.refresh_preview()


def look_at_footage(settings: "DAHYF_HANDS_PG_settings", _context: bpy.types.Context) -> None:
    """Note what the chosen footage is, and let the range be all of it."""
    facts = footage.look(absolute(settings.footage)) if settings.footage else None
    settings.footage_size = (facts.width, facts.height) if facts else (0, 0)
    settings.footage_rate = facts.rate if facts else 0
    settings.footage_first, settings.footage_last = (facts.first, facts.last) if facts else (0, 0)
    if facts:
        settings.range_start, settings.range_end = facts.first, facts.last


class DAHYF_HANDS_PG_settings(bpy.types.PropertyGroup):
    """Settings of one scene, read by the operators and drawn by the panels."""

    footage: bpy.props.StringProperty(
        name="Footage",
        description="Video, first picture or folder of an image sequence, or still that shows the hands",
        subtype="FILE_PATH",
        update=look_at_footage,
    )
    footage_size: bpy.props.IntVectorProperty(name="Size", description="Of the footage, in pixels; 0: unknown", size=2)
    footage_rate: bpy.props.FloatProperty(name="Rate", description="Of the footage, frames a second; 0: it knows none")
    footage_first: bpy.props.IntProperty(name="First Frame", description="Of the footage")
    footage_last: bpy.props.IntProperty(name="Last Frame", description="Of the footage")
    use_range: bpy.props.BoolProperty(
        name="Range",
        description="Capture a part of the footage only",
    )
    range_start: bpy.props.IntProperty(
        name="First",
        description="First frame: counted from 1 in a video, by its number in a sequence of pictures",
        default=1,
        min=0,
    )
    range_end: bpy.props.IntProperty(name="Last", description="Last frame, itself included", default=250, min=0)
    sequence_rate: bpy.props.FloatProperty(
        name="Sequence Rate",
        description="Frames per second of an image sequence; a video knows its own",
        default=SEQUENCE_RATE_DEFAULT,
        min=0.1,
        max=1000,
    )
    mirrored: bpy.props.BoolProperty(
        name="Mirrored Footage",
        description="The picture is mirrored, as a selfie camera does: left and right hands change places",
    )
    lens: bpy.props.EnumProperty(
        name="Lens",
        description="How the camera's angle of view is known; it decides how deep the hands move",
        items=(
            ("UNKNOWN", "Unknown", "Assume a focal length as long as the picture's diagonal"),
            ("FOV", "Field of View", "Horizontal angle of view in degrees"),
            ("FOCAL_MM", "Focal Length", "Focal length and sensor width in millimetres, as on the lens"),
            ("FOCAL_PX", "Focal Length in Pixels", "Focal length in pixels of the footage, as a calibration gives it"),
        ),
    )
    field_of_view: bpy.props.FloatProperty(
        name="Field of View",
        description="Horizontal angle of view",
        subtype="ANGLE",
        default=1.0472,
        min=0.0175,
        max=3.1,
    )
    focal_mm: bpy.props.FloatProperty(name="Focal Length", description="In millimetres", default=35, min=1, max=2000)
    sensor_mm: bpy.props.FloatProperty(
        name="Sensor Width", description="In millimetres; 36 for full frame", default=36, min=1, max=200
    )
    focal_px: bpy.props.FloatProperty(
        name="Focal Length", description="In pixels of the footage", default=1500, min=1, max=1_000_000
    )
    quality: bpy.props.EnumProperty(
        name="Quality", description="What estimates the poses in the pictures", items=QUALITY_ITEMS
    )
    max_hands: bpy.props.IntProperty(
        name="Hands", description="How many hands are looked for at most", default=2, min=1, max=8
    )
    lost: bpy.props.EnumProperty(
        name="Lost Frames",
        description="What happens where a hand cannot be seen well enough",
        items=LOST_FRAMES,
    )
    set_scene: bpy.props.BoolProperty(
        name="Match Scene",
        description="Set the scene's frame rate, range, picture size and camera to the footage's, and look through it",
        default=True,
    )
    capture_file: bpy.props.StringProperty(
        name="Capture File",
        description="Where the capture is kept; empty: beside the .blend file, else in the add-on's own folder",
        subtype="FILE_PATH",
    )
    retarget_target: bpy.props.PointerProperty(
        name="Rig",
        description="Armature of the character whose hands are to move",
        type=bpy.types.Object,
        update=refresh_preview,
        poll=lambda _self, candidate: candidate.type == "ARMATURE" and not retarget.is_captured(candidate),
    )
    retarget_source: bpy.props.PointerProperty(
        name="Capture",
        description="Captured hand, or the empty above several; nothing: the capture imported last",
        type=bpy.types.Object,
        update=refresh_preview,
        poll=lambda _self, candidate: retarget.CAPTURE_PROPERTY in candidate,
    )
    retarget_preset: bpy.props.EnumProperty(
        name="Preset", description="Which bone of the rig is which joint", items=preset_items, update=refresh_preview
    )
    retarget_hands: bpy.props.EnumProperty(
        name="Hands", description="Which hands are retargeted", items=HAND_ITEMS, update=refresh_preview
    )
    retarget_wrist: bpy.props.EnumProperty(
        name="Wrist", description="What becomes of the captured wrist", items=WRIST_ITEMS, update=refresh_preview
    )
    retarget_space: bpy.props.EnumProperty(
        name="Space", description="In which the wrist stays as it was filmed", items=SPACE_ITEMS, update=refresh_preview
    )


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_settings:
    """The capture settings of a scene."""
    return scene.dahyf_hands


def describe_footage(settings: DAHYF_HANDS_PG_settings) -> str:
    """`640 x 360, 25 frames/s, 120 frames`, as far as it is known; nothing where Blender cannot read the footage."""
    if not all(settings.footage_size):
        return ""
    frames = settings.footage_last - settings.footage_first + 1
    parts = [
        "{} x {}".format(*settings.footage_size),
        f"{settings.footage_rate:.6g} frames/s" if settings.footage_rate else "",
        f"{frames} frames" if frames > 1 else "one picture",
    ]
    return ", ".join(filter(None, parts))


def range_obstacle(settings: DAHYF_HANDS_PG_settings) -> str | None:
    """Why the range holds nothing of the footage, or None."""
    if not settings.use_range:
        return None
    if settings.range_start > settings.range_end:
        return "The range ends before it begins"
    known = all(settings.footage_size)
    if known and not settings.footage_first <= settings.range_start <= settings.range_end <= settings.footage_last:
        return f"The range leaves the footage's frames, {settings.footage_first} to {settings.footage_last}"
    return None


def absolute(path: str) -> Path:
    """A path of Blender's, `//` included, as an absolute one."""
    return Path(bpy.path.abspath(path)).resolve()


def capture_path(settings: DAHYF_HANDS_PG_settings) -> Path:
    """Where the capture of these settings is written: not over one that hands in this .blend file come from."""
    if settings.capture_file:
        return absolute(settings.capture_file)
    saved = bpy.data.filepath
    folder = Path(saved).parent if saved else extension.user_folder("captures", create=True)
    stem = absolute(settings.footage).stem or "capture"
    taken = {absolute(found[retarget.CAPTURE_PROPERTY]) for found in captured_objects()}
    numbers = itertools.chain([""], (f".{again}" for again in itertools.count(2)))
    names = (f"{stem}{number}.hands.npz" for number in numbers)
    return next(path for name in names if (path := folder / name) not in taken)


def captured_objects() -> list[bpy.types.Object]:
    """All that was made from captures: hands, and the empties above them."""
    return [found for found in bpy.data.objects if retarget.CAPTURE_PROPERTY in found]


def capture_arguments(settings: DAHYF_HANDS_PG_settings, output: Path) -> list[str]:
    """The arguments of `dahyf` for these settings."""
    return [
        "capture",
        str(absolute(settings.footage)),
        "--output",
        str(output),
        "--json",
        "--max-hands",
        str(settings.max_hands),
        "--lost",
        settings.lost,
        *(["--estimator", settings.quality] if settings.quality != QUALITY_ITEMS[0][0] else []),
        *(["--rate", f"{settings.sequence_rate:.6g}"] if is_sequence(settings.footage) else []),
        *range_arguments(settings),
        *lens_arguments(settings),
        *(["--mirrored"] if settings.mirrored else []),
    ]


def is_sequence(chosen: str) -> bool:
    """Whether the footage is a folder of pictures or one picture of a series, which knows no frame rate."""
    path = Path(bpy.path.abspath(chosen))
    return bool(chosen) and (path.suffix.lower() in bpy.path.extensions_image or path.is_dir())


def range_arguments(settings: DAHYF_HANDS_PG_settings) -> list[str]:
    """Blender counts a video's frames from 1, the core from 0; pictures of a sequence go by their own numbers."""
    if not settings.use_range:
        return []
    first = 0 if is_sequence(settings.footage) else 1
    return ["--range", f"{settings.range_start - first}:{settings.range_end - first}"]


def lens_arguments(settings: DAHYF_HANDS_PG_settings) -> list[str]:
    """The lens in the core's words."""
    degrees = settings.field_of_view * 57.29577951308232
    return {
        "UNKNOWN": [],
        "FOV": ["--fov", f"{degrees:.6g}"],
        "FOCAL_MM": ["--focal-mm", f"{settings.focal_mm:.6g}", "--sensor-mm", f"{settings.sensor_mm:.6g}"],
        "FOCAL_PX": ["--focal-px", f"{settings.focal_px:.6g}"],
    }[settings.lens]


CLASSES = (DAHYF_HANDS_PG_settings,)


def register() -> None:
    """Attach the settings to scenes."""
    bpy.types.Scene.dahyf_hands = bpy.props.PointerProperty(type=DAHYF_HANDS_PG_settings)


def unregister() -> None:
    """Detach the settings from scenes."""
    del bpy.types.Scene.dahyf_hands
