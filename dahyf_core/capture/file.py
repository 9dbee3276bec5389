"""The capture file: one .npz of plain arrays. docs/capture-file.md describes it for readers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.capture.atomic import replacing
from dahyf_core.capture.meta import read_meta
from dahyf_core.capture.record import Capture
from dahyf_core.errors import CaptureFileError
from dahyf_core.profiling import is_stage
from dahyf_core.shared.capture_schema import (
    ARRAYS,
    COMPLETE_VERSION,
    CONVENTIONS,
    IMPORTED,
    SCHEMA_VERSION,
    check_arrays,
    damaged,
    read_arrays,
)


@is_stage("writing the file")
def save_capture(capture: Capture, path: Path) -> None:
    """Write a capture; the file appears whole or not at all.

    Raises OutputError, and CaptureFileError for a capture that `load_capture` would refuse.
    """
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        arrays = {name: getattr(capture, name).astype(dtype, copy=False) for name, (dtype, _) in ARRAYS.items()}
    try:
        check_arrays(arrays, absent=capture.source.absent)
    except ValueError as error:
        raise CaptureFileError(
            f"{path} was not written, because the result is impossible: {error}.",
            "Check the hand model and the lens that were given.",
        ) from error
    with replacing(path) as stream:
        np.savez(stream, schema_version=schema_version_of(capture), meta=json.dumps(meta_of(capture)), **arrays)


def load_capture(path: Path) -> Capture:
    """Read and check a capture. Nothing in it is unpickled.

    Raises CaptureFileError for a file that is missing, damaged, not a capture, or of a newer schema.
    """
    arrays = read_arrays(path)
    try:
        source, cleaning = read_meta(str(arrays["meta"]))
    except ValueError as error:
        raise damaged(path, error) from error
    return Capture(source=source, cleaning=cleaning, **{name: arrays[name] for name in ARRAYS})


def schema_version_of(capture: Capture) -> int:
    """The oldest schema that can say what the capture holds."""
    source = capture.source
    return SCHEMA_VERSION if source.absent or source.footage.kind == IMPORTED else COMPLETE_VERSION


def meta_of(capture: Capture) -> dict[str, Any]:
    """The `meta` of the file, ready for JSON."""
    source, model = capture.source, capture.source.hand_model
    footage = asdict(source.footage) | {"rate": [source.footage.rate.numerator, source.footage.rate.denominator]}
    footage["constant_rate"] = footage.pop("has_constant_rate")
    return {
        "program": "DaHyF Hands",
        "version": source.version,
        "created": source.created,
        "footage": footage,
        "intrinsics": None if source.intrinsics is None else asdict(source.intrinsics),
        "estimator": source.estimator,
        "hand_model": {"name": model.name, "flat_hand_mean": True, "sha256": dict(model.sha256)},
        "mirrored": source.mirrored,
        "guidance": asdict(source.guidance),
        "cleaning": asdict(capture.cleaning),
        "conventions": CONVENTIONS,
        **({"absent": list(source.absent)} if source.absent else {}),
        **({} if source.imported is None else {"imported": asdict(source.imported)}),
    }
