"""The settings of Clean, which the panel shows and the operator takes as arguments."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import bpy

from .. import compat
from ..backend.capture_file import Capture
from ..errors import AddonError
from ..narrowing import attach, present
from ..scene.timing import Timeline
from ..shared.cleaning import NUMBERS
from ..shared.limits import FRAMES
from ..shared.rules import Number
from . import capture_properties
from .capture_properties import LOST_FRAMES

FLOOR = re.compile(r"(-?\d+):(-?\d+)=(\d*\.?\d+)")
Floor = tuple[int, int, float]
"""First and last frame of a range, and its threshold."""
ONLY_WHEN_GIVEN: set[Any] = {"SKIP_SAVE"}
"""Options of operator properties: what the caller does not give comes from the scene, not from the last call."""


def redraw_time(_settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Redraw the time editors, which show the confidence bars."""
    for window in present(context.window_manager).windows:
        for area in window.screen.areas:
            if area.type in {"DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR"}:
                area.tag_redraw()


def number(setting: str, name: str, description: str, **display: Any) -> Any:
    """The property of a cleaning setting. Its default and range come from the table shared with the core."""
    known = NUMBERS[setting]
    highest: dict[str, Any] = {"max": known.highest} if math.isfinite(known.highest) else {}
    return bpy.props.FloatProperty(
        name=name,
        description=description,
        default=known.default,
        min=known.lowest,
        options=ONLY_WHEN_GIVEN,
        **highest,
        **display,
    )


SECONDS: Mapping[str, Any] = {"soft_max": 5, "subtype": "TIME_ABSOLUTE"}
HERTZ: Mapping[str, Any] = {"soft_max": 15, "subtype": compat.FREQUENCY}


class CleanSettings:
    """Gate and smoothing: the options of `dahyf clean` as properties."""

    threshold: number(
        "threshold",
        "Threshold",
        "Frames with a lower confidence are lost. 0 keeps every frame, 1 hardly any",
        subtype="FACTOR",
        update=redraw_time,
    )
    lost: bpy.props.EnumProperty(
        name="Lost Frames",
        description="Keys that a hand gets in frames in which it was not seen well enough",
        items=LOST_FRAMES,
        options=ONLY_WHEN_GIVEN,
    )
    max_gap_seconds: number(
        "max_gap_seconds",
        "Longest Gap",
        "Gaps of lost frames up to this long are interpolated, in seconds between the frames around them",
        **SECONDS,
    )
    spike: number(
        "spike_seconds",
        "Longest Spike",
        "Sudden flips of the wrist or a finger up to this long are removed as errors, in seconds. 0 removes none",
        **SECONDS,
    )
    wrist_position_hz: number(
        "wrist_position_hz",
        "Wrist Position",
        "Smoothing of the wrist's position in the picture, in Hz: lower is smoother, 0 is off",
        **HERTZ,
    )
    wrist_depth_hz: number(
        "wrist_depth_hz",
        "Wrist Depth",
        "Smoothing of the wrist's distance from the camera, in Hz: lower is smoother, 0 is off",
        **HERTZ,
    )
    wrist_rotation_hz: number(
        "wrist_rotation_hz",
        "Wrist Rotation",
        "Smoothing of the wrist's rotation, in Hz: lower is smoother, 0 is off",
        **HERTZ,
    )
    finger_hz: number("finger_hz", "Fingers", "Smoothing of the fingers, in Hz: lower is smoother, 0 is off", **HERTZ)
    stillness: number(
        "stillness",
        "Stillness",
        "A hand that stays within this distance for half a second is held still. 0 is off",
        soft_max=0.02,
        step=0.1,
        precision=4,
        subtype="DISTANCE",
    )
    wrist_rotation_only: bpy.props.BoolProperty(
        name="Wrist Rotation Only",
        description="Keep the wrist at one position: only its rotation is keyed",
        options=ONLY_WHEN_GIVEN,
    )
    floors: bpy.props.StringProperty(
        name="Ranges",
        description="Other thresholds for ranges of frames, ends included, for example 10:50=0.3, 80:90=1",
        options=ONLY_WHEN_GIVEN,
    )


FORMER_GAP: Mapping[str, Any] = {
    "name": "Bridged Frames",
    "description": "Longest gap as in older versions, in lost frames of the footage. -1: not used",
    "default": -1,
    "min": -1,
}


FORMER_GAPS = Number(0, FRAMES, whole=True)


def take_former_gap(settings: "DAHYF_HANDS_PG_clean", _context: bpy.types.Context) -> None:
    """Convert a gap in frames, set by a script or an older file, to seconds."""
    if settings.max_gap >= 0:
        settings.max_gap_seconds = gap_seconds(settings.max_gap, footage_rate(cast(bpy.types.Scene, settings.id_data)))
    settings.property_unset("max_gap")


def renewed(preset: Any, scene: bpy.types.Scene) -> Any:
    """The content of a preset, with an older preset's gap in frames converted to seconds. Raises ValueError."""
    if not isinstance(preset, dict) or "max_gap" not in preset:
        return preset
    FORMER_GAPS.check(preset["max_gap"], "max_gap")
    return {"max_gap_seconds": gap_seconds(preset["max_gap"], footage_rate(scene)), **preset}


def footage_rate(scene: bpy.types.Scene) -> float:
    """Frames per second of a scene's footage, or of the scene itself without footage."""
    return capture_properties.settings_of(scene).footage_rate or scene.render.fps / scene.render.fps_base


class DAHYF_HANDS_PG_clean(CleanSettings, bpy.types.PropertyGroup):
    """Settings of one scene."""

    max_gap: bpy.props.IntProperty(**FORMER_GAP, options={"HIDDEN"}, update=take_former_gap)

    show_confidence: bpy.props.BoolProperty(
        name="Confidence in Timeline",
        description="Draw the confidence of the selected hands in Timeline, Dope Sheet, Graph Editor and NLA: green "
        "where they were seen well, red below the threshold, orange where the pose was replaced or interpolated",
        default=True,
        update=redraw_time,
    )


PROPERTY = "dahyf_hands_clean"
NAMES = tuple(CleanSettings.__annotations__)


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_clean:
    """The cleaning settings of a scene."""
    settings: DAHYF_HANDS_PG_clean = getattr(scene, PROPERTY)
    return settings


def chosen_settings(operator: bpy.types.Operator, scene: bpy.types.Scene) -> dict[str, Any]:
    """The settings that an operator was given, completed by those of the scene."""
    given = operator.properties.is_property_set
    chosen = {name: getattr(operator if given(name) else settings_of(scene), name) for name in NAMES}
    if given("max_gap") and not given("max_gap_seconds"):
        operator.report({"WARNING"}, "max_gap, in frames, is deprecated: give max_gap_seconds")
        return chosen | {"max_gap": cast(Any, operator).max_gap}
    return chosen


def gap_seconds(frames: int, rate: float) -> float:
    """The longest gap in seconds that allows this many lost frames and no more. rate: frames per second."""
    return (frames + 1.5) / rate


def clean_arguments(settings: Mapping[str, Any], capture: Capture, timeline: Timeline) -> list[str]:
    """The options of `dahyf clean` for these settings, all of them. Raises AddonError for ranges that cannot be read.

    Hands that were cleaned with an older version have `max_gap`, in frames.
    """
    former = settings.get("max_gap", -1)
    gap = settings["max_gap_seconds"] if former < 0 else gap_seconds(former, float(capture.footage.rate))
    seconds_and_hertz = {
        "--threshold": settings["threshold"],
        "--max-gap": gap,
        "--spike": settings["spike"],
        "--wrist-position-hz": settings["wrist_position_hz"],
        "--wrist-depth-hz": settings["wrist_depth_hz"],
        "--wrist-rotation-hz": settings["wrist_rotation_hz"],
        "--finger-hz": settings["finger_hz"],
        "--stillness": settings["stillness"],
    }
    return [
        "--reset",
        "--lost",
        settings["lost"],
        *(word for option, value in seconds_and_hertz.items() for word in (option, f"{value:.6g}")),
        "--wrist-rotation-only" if settings["wrist_rotation_only"] else "--wrist-moves",
        *floor_arguments(settings["floors"], capture, timeline),
    ]


def parse_floors(text: str) -> list[Floor]:
    """The ranges with their thresholds. Raises AddonError for text that is not a range."""
    floors = []
    for part in filter(None, re.split(r"[,;\s]+", text)):
        found = FLOOR.fullmatch(part)
        if found is None:
            raise AddonError(f"{part!r} is not a range of frames with its threshold.", "Write it as 10:50=0.3.")
        floors.append((int(found[1]), int(found[2]), float(found[3])))
    return floors


def format_floors(floors: Iterable[Floor]) -> str:
    """Ranges as the text that `parse_floors` reads."""
    return ", ".join(f"{start}:{end}={threshold:g}" for start, end, threshold in floors)


def floor_arguments(text: str, capture: Capture, timeline: Timeline) -> Iterator[str]:
    """The options for ranges of the timeline, in the footage's frames. Ranges without captured frames are left out."""
    positions = timeline.frames(capture)
    for start, end, threshold in parse_floors(text):
        inside = capture.frame[(positions >= start) & (positions <= end)]
        if len(inside):
            yield from ("--threshold-override", f"{inside[0]}:{inside[-1]}={threshold:g}")


CLASSES = (DAHYF_HANDS_PG_clean,)


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def renew_scenes(*_: object) -> None:
    """Convert settings of older versions in the scenes of a file."""
    for scene in bpy.data.scenes:
        if settings_of(scene).is_property_set("max_gap"):
            take_former_gap(settings_of(scene), bpy.context)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_clean)
    bpy.app.handlers.load_post.append(renew_scenes)


def unregister() -> None:
    """Detach the settings from scenes."""
    bpy.app.handlers.load_post.remove(renew_scenes)
    delattr(bpy.types.Scene, PROPERTY)
