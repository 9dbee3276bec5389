"""Tracking of hands from frame to frame: search regions, association, and handedness."""

from dahyf_core.tracking.association import LIKELY_HAND, Observation, distinct, show_same_hand, side_evidence
from dahyf_core.tracking.boxes import crops_from_joints
from dahyf_core.tracking.given import GivenHand, boxed_crops, given_rows, likelihood
from dahyf_core.tracking.hands import Assembly, TrackedHand, assemble_hands
from dahyf_core.tracking.settings import TrackingSettings
from dahyf_core.tracking.tracker import UNTRACKED, Tracker

__all__ = [
    "LIKELY_HAND",
    "UNTRACKED",
    "Assembly",
    "GivenHand",
    "Observation",
    "TrackedHand",
    "Tracker",
    "TrackingSettings",
    "assemble_hands",
    "boxed_crops",
    "crops_from_joints",
    "distinct",
    "given_rows",
    "likelihood",
    "show_same_hand",
    "side_evidence",
]
