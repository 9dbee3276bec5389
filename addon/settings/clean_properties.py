"""How captured hands are cleaned: the settings of the Clean panel, which are also the operator's arguments."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import bpy

from .. import compat
from ..backend.capture_file import Capture
from ..errors import AddonError
from ..narrowing import attach, present
from ..scene.timing import Timeline
from .capture_properties import LOST_FRAMES

FLOOR = re.compile(r"(-?\d+):(-?\d+)=(\d*\.?\d+)")
Floor = tuple[int, int, float]
"""First and last frame of a range, and its threshold."""
ONLY_WHEN_GIVEN = {"SKIP_SAVE"}
"""An operator takes from the scene what its caller does not give, instead of what it was given the last time."""


def redraw_time(_settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Draw the editors of time anew."""
    for window in present(context.window_manager).windows:
        for area in window.screen.areas:
            if area.type in {"DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR"}:
                area.tag_redraw()


class CleanSettings:
    """Gate and smoothing, as `dahyf clean` knows them."""

    threshold: bpy.props.FloatProperty(
        name="Threshold",
        description="Frames whose confidence is lower are lost: 0 trusts all of them, 1 hardly any",
        default=0.8,
        min=0,
        max=1,
        subtype="FACTOR",
        options=ONLY_WHEN_GIVEN,
        update=redraw_time,
    )
    lost: bpy.props.EnumProperty(
        name="Lost Frames",
        description="What a hand's keys are in frames in which it was not seen well enough",
        items=LOST_FRAMES,
        options=ONLY_WHEN_GIVEN,
    )
    max_gap: bpy.props.IntProperty(
        name="Bridged Frames",
        description="Longest run of lost frames that is interpolated, in frames",
        default=14,
        min=0,
        options=ONLY_WHEN_GIVEN,
    )
    spike: bpy.props.FloatProperty(
        name="Longest Spike",
        description="Longest flip of the wrist or a finger that is removed as an error, in seconds. 0 removes none",
        default=0.25,
        min=0,
        max=5,
        subtype="TIME_ABSOLUTE",
        options=ONLY_WHEN_GIVEN,
    )
    wrist_position_hz: bpy.props.FloatProperty(
        name="Wrist Position",
        description="Smoothing of the wrist's place in the picture, in Hz: lower is smoother, 0 is off",
        default=6,
        min=0,
        max=1000,
        soft_max=15,
        subtype=compat.FREQUENCY,
        options=ONLY_WHEN_GIVEN,
    )
    wrist_depth_hz: bpy.props.FloatProperty(
        name="Wrist Depth",
        description="Smoothing of the wrist's distance from the camera, in Hz: lower is smoother, 0 is off",
        default=2,
        min=0,
        max=1000,
        soft_max=15,
        subtype=compat.FREQUENCY,
        options=ONLY_WHEN_GIVEN,
    )
    wrist_rotation_hz: bpy.props.FloatProperty(
        name="Wrist Rotation",
        description="Smoothing of the wrist's rotation, in Hz: lower is smoother, 0 is off",
        default=5,
        min=0,
        max=1000,
        soft_max=15,
        subtype=compat.FREQUENCY,
        options=ONLY_WHEN_GIVEN,
    )
    finger_hz: bpy.props.FloatProperty(
        name="Fingers",
        description="Smoothing of the fingers, in Hz: lower is smoother, 0 is off",
        default=5,
        min=0,
        max=1000,
        soft_max=15,
        subtype=compat.FREQUENCY,
        options=ONLY_WHEN_GIVEN,
    )
    stillness: bpy.props.FloatProperty(
        name="Stillness",
        description="A hand that stays within this distance of its place for half a second is held still. 0 holds none",
        default=0,
        min=0,
        soft_max=0.02,
        step=0.1,
        precision=4,
        subtype="DISTANCE",
        options=ONLY_WHEN_GIVEN,
    )
    wrist_rotation_only: bpy.props.BoolProperty(
        name="Wrist Rotation Only",
        description="The wrist turns, and stays in one place",
        options=ONLY_WHEN_GIVEN,
    )
    floors: bpy.props.StringProperty(
        name="Ranges",
        description="Other thresholds for ranges of frames, both ends included: 10:50=0.3, 80:90=1",
        options=ONLY_WHEN_GIVEN,
    )


class DAHYF_HANDS_PG_clean(CleanSettings, bpy.types.PropertyGroup):
    """Settings of one scene."""

    show_confidence: bpy.props.BoolProperty(
        name="Confidence in Timeline",
        description="Draw in the timeline, dope sheet, graph editor and NLA how well the selected hands were seen: "
        "green where they were seen well, red below the threshold, orange where the pose was made up",
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
    """What an operator with these settings was given, and the scene's for all else."""
    given = operator.properties.is_property_set
    return {name: getattr(operator if given(name) else settings_of(scene), name) for name in NAMES}


def clean_arguments(settings: Mapping[str, Any], capture: Capture, timeline: Timeline) -> list[str]:
    """The options of `dahyf clean` for these settings, all of them. Raises AddonError for ranges that are none."""
    gap_seconds = (settings["max_gap"] + 1.5) / float(capture.footage.rate)
    seconds_and_hertz = {
        "--threshold": settings["threshold"],
        "--max-gap": gap_seconds,
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
    """The ranges with their thresholds. Raises AddonError for what is none."""
    floors = []
    for part in filter(None, re.split(r"[,;\s]+", text)):
        found = FLOOR.fullmatch(part)
        if found is None:
            raise AddonError(f"{part!r} is not a range of frames with its threshold.", "Write it as 10:50=0.3.")
        floors.append((int(found[1]), int(found[2]), float(found[3])))
    return floors


def format_floors(floors: Iterable[Floor]) -> str:
    """What `parse_floors` reads."""
    return ", ".join(f"{start}:{end}={threshold:g}" for start, end, threshold in floors)


def floor_arguments(text: str, capture: Capture, timeline: Timeline) -> Iterator[str]:
    """Ranges of the timeline as ranges of the footage's frames; those that hold no captured frame say nothing."""
    positions = timeline.frames(capture)
    for start, end, threshold in parse_floors(text):
        inside = capture.frame[(positions >= start) & (positions <= end)]
        if len(inside):
            yield from ("--threshold-override", f"{inside[0]}:{inside[-1]}={threshold:g}")


CLASSES = (DAHYF_HANDS_PG_clean,)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_clean)


def unregister() -> None:
    """Detach the settings from scenes."""
    delattr(bpy.types.Scene, PROPERTY)
