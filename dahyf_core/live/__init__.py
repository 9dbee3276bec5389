"""Hands of a camera as messages: to standard output, to programs on this machine, and to VTubing programs."""

from dahyf_core.live.broadcast import Broadcast
from dahyf_core.live.loop import LiveSettings, run_live
from dahyf_core.live.sources import CameraSource, LiveSource, PlayedClip
from dahyf_core.live.template import write_template
from dahyf_core.live.vmc import VmcSender

__all__ = [
    "Broadcast",
    "CameraSource",
    "LiveSettings",
    "LiveSource",
    "PlayedClip",
    "VmcSender",
    "run_live",
    "write_template",
]
