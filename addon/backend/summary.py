"""A sentence that sums up a capture. No bpy here."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..shared.capture_schema import State
from .capture_file import Capture, Hand

WORDS: Final = {
    State.OBSERVED: "seen",
    State.INTERPOLATED: "bridged",
    State.REPLACED: "held",
    State.MISSING: "lost",
}
"""In the order in which they are said; a lost frame has no keys."""


def counted(number: int, thing: str) -> str:
    """`1 hand`, `2 hands`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def describe(capture: Capture, hands: Sequence[int] | None = None) -> str:
    """`2 hands in 120 frames: left 110 seen, 6 bridged, 4 lost; right 120 seen.`

    hands: indices of the hands to include; None: all.
    """
    chosen = [hand for number, hand in enumerate(capture.hands) if hands is None or number in hands]
    head = f"{counted(len(chosen), 'hand')} in {counted(len(capture.frame), 'frame')}"
    return f"{head}: {'; '.join(map(describe_hand, chosen))}." if chosen else f"{head}."


def describe_hand(hand: Hand) -> str:
    """`left 110 seen, 6 bridged, 4 lost`."""
    counts = ((int(np.sum(hand.state == state)), word) for state, word in WORDS.items())
    return f"{hand.side} {', '.join(f'{count} {word}' for count, word in counts if count)}"
