"""The page: what it shows of a capture, and the file."""

import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import jinja2

from dahyf_core.capture import Capture, CaptureSource, replacing
from dahyf_core.errors import FootageError
from dahyf_core.preview import CapturedFootage
from dahyf_core.report.charts import draw_curves, draw_timeline
from dahyf_core.report.flagged_frames import Flag, lost_ranges, worst_frames
from dahyf_core.report.motion import BeforeAfter
from dahyf_core.report.palette import stylesheet
from dahyf_core.report.pictures import Picture, chart, describe, flagged, strip
from dahyf_core.report.summary import STATE_WORDS, HandSummary, number, summarise

WORST_FRAMES = 8
LONGEST_RANGES = 12

SETTINGS = {
    "threshold": "Confidence under which a frame is lost",
    "lost": "Pose of a lost frame",
    "max_gap_seconds": "Longest gap that is interpolated, s",
    "spike_seconds": "Longest flip that is discarded, s",
    "wrist_position_hz": "Low-pass cut-off of the wrist's position in the picture, Hz",
    "wrist_depth_hz": "Low-pass cut-off of the wrist's distance from the camera, Hz",
    "wrist_rotation_hz": "Low-pass cut-off of the wrist's rotation, Hz",
    "finger_hz": "Low-pass cut-off of the finger joints, Hz",
    "stillness": "Distance within which a hand is held still, m",
    "wrist_rotation_only": "The wrist stays in one place",
    "threshold_overrides": "Threshold overrides, by frames",
}
"""Labels of the fields of CleaningSettings."""


def write_report(capture: Capture, output: Path, moved_to: Path | None = None) -> None:
    """Write a report on a capture as one HTML file that needs nothing else.

    moved_to: where the footage is now. Without its pictures the page says why it has none, and a warning too. Raises
    OutputError when the file cannot be written.
    """
    page = render(capture, moved_to)
    with replacing(output) as stream:
        stream.write(page.encode("utf-8", "backslashreplace"))  # names may hold bytes that are no UTF-8


def render(capture: Capture, moved_to: Path | None = None) -> str:
    """The HTML of `write_report`. Text that comes from the capture is escaped."""
    hands = summarise(capture)
    flags = worst_frames(capture, WORST_FRAMES)
    frames, doubtful_frames, no_pictures = _pictures(capture, flags, moved_to)
    return _template().render(
        palette=stylesheet(),
        name=Path(capture.source.footage.path).name,
        facts=_facts(capture),
        hands=hands,
        states=STATE_WORDS,
        frames=frames,
        flags=[describe(capture, flag) for flag in flags],
        doubtful_frames=doubtful_frames,
        no_pictures=no_pictures,
        ranges=[
            {
                "hand": hands[span.hand].name,
                "first": capture.frame[span.first],
                "last": capture.frame[span.last],
                "frames": span.frames,
                "state": STATE_WORDS[span.state],
            }
            for span in lost_ranges(capture, LONGEST_RANGES)
        ],
        timeline=_timeline(capture, hands),
        curves=[_curves(capture, hand, summary) for hand, summary in enumerate(hands)],
        settings=_settings(capture),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "change": _change}
    return environment.get_template("page.html")


def _pictures(
    capture: Capture, flags: Sequence[Flag], moved_to: Path | None
) -> tuple[list[Picture], list[Picture], str]:
    """Pictures of frames over the clip and of the flagged frames; or none, and the reason."""
    try:
        footage = CapturedFootage.find(capture, moved_to)
        return strip(capture, footage), flagged(capture, footage, flags), ""
    except FootageError as error:
        warnings.warn(f"The report has no pictures. {error}", stacklevel=2)
        return [], [], error.reason


def _timeline(capture: Capture, hands: Sequence[HandSummary]) -> Picture | None:
    if not hands:
        return None
    alternative = "Confidence and state of each hand along the frames. " + " ".join(map(str, hands))
    return chart(draw_timeline(capture, hands), alternative)


def _curves(capture: Capture, hand: int, summary: HandSummary) -> Picture:
    alternative = (
        f"{summary.name}: rotation of the wrist and angles of fifteen finger joints along the frames, raw and cleaned"
    )
    return chart(draw_curves(capture, hand, summary), alternative)


def _facts(capture: Capture) -> str:
    """The footage in a line."""
    record, frames = capture.source.footage, len(capture.frame)
    size = f"{record.width} × {record.height} px" if record.width else "no pictures"
    if record.kind == "still":
        return f"{size}, a still"
    rate = float(record.rate)
    seconds = capture.time[-1] - capture.time[0] + 1 / rate
    span = f"{frames} frames, {capture.frame[0]} to {capture.frame[-1]}"
    return f"{size}, {span}, {seconds:.1f} s at {rate:.4g} frames/s"


def _settings(capture: Capture) -> dict[str, Any]:
    """The settings of the capture with their labels."""
    source, camera = capture.source, capture.source.intrinsics
    return {
        "Footage": source.footage.path,
        "Captured": f"{source.created}, version {source.version}",
        "Lens": f"{camera.source}; focal length {camera.fx:.5g} px" if camera else "not known",
        **_import_settings(source),
        "Mirrored": _said(source.mirrored),
        "Estimator": source.estimator,
        "Hand model": source.hand_model.name,
    } | {SETTINGS[field.name]: _said(getattr(capture.cleaning, field.name)) for field in fields(capture.cleaning)}


def _import_settings(source: CaptureSource) -> dict[str, str]:
    """Where an imported capture comes from, how it was converted, and what it lacks."""
    lacks = {"Not in the source": ", ".join(source.absent)} if source.absent else {}
    if source.imported is None:
        return lacks
    imported = source.imported
    return {"Imported": f"{imported.file}, read as {imported.tool}. {' '.join(imported.conversions)}"} | lacks


def _said(value: Any) -> Any:
    """A setting as a reader says it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{override.first} to {override.last}: {override.threshold:g}" for override in value) or "none"
    return value


def _change(measure: BeforeAfter) -> str:
    """In words."""
    if not measure.raw > 0:
        return "–"
    share = measure.cleaned / measure.raw - 1
    return f"{abs(share):.0%} {'less' if share <= 0 else 'more'}"
