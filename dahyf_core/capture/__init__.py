"""The capture: as a value, as a file, and the whole way to it from footage."""

from dahyf_core.capture.assembly import assemble_capture, recleaned
from dahyf_core.capture.atomic import replacing
from dahyf_core.capture.export import export_json
from dahyf_core.capture.file import load_capture, save_capture
from dahyf_core.capture.pipeline import CaptureSettings, Interrupted, capture_footage
from dahyf_core.capture.record import Capture, CaptureSource, FootageRecord, HandModelRecord
from dahyf_core.capture.watching import Report

__all__ = [
    "Capture",
    "CaptureSettings",
    "CaptureSource",
    "FootageRecord",
    "HandModelRecord",
    "Interrupted",
    "Report",
    "assemble_capture",
    "capture_footage",
    "export_json",
    "load_capture",
    "recleaned",
    "replacing",
    "save_capture",
]
