"""Footage: any video that FFmpeg reads, an image sequence, or one still, as upright RGB frames with exact times."""

from dahyf_core.footage.filters import Deinterlacing
from dahyf_core.footage.info import FootageInfo, Frame
from dahyf_core.footage.pictures import read_picture
from dahyf_core.footage.prefetch import prefetch
from dahyf_core.footage.probing import probe
from dahyf_core.footage.rates import DEFAULT_RATE
from dahyf_core.footage.reading import Footage, FrameSource, read_frames
from dahyf_core.footage.selection import select

__all__ = [
    "DEFAULT_RATE",
    "Deinterlacing",
    "Footage",
    "FootageInfo",
    "Frame",
    "FrameSource",
    "prefetch",
    "probe",
    "read_frames",
    "read_picture",
    "select",
]
