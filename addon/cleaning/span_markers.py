"""Bad spans as markers of the timeline."""

import re
from collections.abc import Iterable
from typing import Final

import bpy

from ..scene import nla_layers
from . import flagged_spans, recleaning
from .flagged_spans import Span

NAME: Final = re.compile(r"Bad (left|right) -?\d+(?: to -?\d+)?")


def spans_of(hand: bpy.types.Object, threshold: float) -> list[Span]:
    """The bad spans of a hand rig, in order; none without captured motion."""
    action = nla_layers.base_action(hand)
    return flagged_spans.flagged_spans(action, threshold) if action else []


def worst_span(hand: bpy.types.Object, threshold: float) -> Span | None:
    """The longest bad span of a hand rig, the first one of equals; None without any."""
    return max(spans_of(hand, threshold), key=lambda span: span[1] - span[0], default=None)


def in_words(span: Span) -> str:
    """`21 to 36`, or `21` for a single frame, in frames of the timeline."""
    first, last = map(round, span)
    return f"{first} to {last}" if last > first else str(first)


def clear(scene: bpy.types.Scene) -> int:
    """Remove the markers of bad spans, and no others. Returns how many there were."""
    ours = [marker for marker in scene.timeline_markers if NAME.fullmatch(marker.name)]
    for marker in ours:
        scene.timeline_markers.remove(marker)
    return len(ours)


def mark(scene: bpy.types.Scene, hands: Iterable[bpy.types.Object], threshold: float) -> int:
    """Put a marker at the start of each bad span of these hands, in place of former ones. Returns how many."""
    clear(scene)
    found = [(hand, span) for hand in hands for span in spans_of(hand, threshold)]
    for hand, span in found:
        scene.timeline_markers.new(f"Bad {hand[recleaning.SIDE]} {in_words(span)}", frame=round(span[0]))
    return len(found)
