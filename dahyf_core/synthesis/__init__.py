"""Synthetic photographs of hands: posed, lit, worn and hidden at random, with exact labels."""

from dahyf_core.synthesis.generator import Generator
from dahyf_core.synthesis.inpainting import inpaint_hands
from dahyf_core.synthesis.labels import Batch, Labels, picture_camera
from dahyf_core.synthesis.settings import SynthesisSettings
from dahyf_core.synthesis.shards import ALL_READERS, SyntheticHands, write_set
from dahyf_core.synthesis.teacher_check import TeacherCheck, check_with_teacher, observed_keypoints

__all__ = [
    "ALL_READERS",
    "Batch",
    "Generator",
    "Labels",
    "SynthesisSettings",
    "SyntheticHands",
    "TeacherCheck",
    "check_with_teacher",
    "inpaint_hands",
    "observed_keypoints",
    "picture_camera",
    "write_set",
]
