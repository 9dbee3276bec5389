"""The capture as a value and as a file. `capture.pipeline` makes one from footage."""

from dahyf_core.capture.assembly import assemble_capture, recleaned
from dahyf_core.capture.atomic import replacing
from dahyf_core.capture.file import load_capture, save_capture
from dahyf_core.capture.record import Capture, CaptureSource, FootageRecord, HandModelRecord

__all__ = [
    "Capture",
    "CaptureSource",
    "FootageRecord",
    "HandModelRecord",
    "assemble_capture",
    "load_capture",
    "recleaned",
    "replacing",
    "save_capture",
]
