"""Drawn clips of two hands that do what is hard to follow, with the exact truth of every frame."""

from dahyf_core.synthesis.clips.drawing import ClipSettings, draw_clip, draw_clips
from dahyf_core.synthesis.clips.looks import FINISHES, Finish
from dahyf_core.synthesis.clips.scripts import CLIP_KINDS, ClipKind
from dahyf_core.synthesis.clips.truth import ClipTruth

__all__ = ["CLIP_KINDS", "FINISHES", "ClipKind", "ClipSettings", "ClipTruth", "Finish", "draw_clip", "draw_clips"]
