"""Exports of captures for other programs: a registry of formats, and the animated skeleton that most of them use."""

from dahyf_core.export.options import ExportOptions
from dahyf_core.export.registry import EXPORTERS, Exporter, export_capture, exporter_of, register, suffixes
from dahyf_core.export.skeleton import SkeletonAnimation, animate, resampled

__all__ = [
    "EXPORTERS",
    "ExportOptions",
    "Exporter",
    "SkeletonAnimation",
    "animate",
    "export_capture",
    "exporter_of",
    "register",
    "resampled",
    "suffixes",
]
