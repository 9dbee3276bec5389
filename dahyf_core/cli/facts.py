"""The facts of `dahyf info` about a file: plain values for programs, a table for people."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.cli.streams import printable
from dahyf_core.footage import FootageInfo
from dahyf_core.pose import read_card

Facts = dict[str, Any]


def footage_facts(info: FootageInfo) -> Facts:
    """Size, length and frame rate of footage."""
    return {
        "footage": str(info.path),
        "kind": info.kind,
        "width": info.width,
        "height": info.height,
        "frames": len(info.frames),
        "first_frame": int(info.frames[0]),
        "last_frame": int(info.frames[-1]),
        "seconds": round(float(info.times[-1] + 1 / info.rate), 3),
        "rate": str(info.rate),
        "constant_rate": info.has_constant_rate,
        "rotation": info.rotation,
        "interlaced": info.is_interlaced,
        "dynamic_range": info.dynamic_range,
    }


def capture_facts(capture: Capture) -> Facts:
    """Source and settings of a capture, and the states and the confidence of each hand."""
    source = capture.source
    camera = source.intrinsics
    return {
        "footage": source.footage.path,
        "kind": source.footage.kind,
        "width": source.footage.width,
        "height": source.footage.height,
        "frames": len(capture.frame),
        "first_frame": int(capture.frame[0]),
        "last_frame": int(capture.frame[-1]),
        "rate": str(source.footage.rate),
        **(_lens_facts(camera) if camera else {"lens": None}),
        **({"absent": list(source.absent)} if source.absent else {}),
        **({"imported": asdict(source.imported)} if source.imported else {}),
        "mirrored": source.mirrored,
        "estimator": source.estimator,
        "hand_model": source.hand_model.name,
        "cleaning": asdict(capture.cleaning),
        "created": source.created,
        "version": source.version,
        "hands": [_hand_facts(capture, hand) for hand in range(capture.hands)],
    }


def _lens_facts(camera: Intrinsics) -> Facts:
    return {
        "lens": camera.source,
        "focal_length_px": [round(camera.fx, 2), round(camera.fy, 2)],
        "principal_point_px": [round(camera.cx, 2), round(camera.cy, 2)],
        "distortion": list(camera.distortion),
    }


def network_facts(model: Path) -> Facts:
    """The network card in a network file. Raises ModelFileError."""
    return {"network": str(model), **asdict(read_card(model))}


def print_facts(facts: Mapping[str, Any], console: Console) -> None:
    """Print two columns, and below them a table of the hands if there are any. console: without markup."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        if name != "hands":
            grid.add_row(_spaced(name), printable(_text(value)))
    console.print(grid)
    if facts.get("hands"):
        console.print(_table(facts["hands"]))
    elif "hands" in facts:
        console.print("No hands were found.")


def _hand_facts(capture: Capture, hand: int) -> Facts:
    state = capture.state[hand]
    confidence = capture.known_confidence(hand, state == State.OBSERVED)
    return {
        "hand": hand,
        "side": str(capture.side[hand]),
        **{kind.name.lower(): int(np.count_nonzero(state == kind)) for kind in State},
        "confidence": round(float(confidence.mean()), 3) if len(confidence) else None,
    }


def _table(rows: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Hands (frames by state)", title_justify="left")
    rows = list(rows)
    for name in rows[0]:
        table.add_column(_spaced(name), justify="left" if name == "side" else "right")
    for row in rows:
        table.add_row(*(printable(_text(value)) for value in row.values()))
    return table


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{_spaced(name)} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
