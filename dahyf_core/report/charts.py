"""Charts as SVG, drawn by matplotlib: small, sharp in print, and free of scripts.

Plotly and Altair would add megabytes of JavaScript to the page, and they print badly.
"""

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.report.palette import PALETTE, stylesheet
from dahyf_core.report.summary import HandSummary

WIDTH = 9.6  # inches of 72 px
PANEL_BINS = 150
TIMELINE_BINS = 400

FINGERS = {"Thumb": 12, "Index": 0, "Middle": 3, "Ring": 9, "Pinky": 6}
"""The first of each finger's three joints among the 15."""
JOINTS = ("knuckle", "middle joint", "end joint")
WRIST_AXES = ("about x, to the right", "about y, down", "about z, into the picture")

STYLE: Any = {  # matplotlib types its keys one by one
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
        figure, grid = _panels(len(hands), 1, 1.5)
        panels = grid[:, 0]
        for hand, (axes, summary) in enumerate(zip(panels, hands, strict=True)):
            _draw_confidence(axes, capture, hand, summary)
        panels[-1].set_xlabel("frame")
        return _svg(figure)


def draw_curves(capture: Capture, hand: int, summary: HandSummary) -> bytes:
    """SVG: the angle of every joint over the frames, raw below cleaned; poses not observed in their state's colour."""
    rows = ("Wrist", *FINGERS)
    raw, cleaned = summary.raw, summary.cleaned
    with matplotlib.rc_context(STYLE):
        figure, panels = _panels(len(rows), 3, 1.3)
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


def _panels(rows: int, columns: int, row_height: float) -> tuple[Figure, Any]:
    """A figure and its axes (rows, columns), a row as high as told, in inches; a fixed layout, for that is quick."""
    above, below, between = 0.25, 0.45, 0.35
    height = rows * row_height + below
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=0.62 / WIDTH,
        right=1 - 0.05 / WIDTH,
        top=1 - above / height,
        bottom=below / height,
        wspace=0.05,
        hspace=between / (row_height - between),
    )
    return figure, figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)


def _draw_confidence(axes: Axes, capture: Capture, hand: int, summary: HandSummary) -> None:
    axes.set_title(summary.name)
    axes.set_ylabel("confidence")
    axes.set_ylim(-0.25, 1.04)
    axes.set_yticks([0, 0.5, 1])
    axes.axhline(capture.cleaning.threshold, color=PALETTE["quiet"].light, linewidth=0.9, dashes=(4, 3))
    if np.isfinite(capture.confidence[hand]).any():
        _plot(axes, capture.frame, capture.confidence[hand], TIMELINE_BINS, summary.side, 1.1)
    else:
        axes.set_ylabel("no confidence")
    for state, bars in _state_bars(capture.frame, capture.state[hand]).items():
        axes.broken_barh(bars, (-0.22, 0.13), color=PALETTE[_role(state, summary.side)].light, linewidth=0)
    _fit(axes, capture.frame)


def _draw_angle(
    axes: Axes, frame: NDArray[np.int64], raw: Array, cleaned: Array, state: NDArray[np.uint8], side: str
) -> None:
    _plot(axes, frame, raw, PANEL_BINS, "raw", 1.0)
    _plot(axes, frame, cleaned, PANEL_BINS, side, 1.1)
    for filled in (State.INTERPOLATED, State.REPLACED):
        if (state == filled).any():
            _plot(axes, frame, np.where(_widened(state == filled), cleaned, np.nan), PANEL_BINS, _role(filled), 1.6)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 3, 5, 10]))
    _fit(axes, frame)


def _plot(axes: Axes, frame: NDArray[np.int64], values: Array, bins: int, role: str, width: float) -> None:
    """A curve, and dots for frames that stand alone."""
    kept = thin(values, bins)
    frame, values = frame[kept], values[kept]
    present = np.isfinite(values)
    alone = present & ~np.append(present[1:], False) & ~np.append(False, present[:-1])
    colour = PALETTE[role].light
    axes.plot(frame, values, color=colour, linewidth=width, solid_joinstyle="round")
    axes.plot(frame[alone], values[alone], color=colour, linestyle="none", marker=".", markersize=2 * width)


def _widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With the neighbours, so that a filled span is joined to the curve on both sides."""
    widened: NDArray[np.bool_] = mask | np.append(mask[1:], False) | np.append(False, mask[:-1])
    return widened


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


def thin(values: NDArray[np.floating], bins: int) -> NDArray[np.intp]:
    """Indices, increasing, of at most 3 * bins of the values (T,): the least, the greatest and one NaN of each bin.

    What is drawn through them keeps the peaks and the gaps of the whole curve. All indices where T is small enough.
    """
    indices = np.arange(len(values))
    if len(values) <= 3 * bins:
        return indices
    return np.concatenate([_extremes(part, values[part]) for part in np.array_split(indices, bins)])


def _extremes(indices: NDArray[np.intp], values: NDArray[np.floating]) -> NDArray[np.intp]:
    absent = np.isnan(values)
    chosen = indices[absent][:1].tolist()
    if not absent.all():
        chosen += [indices[np.nanargmin(values)], indices[np.nanargmax(values)]]
    return np.unique(chosen)
