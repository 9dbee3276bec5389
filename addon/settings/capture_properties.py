"""The settings of Capture and Retarget, which the scene stores."""

import hashlib
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path

import bpy

from .. import compat, extension, retarget
from ..backend.capture_file import read_capture
from ..errors import CaptureFileError
from ..narrowing import attach, holds, operators
from ..retarget.mapping import corrected
from ..scene import footage, references
from ..scene.references import absolute
from ..scene.scene_setup import SceneSetup

PROPERTY = "dahyf_hands"
SEQUENCE_RATE_DEFAULT = 25.0
PLACE_DIGITS = 8
CAPTURE_ENDING = re.compile(r"(\.hands)?\.npz$", re.IGNORECASE)
STOPPED = "stopped"
"""The file in the core's folder of unfinished work which marks a capture file that holds only the first frames."""
LOST_FRAMES = (
    ("interpolate", "Interpolate", "Short gaps are interpolated; longer ones get no keys"),
    ("hold", "Hold", "Lost frames repeat the last pose that was seen well"),
    ("open", "Leave Open", "Lost frames get no keys"),
)


HAND_ITEMS = (
    ("BOTH", "Both", "Every hand of the capture"),
    ("LEFT", "Left", "Only the left hand"),
    ("RIGHT", "Right", "Only the right hand"),
)
WRIST_ITEMS = (
    ("ROTATION", "Rotation", "The hand turns as the captured one does; the arm follows where nothing animates it"),
    (
        "POSITION",
        "Rotation and Position",
        "The hand turns and moves as the captured one does, and the arm reaches for it",
    ),
    ("NONE", "Fingers Only", "The wrist gets no keys"),
)
WRIST = "What the rig's hand takes from the captured wrist"
MIRROR = "The captured left hand drives the rig's right hand, and the captured right hand its left, as in a mirror"
ARM_ITEMS = (
    ("AUTO", "Unless Animated", "The arm follows the hand where nothing animates it; animated arms stay"),
    ("FOLLOW", "Follows the Hand", "The arm turns so that the wrist bends like a human's, even if the arm is animated"),
    ("STAY", "Stays", "The arm gets no keys; only the wrist bends"),
)
ARM = "Whether the arm turns with the hand, so that the wrist can match the captured one"
HUMAN_WRIST = (
    "Limit the wrist to a human's range, in degrees: 80 down, 70 up, 20 towards the thumb, 35 away from it, 80 of "
    "forearm twist. Off: the hand turns exactly as captured, even where the wrist then bends too far"
)
START_FRAME = "Scene frame of the footage's first picture, whether it shows a hand or not"
SPACE = "Space in which the hand moves as it was filmed"
SPACE_ITEMS = (
    ("WORLD", "World", "The hand turns and moves in the world as the captured one does in the scene"),
    (
        "CAMERA",
        "Camera",
        "The hand turns and moves as seen from the scene's camera as it did from the camera that filmed it",
    ),
)
SCENE_SETUP = "Whether the scene gets the footage's frame rate, range, picture size and camera"
SCENE_SETUP_ITEMS = (
    (
        SceneSetup.AUTO.value,
        "If Untouched",
        "Set up a scene that nobody has worked in yet: frame rate, range, picture size, and a camera to look through."
        " Leave any other scene as it is; the hands keep their speed at its frame rate",
    ),
    (
        SceneSetup.ALWAYS.value,
        "Always",
        "Set the scene's range, picture size and camera to the footage's, and look through the camera. Also set the"
        " frame rate, unless the scene has another capture",
    ),
    (
        SceneSetup.NEVER.value,
        "Never",
        "Leave the scene as it is; the hands keep their speed at its frame rate",
    ),
)
QUALITY_ITEMS = (
    ("dahyf", "Best", "The trained network of DaHyF"),
    ("baseline", "Draft", "MediaPipe's landmarks and inverse kinematics: faster and less exact"),
)
DEINTERLACE_ITEMS = (
    ("auto", "If Marked", "Deinterlace the frames that the video marks as interlaced"),
    ("on", "Always", "Deinterlace every frame, for interlaced video that lacks the mark"),
    ("off", "Never", "Leave the lines of both fields as they are"),
)
_preset_items: list[tuple[str, str, str]] = []


def preset_items(_owner: bpy.types.AnyType, _context: bpy.types.Context) -> list[tuple[str, str, str]]:
    """The presets of the menu. Blender reads their texts later, so the list stays alive."""
    _preset_items[:] = [
        (
            retarget.AUTOMATIC,
            "Automatic",
            "The preset that fits the rig best. Without one, bones are found by their names, hierarchy and rest pose",
        ),
        (corrected.CORRECTED, "Corrected Mapping", "The bones chosen in Correct Mapping, stored with the rig"),
        *((name, title, f"Bone names of {title}") for name, title in retarget.preset_titles().items()),
    ]
    return _preset_items


def refresh_preview(_settings: "DAHYF_HANDS_PG_settings", _context: bpy.types.Context) -> None:
    """Update the preview, if one is shown."""
    if operators.dahyf_hands.refresh_preview.poll():
        operators.dahyf_hands.refresh_preview()


def look_at_footage(settings: "DAHYF_HANDS_PG_settings", _context: bpy.types.Context) -> None:
    """Read size, rate and frames of the chosen footage, and set the range to all of it."""
    facts = footage.look(absolute(settings.footage), settings.use_sequence) if settings.footage else None
    settings.has_sequence = bool(settings.footage) and footage.may_begin_a_sequence(absolute(settings.footage))
    settings.footage_problem = footage.problem(absolute(settings.footage)) if settings.footage and not facts else ""
    settings.footage_size = (facts.width, facts.height) if facts else (0, 0)
    settings.footage_rate = facts.rate if facts else 0
    settings.footage_first, settings.footage_last = (facts.first, facts.last) if facts else (0, 0)
    if facts:
        settings.range_start, settings.range_end = facts.first, facts.last


SIDE_ITEMS = (
    ("ANY", "Any", "Left or right, as the network sees it"),
    ("left", "Left", "A left hand"),
    ("right", "Right", "A right hand"),
)
FIND_AT = 0.6


def change_footage(settings: "DAHYF_HANDS_PG_settings", context: bpy.types.Context) -> None:
    """Look at other footage; what was drawn on the earlier one is forgotten."""
    if settings.drawn_on != settings.footage:
        settings.boxes.clear()
        settings.region = (0, 0, 0, 0)
    look_at_footage(settings, context)


class DAHYF_HANDS_PG_box(bpy.types.PropertyGroup):
    """A box around a hand in one frame of the footage, in pixels of the upright picture."""

    frame: bpy.props.IntProperty(
        name="Frame", description="Frame of the footage: counted from 1 in a video, by its number in an image sequence"
    )
    x: bpy.props.FloatProperty(name="X", description="Left edge, in pixels of the footage")
    y: bpy.props.FloatProperty(name="Y", description="Upper edge, in pixels of the footage")
    width: bpy.props.FloatProperty(name="Width", description="Width, in pixels of the footage")
    height: bpy.props.FloatProperty(name="Height", description="Height, in pixels of the footage")
    side: bpy.props.EnumProperty(name="Side", description="Side of the hand in the box", items=SIDE_ITEMS)


class DAHYF_HANDS_PG_settings(bpy.types.PropertyGroup):
    """Settings of one scene for Capture and Retarget, read by the operators and drawn by the panels."""

    footage: bpy.props.StringProperty(
        name="Footage",
        description="Footage of the hands: a video, the first picture or the folder of an image sequence, or a still",
        update=change_footage,
    )
    use_sequence: bpy.props.BoolProperty(
        name="Image Sequence",
        description="Capture the numbered pictures that begin with the chosen one. Off: capture the chosen one alone",
        update=look_at_footage,
    )
    has_sequence: bpy.props.BoolProperty(
        name="Has Sequence", description="Whether pictures that are numbered like the chosen one follow it"
    )
    deinterlace: bpy.props.EnumProperty(
        name="Deinterlace", description="Which frames of a video are deinterlaced", items=DEINTERLACE_ITEMS
    )
    footage_problem: bpy.props.StringProperty(
        name="Problem", description="Why the chosen footage cannot be captured. Empty: it can"
    )
    footage_size: bpy.props.IntVectorProperty(
        name="Size", description="Width and height of the footage, in pixels. 0: unknown", size=2
    )
    footage_rate: bpy.props.FloatProperty(
        name="Rate", description="Frames per second of the footage. 0: unknown, or pictures, which have no rate"
    )
    footage_first: bpy.props.IntProperty(name="First Frame", description="Number of the footage's first frame")
    footage_last: bpy.props.IntProperty(name="Last Frame", description="Number of the footage's last frame")
    use_range: bpy.props.BoolProperty(
        name="Frame Range",
        description="Capture only the frames from First to Last",
    )
    range_start: bpy.props.IntProperty(
        name="First",
        description="First frame that is captured: counted from 1 in a video, by its number in an image sequence",
        default=1,
        min=0,
    )
    range_end: bpy.props.IntProperty(name="Last", description="Last frame that is captured", default=250, min=0)
    sequence_rate: bpy.props.FloatProperty(
        name="Frames per Second",
        description="Frames per second of the image sequence. A video has its own rate",
        default=SEQUENCE_RATE_DEFAULT,
        min=0.1,
        max=1000,
    )
    mirrored: bpy.props.BoolProperty(
        name="Mirrored Footage",
        description="The footage is a mirror image, as selfie cameras make it: left and right hands change places",
    )
    lens: bpy.props.EnumProperty(
        name="Lens",
        description="How the camera's angle of view is given. It decides how far from the camera the hands are",
        items=(
            (
                "UNKNOWN",
                "Unknown",
                "The focal length is assumed to equal the picture's diagonal, so distances are a guess",
            ),
            ("FOV", "Field of View", "Horizontal angle of view, in degrees"),
            ("FOCAL_MM", "Focal Length", "Focal length and sensor width, in millimetres"),
            ("FOCAL_PX", "Focal Length in Pixels", "Focal length in pixels of the footage, as from a calibration"),
        ),
    )
    field_of_view: bpy.props.FloatProperty(
        name="Field of View",
        description="Horizontal angle of view of the camera, in degrees",
        subtype="ANGLE",
        default=1.0472,
        min=0.0175,
        max=3.1,
    )
    focal_mm: bpy.props.FloatProperty(
        name="Focal Length",
        description="Focal length of the lens, in millimetres",
        default=35,
        min=1,
        max=2000,
        subtype="DISTANCE_CAMERA",
    )
    sensor_mm: bpy.props.FloatProperty(
        name="Sensor Width",
        description="Width of the camera's sensor, in millimetres: 36 for full frame",
        default=36,
        min=1,
        max=200,
        subtype="DISTANCE_CAMERA",
    )
    focal_px: bpy.props.FloatProperty(
        name="Focal Length",
        description="Focal length, in pixels of the footage",
        default=1500,
        min=1,
        max=1_000_000,
        subtype="PIXEL",
    )
    quality: bpy.props.EnumProperty(
        name="Quality", description="Which network estimates the poses", items=QUALITY_ITEMS
    )
    side: bpy.props.EnumProperty(
        name="Side", description="Side of every hand in the footage, if it is known", items=SIDE_ITEMS
    )
    find_at: bpy.props.FloatProperty(
        name="Find At",
        description="Probability from which something is taken for a hand: lower finds more hands, and more that are"
        " none",
        default=FIND_AT,
        min=0.05,
        max=0.99,
        subtype="FACTOR",
    )
    boxes: bpy.props.CollectionProperty(
        name="Boxes", description="Hands that are followed from a box around them", type=DAHYF_HANDS_PG_box
    )
    drawn_on: bpy.props.StringProperty(
        name="Drawn On", description="Footage on which boxes and region were drawn", options={"HIDDEN"}
    )
    region: bpy.props.FloatVectorProperty(
        name="Region",
        description="The only part of the picture in which hands are looked for: left and upper edge, width and height,"
        " in pixels of the footage. A width of 0: the whole picture",
        size=4,
    )
    max_hands: bpy.props.IntProperty(
        name="Most Hands",
        description="Largest number of hands tracked at the same time",
        default=2,
        min=1,
        max=8,
    )
    lost: bpy.props.EnumProperty(
        name="Lost Frames",
        description="Keys that a hand gets in frames in which it was not seen well enough",
        items=LOST_FRAMES,
    )
    scene_setup: bpy.props.EnumProperty(name="Set Up Scene", description=SCENE_SETUP, items=SCENE_SETUP_ITEMS)
    start_frame: bpy.props.IntProperty(name="Start Frame", description=START_FRAME, default=1)
    capture_file: bpy.props.StringProperty(
        name="Capture File",
        description="File for the capture. Not set: beside the .blend file, or in the add-on's folder while that is not"
        " saved",
        subtype="FILE_PATH",
        options=compat.BLEND_PATH,
    )
    stopped: bpy.props.StringProperty(
        name="Stopped Capture",
        description="The capture that was stopped in this scene, as JSON: arguments, finished frames, total frames",
        options={"HIDDEN"},
    )
    retarget_target: bpy.props.PointerProperty(
        name="Rig",
        description="Armature of the character whose hands are keyed. Not set: the active object",
        type=bpy.types.Object,
        update=refresh_preview,
        poll=lambda _self, candidate: candidate.type == "ARMATURE" and not retarget.is_captured(candidate),
    )
    retarget_source: bpy.props.PointerProperty(
        name="Capture",
        description="Captured hand, or the parent empty of several hands. Not set: the capture that is shown",
        type=bpy.types.Object,
        update=refresh_preview,
        poll=lambda _self, candidate: retarget.CAPTURE_PROPERTY in candidate,
    )
    retarget_preset: bpy.props.EnumProperty(
        name="Preset",
        description="Which bone of the rig is which joint of the hand",
        items=preset_items,
        update=refresh_preview,
    )
    retarget_hands: bpy.props.EnumProperty(
        name="Hands", description="Which captured hands are retargeted", items=HAND_ITEMS, update=refresh_preview
    )
    retarget_wrist: bpy.props.EnumProperty(
        name="Wrist",
        description=WRIST,
        items=WRIST_ITEMS,
        update=refresh_preview,
    )
    retarget_arm: bpy.props.EnumProperty(name="Arm", description=ARM, items=ARM_ITEMS, update=refresh_preview)
    retarget_human_wrist: bpy.props.BoolProperty(
        name="Human Wrist", description=HUMAN_WRIST, default=True, update=refresh_preview
    )
    retarget_use_start_frame: bpy.props.BoolProperty(
        name="Start Frame",
        description="Start the rig's keys at another frame. Off: on the frames of the captured hands",
        update=refresh_preview,
    )
    retarget_start_frame: bpy.props.IntProperty(
        name="Start Frame", description=START_FRAME, default=1, update=refresh_preview
    )
    retarget_mirror: bpy.props.BoolProperty(name="Mirror", description=MIRROR, update=refresh_preview)
    retarget_space: bpy.props.EnumProperty(
        name="Space",
        description=SPACE,
        items=SPACE_ITEMS,
        update=refresh_preview,
    )


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_settings:
    """The capture settings of a scene."""
    settings: DAHYF_HANDS_PG_settings = getattr(scene, PROPERTY)
    return settings


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


def footage_obstacle(settings: DAHYF_HANDS_PG_settings) -> str | None:
    """Why there is no footage to capture, or None."""
    if not settings.footage:
        return "Choose the footage first"
    if not absolute(settings.footage).exists():
        return footage.missing(settings.footage)
    return settings.footage_problem or None


def remember_stopped(
    settings: DAHYF_HANDS_PG_settings, output: Path, arguments: Sequence[str], done: int, total: int
) -> None:
    """Note in the scene that a capture was stopped: its file, its `dahyf` arguments, finished and total frames."""
    settings.stopped = json.dumps({"output": str(output), "arguments": list(arguments), "done": done, "total": total})


def stopped_at(settings: DAHYF_HANDS_PG_settings) -> tuple[int, int] | None:
    """Finished and total frames, if a capture with exactly these settings was stopped; else None."""
    if not settings.stopped or not settings.footage:
        return None
    stopped = json.loads(settings.stopped)
    output = Path(stopped["output"])
    if stopped["arguments"] != capture_arguments(settings, output) or not (partial(output) / STOPPED).is_file():
        return None
    return stopped["done"], stopped["total"]


def partial(output: Path) -> Path:
    """The folder in which the core keeps an unfinished capture."""
    return output.with_name(f"{output.name}.partial")


def range_obstacle(settings: DAHYF_HANDS_PG_settings) -> str | None:
    """Why the range cannot be captured, or None."""
    if not settings.use_range:
        return None
    if settings.range_start > settings.range_end:
        return "The range ends before its start"
    known = all(settings.footage_size)
    if known and not settings.footage_first <= settings.range_start <= settings.range_end <= settings.footage_last:
        return f"The range goes beyond the footage's frames, {settings.footage_first} to {settings.footage_last}"
    return None


def capture_path(settings: DAHYF_HANDS_PG_settings) -> Path:
    """Where the capture of these settings is written: a new file, or an unfinished capture of this footage.

    Other captures are never overwritten, since hands in any .blend file may refer to them. The add-on's own folder
    holds the captures of all unsaved scenes; a hash in their names separates footage of the same name.
    """
    footage = absolute(settings.footage)
    stem, saved = footage.stem or "capture", bpy.data.filepath
    if settings.capture_file:
        wanted = absolute(settings.capture_file)
    elif saved:
        wanted = Path(saved).parent / f"{stem}.hands.npz"
    else:
        folder = extension.user_folder("captures", create=True)
        place = hashlib.sha256(str(footage).encode(errors="surrogateescape")).hexdigest()[:PLACE_DIGITS]
        wanted = folder / f"{stem}.{place}.hands.npz"
    return unused(wanted, footage)


def unused(wanted: Path, footage: Path) -> Path:
    """A path for a new capture: the wanted one, or the first free one with a number: `clip.2.hands.npz`."""
    ending = CAPTURE_ENDING.search(wanted.name)
    stem, suffix = (wanted.name[: ending.start()], ending[0]) if ending else (wanted.stem, wanted.suffix)
    numbers = itertools.chain([""], (f".{again}" for again in itertools.count(2)))
    taken = {place for found in captured_objects() for place in references.candidates(found)}
    paths = (wanted.with_name(f"{stem}{number}{suffix}") for number in numbers)
    return next(path for path in paths if path not in taken and (not path.exists() or is_unfinished(path, footage)))


def is_unfinished(path: Path, footage: Path) -> bool:
    """Whether a file holds an unfinished capture of this footage, which the core can continue."""
    if not (partial(path) / STOPPED).is_file():
        return False
    try:
        return read_capture(path).footage.path == footage
    except CaptureFileError:
        return False


def captured_objects() -> list[bpy.types.Object]:
    """All that was made from captures: hands, and the empties above them."""
    return [found for found in bpy.data.objects if holds(found, references.CAPTURE)]


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
        *(["--sequence"] if settings.use_sequence and settings.has_sequence else []),
        *(["--deinterlace", settings.deinterlace] if settings.deinterlace != DEINTERLACE_ITEMS[0][0] else []),
        *range_arguments(settings),
        *lens_arguments(settings),
        *finding_arguments(settings),
        *(["--mirrored"] if settings.mirrored else []),
    ]


def is_sequence(chosen: str) -> bool:
    """Whether the footage is pictures: a folder, or one picture of a sequence. They have no frame rate."""
    path = Path(bpy.path.abspath(chosen))
    return bool(chosen) and (footage.is_picture(path) or path.is_dir())


def range_arguments(settings: DAHYF_HANDS_PG_settings) -> list[str]:
    """The range for the core. Blender counts a video's frames from 1, the core from 0; pictures keep their numbers."""
    if not settings.use_range:
        return []
    first = 0 if is_sequence(settings.footage) else 1
    return ["--range", f"{settings.range_start - first}:{settings.range_end - first}"]


def finding_arguments(settings: DAHYF_HANDS_PG_settings) -> list[str]:
    """What the user knows of the hands, for the core."""
    first = 0 if is_sequence(settings.footage) else 1
    boxes = [box_argument(box, first) for box in settings.boxes]
    return [
        *(part for box in boxes for part in ("--box", box)),
        *(["--region", numbers_argument(settings.region)] if settings.region[2] else []),
        *(["--side", settings.side] if settings.side != SIDE_ITEMS[0][0] else []),
        *(["--find-at", f"{settings.find_at:.3g}"] if abs(settings.find_at - FIND_AT) > 1e-4 else []),
    ]


def box_argument(box: DAHYF_HANDS_PG_box, first: int) -> str:
    """A box as the core takes it. first: what the panel's number of the first frame of a video is beyond the core's."""
    side = f":{box.side}" if box.side != SIDE_ITEMS[0][0] else ""
    return f"{box.frame - first}:{numbers_argument((box.x, box.y, box.width, box.height))}{side}"


def box_title(box: DAHYF_HANDS_PG_box) -> str:
    """What the 3D View writes at a box."""
    return "Hand" if box.side == SIDE_ITEMS[0][0] else f"{box.side.capitalize()} Hand"


def numbers_argument(numbers: Sequence[float]) -> str:
    """Numbers of pixels as the core takes them."""
    return ",".join(f"{number:.1f}" for number in numbers)


def lens_arguments(settings: DAHYF_HANDS_PG_settings) -> list[str]:
    """The lens as options of `dahyf capture`."""
    degrees = settings.field_of_view * 57.29577951308232
    return {
        "UNKNOWN": [],
        "FOV": ["--fov", f"{degrees:.6g}"],
        "FOCAL_MM": ["--focal-mm", f"{settings.focal_mm:.6g}", "--sensor-mm", f"{settings.sensor_mm:.6g}"],
        "FOCAL_PX": ["--focal-px", f"{settings.focal_px:.6g}"],
    }[settings.lens]


CLASSES = (DAHYF_HANDS_PG_box, DAHYF_HANDS_PG_settings)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_settings)


def unregister() -> None:
    """Detach the settings from scenes."""
    delattr(bpy.types.Scene, PROPERTY)
