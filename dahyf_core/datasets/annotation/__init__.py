"""The annotator of photographs: it finds hands, locates their joints, and fits poses of the hand model.

folder -> seeds (roughly where hands are) -> test_time_augmentation (runs of a network, averaged) -> fits -> cleaning.
"""

from dahyf_core.datasets.annotation.annotate import Annotation, Annotator
from dahyf_core.datasets.annotation.cleaning import CleaningLimits

__all__ = ["Annotation", "Annotator", "CleaningLimits"]
