"""Splitting and joining hands: the core writes an edited capture, and the rigs are keyed from it."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..backend.capture_file import Capture
from ..narrowing import present
from ..scene import nla_layers, references, scene_import
from ..scene.references import CAPTURE, DIGEST
from ..scene.timing import Timeline
from . import flagged_spans, recleaning
from .recleaning import CLEANING, HAND, SWAPPED

EDITED_ENDING = re.compile(r"(\.tracks\d*)?(\.hands)?\.npz$", re.IGNORECASE)
SAME_FRAME = 0.01
"""Frames: keys closer than this are at the same frame."""


@dataclass(frozen=True)
class Edit:
    """An edit of a capture's hands, which are numbered as in the file. Holds no references to Blender's data.

    options: options of `dahyf clean`. changed: the number of the hand whose motion changes. cleaning: the settings for
    cleaning it; empty: those of the capture. shows: by name of the rig, the numbers of its hand in the edited capture:
    two if the hand is split, none if it is joined to another.
    """

    options: Sequence[str]
    changed: int
    cleaning: Mapping[str, Any]
    shows: Mapping[str, Sequence[int]]


def rigs_of_import(armature: bpy.types.Object) -> list[bpy.types.Object]:
    """All hand rigs that were imported together with this one, itself included."""

    def origin(rig: bpy.types.Object) -> tuple[Any, ...]:
        return rig[CAPTURE], rig[DIGEST], rig.parent

    rigs = filter(recleaning.is_hand_rig, bpy.data.objects)
    return [rig for rig in rigs if origin(rig) == origin(armature)]


def split(armature: bpy.types.Object, capture: Capture, frame: float) -> Edit:
    """Split a hand at a frame of the timeline. The later part becomes a new hand, with the next free number."""
    rigs, hand, added = rigs_of_import(armature), armature[HAND], len(capture.hands)
    swap_added = ("--swap", str(added)) if armature.get(SWAPPED) else ()
    return Edit(
        options=(
            "--split",
            f"{hand}:{footage_frame(capture, frame, recleaning.timeline_of(armature))}",
            *recleaning.track_arguments(rigs, swap=False),
            *swap_added,
        ),
        changed=hand,
        cleaning=cleaning_of(armature),
        shows={rig.name: (hand, added) if rig[HAND] == hand else (rig[HAND],) for rig in rigs},
    )


def footage_frame(capture: Capture, frame: float, timeline: Timeline) -> int:
    """The footage's number of the first captured frame at or after a frame of the timeline."""
    index = np.searchsorted(timeline.frames(capture), frame - SAME_FRAME)
    return int(np.append(capture.frame, capture.frame[-1] + 1)[index])


def split_obstacle(armature: bpy.types.Object, frame: float) -> str | None:
    """Why a hand cannot be split at a frame of the timeline, or None."""
    action = nla_layers.base_action(armature)
    if action is None:
        return f"{armature.name} shows no captured motion"
    keys = flagged_spans.confidence_keys(action)
    before = keys.frames[keys.seen] < frame - SAME_FRAME
    return (
        None if before.any() and not before.all() else f"{armature.name} is not seen both before and after this frame"
    )


def join(armature: bpy.types.Object, others: Iterable[bpy.types.Object]) -> Edit:
    """Join other hands to this one. The numbers of the remaining hands close up."""
    rigs, hand, gone = rigs_of_import(armature), armature[HAND], {other[HAND] for other in others}
    kept = [rig for rig in rigs if rig[HAND] not in gone]
    joins = (word for other in sorted(gone) for word in ("--join", f"{hand}:{other}"))
    return Edit(
        options=(*joins, *recleaning.track_arguments(kept, swap=False)),
        changed=hand,
        cleaning=cleaning_of(armature),
        shows={rig.name: () for rig in rigs}
        | {rig.name: (rig[HAND] - sum(other < rig[HAND] for other in gone),) for rig in kept},
    )


def joinable(rigs: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """The rigs whose hands can be joined to that of the first rig."""
    together = rigs_of_import(rigs[0]) if rigs else []
    return [rig for rig in rigs[1:] if rig in together and rig[HAND] != rigs[0][HAND]]


def cleaning_of(armature: bpy.types.Object) -> dict[str, Any]:
    """The settings that a rig's motion was cleaned with; empty if it was not cleaned again."""
    action = nla_layers.base_action(armature)
    return json.loads(action.get(CLEANING, "{}")) if action else {}


def edited_path(original: Path) -> Path:
    """A free path for an edited capture beside `clip.hands.npz`: `clip.tracks.hands.npz`, `clip.tracks2.hands.npz`."""
    stem = EDITED_ENDING.sub("", original.name)
    numbers = itertools.chain([""], itertools.count(2))
    paths = (original.with_name(f"{stem}.tracks{number}.hands.npz") for number in numbers)
    return next(path for path in paths if not path.exists())


def key_edited_capture(context: bpy.types.Context, capture: Capture, edit: Edit) -> None:
    """Key the rigs from an edited capture. Raises AddonError."""
    rigs = filter(recleaning.is_hand_rig, map(bpy.data.objects.get, edit.shows))
    added = [new for rig in list(rigs) for new in show(context, rig, capture, edit)]
    if added:
        scene_import.select(present(context.view_layer), added)


def show(
    context: bpy.types.Context, armature: bpy.types.Object, capture: Capture, edit: Edit
) -> list[bpy.types.Object]:
    """Key a rig from its hand in the edited capture, or remove it if that is gone. Returns the rigs of new hands."""
    numbers, is_changed = edit.shows[armature.name], armature[HAND] == edit.changed
    if not numbers:
        recleaning.remove(armature)
        return []
    hands = [capture.hands[number] for number in numbers[1:]]
    added = [recleaning.build_beside(context, armature, hand, capture.skeleton) for hand in hands]
    for rig, number in zip((armature, *added), numbers, strict=True):
        store_reference(rig, capture, number)
        if is_changed:
            recleaning.rekey(context, rig, capture, edit.cleaning)
    return added


def store_reference(armature: bpy.types.Object, capture: Capture, number: int) -> None:
    """Store in a rig its hand's capture and number. The capture has the hand on the rig's side."""
    references.record(armature, capture)
    armature[HAND] = number
    armature[SWAPPED] = False
