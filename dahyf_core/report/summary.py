"""A summary of each hand, in numbers and in words."""

import math
from dataclasses import dataclass

import numpy as np

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.report.motion import BeforeAfter, Motion, cleaned_motion, count_flips, palm_length, raw_motion

STATE_WORDS = {
    State.OBSERVED: "as observed",
    State.INTERPOLATED: "bridged",
    State.REPLACED: "held",
    State.MISSING: "without keys",
}


@dataclass(frozen=True, eq=False)
class HandSummary:
    """One hand of a capture.

    frames: of the capture; seen: those with an estimate; states: frames by state. confidence: median of the frames
    seen, NaN without any. hand_jitter: of all joints, palms/s²; finger_jitter: the same relative to the wrist.
    """

    name: str
    side: str
    frames: int
    seen: int
    states: dict[State, int]
    confidence: float
    raw: Motion
    cleaned: Motion
    hand_jitter: BeforeAfter
    finger_jitter: BeforeAfter
    flips: BeforeAfter

    def __str__(self) -> str:
        """Two sentences for a person."""
        counts = [f"{self.seen} of {self.frames} frames"]
        counts += [
            f"{count} {STATE_WORDS[state]}"
            for state, count in self.states.items()
            if count and state is not State.OBSERVED
        ]
        sentence = f"{self.name}: seen in {', '.join(counts)}."
        jitter, flips = self.hand_jitter, self.flips
        if np.isfinite(jitter.raw):
            sentence += f" Cleaning took its jitter from {number(jitter.raw)} to {number(jitter.cleaned)} palms/s²"
            sentence += f" and its flips from {flips.raw:.0f} to {flips.cleaned:.0f}." if flips.raw else "."
        return sentence


def summarise(capture: Capture) -> list[HandSummary]:
    """Each hand of the capture, in its order."""
    return [_summarise(capture, hand, name) for hand, name in enumerate(hand_names(capture))]


def hand_names(capture: Capture) -> list[str]:
    """Right hand, left hand; with numbers where a side has several."""
    sides = capture.side.tolist()
    return [
        f"{side.capitalize()} hand" + (f" {sides[: index + 1].count(side)}" if sides.count(side) > 1 else "")
        for index, side in enumerate(sides)
    ]


def number(value: float) -> str:
    """Three significant digits, or all before the point; a dash for NaN."""
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _summarise(capture: Capture, hand: int, name: str) -> HandSummary:
    raw, cleaned = raw_motion(capture, hand), cleaned_motion(capture, hand)
    confidence = capture.known_confidence(hand, raw.present)
    times, palm = capture.time, palm_length(capture, hand)
    return HandSummary(
        name=name,
        side=str(capture.side[hand]),
        frames=len(times),
        seen=int(np.count_nonzero(raw.present)),
        states={state: int(np.count_nonzero(capture.state[hand] == state)) for state in STATE_WORDS},
        confidence=float(np.median(confidence)) if len(confidence) else np.nan,
        raw=raw,
        cleaned=cleaned,
        hand_jitter=BeforeAfter.of_jitter(raw.joints, cleaned.joints, times, palm),
        finger_jitter=BeforeAfter.of_jitter(
            raw.joints[:, 1:] - raw.joints[:, :1], cleaned.joints[:, 1:] - cleaned.joints[:, :1], times, palm
        ),
        flips=BeforeAfter(count_flips(raw, times), count_flips(cleaned, times)),
    )
