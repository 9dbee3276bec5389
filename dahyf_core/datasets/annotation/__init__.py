"""The annotator of photographs: where hands are, where their joints are, and which pose of the hand model that is.

folder -> seeds (roughly where hands are) -> test_time_augmentation (runs of a network, averaged) -> fits -> cleaning.
"""

from dahyf_core.datasets.annotation.annotate import Annotation, Annotator
from dahyf_core.datasets.annotation.cleaning import CleaningLimits

__all__ = ["Annotation", "Annotator", "CleaningLimits"]
