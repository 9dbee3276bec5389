"""What the 21 keypoints of a hand are, wherever they are counted: FreiHAND's order, which is MediaPipe's too."""

import numpy as np

WRIST, MIDDLE_KNUCKLE = 0, 9
PALM = [0, 5, 9, 13, 17]
"""Wrist and knuckles: they hardly move against each other, and lie nearly in a plane."""
KEYPOINT_SETS = ("own", "mediapipe", "freihand")
"""Where on a hand its keypoints lie: on the bones of the hand model, or as these two place them."""
MIRROR = np.array([-1.0, 1.0, 1.0])
"""Brings points of a right hand to a left one and back; axis-angle vectors take its negative."""
