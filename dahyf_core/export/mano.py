"""Captures as MANO parameters with AMASS's names, for research code."""

import warnings
from typing import BinaryIO

import numpy as np

from dahyf_core.capture import Capture
from dahyf_core.export.options import ExportOptions


def write_mano(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write plain arrays in one .npz, NaN where a hand is missing. docs/export.md lists them.

    Warns if the shape numbers are not MANO's.
    """
    warn_of_shape(capture)
    model = capture.source.hand_model.name
    hands, frames = capture.state.shape
    np.savez(
        stream,
        poses=capture.pose.reshape(hands, frames, 48),
        betas=capture.shape,
        trans=capture.translation,
        side=capture.side,
        confidence=capture.confidence,
        state=capture.state,
        frame=capture.frame,
        time=capture.time,
        mocap_framerate=np.float64(capture.source.footage.rate),
        flat_hand_mean=np.bool_(True),
        model_type=np.str_(model),
    )


def warn_of_shape(capture: Capture) -> None:
    """Warn if the shape numbers are not MANO's."""
    model = capture.source.hand_model.name
    if model != "mano":
        warnings.warn(
            f"The shape numbers (betas) belong to the hand model {model} and mean nothing in MANO; capture with"
            " --hand-model and your MANO file to get MANO's.",
            stacklevel=3,
        )
