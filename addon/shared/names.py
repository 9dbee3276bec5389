"""Names of sides, fingers, bones and joints."""

from typing import Final

SIDES: Final = ("left", "right")

FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
"""Fingers from the thumb on, the order of fingertips and keypoints."""

MANO_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")
"""Fingers in the order of MANO's bones."""

WRIST: Final = "wrist"

BONE_NAMES: Final = (WRIST, *(f"{finger}{number}" for finger in MANO_FINGERS for number in (1, 2, 3)))
"""The 16 bones of MANO, each finger's from the palm outwards."""

JOINT_NAMES: Final = (WRIST, *(f"{finger}{number}" for finger in FINGERS for number in (1, 2, 3, 4)))
"""The 21 keypoints of MediaPipe and FreiHAND; the fourth of a finger is its tip."""
