"""Charts as SVG, drawn by matplotlib: light enough for a page, sharp on paper, and no script to run.

matplotlib rather than Plotly or Altair, whose pages carry megabytes of JavaScript and print badly.
"""

import io
import re
from collections.abc import Sequence
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.report.palette import PALETTE, stylesheet
from dahyf_core.report.summary import HandSummary
from dahyf_core.report.thinning import thin

Floats = NDArray[np.floating]

WIDTH = 9.6  # inches of 72 px
PANEL_BINS = 150
TIMELINE_BINS = 400

FINGERS = {"Thumb": 12, "Index": 0, "Middle": 3, "Ring": 9, "Pinky": 6}
"""The first of each finger's three joints among the 15."""
JOINTS = ("knuckle", "middle joint", "end joint")
WRIST_AXES = ("about x, to the right", "about y, down", "about z, into the picture")

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dahyf",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": PALETTE["line"].light,
    "axes.labelcolor": PALETTE["ink"].light,
    "axes.titlecolor": PALETTE["quiet"].light,
    "grid.color": PALETTE["line"].light,
    "grid.linewidth": 0.6,
    "xtick.color": PALETTE["quiet"].light,
    "ytick.color": PALETTE["quiet"].light,
}


def draw_timeline(capture: Capture, hands: Sequence[HandSummary]) -> bytes:
    """SVG: for each hand the confidence of every frame, the threshold, and a strip of states below."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.5 + 1.5 * len(hands)), layout="constrained")
        panels = figure.subplots(len(hands), 1, sharex=True, squeeze=False)[:, 0]
        for hand, (axes, summary) in enumerate(zip(panels, hands, strict=True)):
            _draw_confidence(axes, capture, hand, summary)
        panels[-1].set_xlabel("frame")
        return _svg(figure)


def draw_curves(capture: Capture, hand: int, summary: HandSummary) -> bytes:
    """SVG: the angle of every joint over the frames, raw below cleaned; poses not observed in their state's colour."""
    rows = ("Wrist", *FINGERS)
    raw, cleaned = summary.raw, summary.cleaned
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.35 * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), 3, sharex=True, sharey="row")
        for row, name in enumerate(rows):
            panels[row, 0].set_ylabel(f"{name} (°)")
            for column, axes in enumerate(panels[row]):
                if name == "Wrist":
                    axes.set_title(WRIST_AXES[column])
                    before, after = raw.wrist_turn[:, column], cleaned.wrist_turn[:, column]
                else:
                    axes.set_title(JOINTS[column])
                    joint = FINGERS[name] + column
                    before, after = raw.finger_angles[:, joint], cleaned.finger_angles[:, joint]
                _draw_angle(axes, capture.frame, before, after, capture.state[hand], summary.side)
        for axes in panels[-1]:
            axes.set_xlabel("frame")
        return _svg(figure)


def _draw_confidence(axes: Axes, capture: Capture, hand: int, summary: HandSummary) -> None:
    axes.set_title(summary.name)
    axes.set_ylabel("confidence")
    axes.set_ylim(-0.25, 1.04)
    axes.set_yticks([0, 0.5, 1])
    axes.axhline(capture.cleaning.threshold, color=PALETTE["quiet"].light, linewidth=0.9, dashes=(4, 3))
    _plot(axes, capture.frame, capture.confidence[hand], TIMELINE_BINS, summary.side, 1.1)
    for state, bars in _state_bars(capture.frame, capture.state[hand]).items():
        axes.broken_barh(bars, (-0.22, 0.13), color=PALETTE[_role(state, summary.side)].light, linewidth=0)
    _fit(axes, capture.frame)


def _draw_angle(
    axes: Axes, frame: NDArray[np.int64], raw: Floats, cleaned: Floats, state: NDArray[np.uint8], side: str
) -> None:
    _plot(axes, frame, raw, PANEL_BINS, "raw", 1.0)
    _plot(axes, frame, cleaned, PANEL_BINS, side, 1.1)
    for filled in (State.INTERPOLATED, State.REPLACED):
        if (state == filled).any():
            _plot(axes, frame, np.where(_widened(state == filled), cleaned, np.nan), PANEL_BINS, _role(filled), 1.6)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 3, 5, 10]))
    _fit(axes, frame)


def _plot(axes: Axes, frame: NDArray[np.int64], values: Floats, bins: int, role: str, width: float) -> None:
    """A curve, and dots for frames that stand alone."""
    kept = thin(values, bins)
    axes.plot(frame[kept], values[kept], color=PALETTE[role].light, linewidth=width, solid_joinstyle="round")
    present = np.isfinite(values)
    alone = present & ~np.append(present[1:], False) & ~np.append(False, present[:-1])
    dots = np.flatnonzero(alone)[:bins]
    axes.plot(frame[dots], values[dots], color=PALETTE[role].light, linestyle="none", marker=".", markersize=2 * width)


def _widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the neighbours, so that a filled stretch is joined to the curve on both sides."""
    return mask | np.append(mask[1:], False) | np.append(False, mask[:-1])


def _state_bars(frame: NDArray[np.int64], state: NDArray[np.uint8]) -> dict[State, list[tuple[float, float]]]:
    """Start and length of the runs of each state, cut into TIMELINE_BINS columns at most.

    A column of several states shows the rarest in the capture, so that short losses stay visible.
    """
    edges = np.linspace(0, len(state), min(len(state), TIMELINE_BINS) + 1).round().astype(int)
    counts = np.bincount(state, minlength=len(State))
    columns = [min(set(state[start:end].tolist()), key=counts.__getitem__) for start, end in pairwise(edges)]
    changes = np.flatnonzero(np.diff(columns, prepend=-1, append=-1))
    left = np.append(frame, frame[-1] + 1) - 0.5
    bars: dict[State, list[tuple[float, float]]] = {}
    for first, last in pairwise(changes):
        start, end = left[edges[first]], left[edges[last]]
        bars.setdefault(State(columns[first]), []).append((float(start), float(end - start)))
    return bars


def _role(state: State, side: str = "") -> str:
    """The palette's name for a state; an observed pose has the hand's own colour."""
    return side if state is State.OBSERVED else state.name.lower()


def _fit(axes: Axes, frame: NDArray[np.int64]) -> None:
    axes.set_xlim(frame[0] - 0.5, frame[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _svg(figure: Figure) -> bytes:
    """The figure without metadata, with short numbers, in the colours and the font of the reader's page."""
    stream = io.BytesIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=no_metadata)
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", stream.getvalue().decode())
    for role, shades in PALETTE.items():
        text = text.replace(shades.light, f"var(--{role})")
    style = stylesheet() + "text{font-family:system-ui,sans-serif!important}"
    return text.replace("</style>", style + "</style>", 1).encode()
