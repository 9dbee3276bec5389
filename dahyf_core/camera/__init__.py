"""Cameras: the real one that filmed the footage, and the virtual one that looks at each hand.

The real camera follows OpenCV: x right, y down, z forward, metres. Pixels are (x, y) with the centre of a pixel at
integer coordinates, as cv2 counts.
"""

from dahyf_core.camera.boxes import CROP_SCALE, box_around, crops_around, upright_crops, upright_rolls
from dahyf_core.camera.crops import PATCH_SIZE, Crops, cut_patches, upright_roll
from dahyf_core.camera.intrinsics import Intrinsics
from dahyf_core.camera.lens import Lens, assumed_focal

__all__ = [
    "CROP_SCALE",
    "PATCH_SIZE",
    "Crops",
    "Intrinsics",
    "Lens",
    "assumed_focal",
    "box_around",
    "crops_around",
    "cut_patches",
    "upright_crops",
    "upright_roll",
    "upright_rolls",
]
