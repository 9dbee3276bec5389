"""Synthetic photographs of hands: posed, lit, worn and hidden at random, with exact labels."""

from dahyf_core.synthesis.erasing import erase_hands
from dahyf_core.synthesis.generator import Generator
from dahyf_core.synthesis.judging import Verdict, judge, seen_keypoints
from dahyf_core.synthesis.labels import Batch, Labels, picture_camera
from dahyf_core.synthesis.settings import SynthesisSettings
from dahyf_core.synthesis.shards import SyntheticHands, write_set

__all__ = [
    "Batch",
    "Generator",
    "Labels",
    "SynthesisSettings",
    "SyntheticHands",
    "Verdict",
    "erase_hands",
    "judge",
    "picture_camera",
    "seen_keypoints",
    "write_set",
]
