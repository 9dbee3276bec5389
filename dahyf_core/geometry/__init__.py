"""Rotations, alignment, translations and kinematics in numpy; `geometry.tensors` has the torch twins, equal by test.

Nothing here depends on lenses, data sets or networks. The rotations are tested against
`scipy.spatial.transform.Rotation`. Unlike that class, they take any leading shape.
"""

from dahyf_core.geometry.alignment import nearest_rotation, similarity_aligned
from dahyf_core.geometry.axes import FROM_CAMERA, Up
from dahyf_core.geometry.hand_points import KEYPOINT_SETS, MIDDLE_KNUCKLE, MIRROR, PALM, WRIST, relative_depths
from dahyf_core.geometry.kinematics import BoneLevels, bone_levels, forward_kinematics
from dahyf_core.geometry.rotations import (
    angle_between,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    continuous_quaternions,
    cross_matrix,
    matrix_from_axis_angle,
    matrix_from_rot6d,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
    quaternion_product,
    rot6d_from_matrix,
    shortest_rotation,
    slerp,
    viewing_rotation,
)
from dahyf_core.geometry.translation import minimise_reprojection, solve_translation

__all__ = [
    "FROM_CAMERA",
    "KEYPOINT_SETS",
    "MIDDLE_KNUCKLE",
    "MIRROR",
    "PALM",
    "WRIST",
    "BoneLevels",
    "Up",
    "angle_between",
    "axis_angle_from_matrix",
    "axis_angle_from_quaternion",
    "bone_levels",
    "continuous_quaternions",
    "cross_matrix",
    "forward_kinematics",
    "matrix_from_axis_angle",
    "matrix_from_rot6d",
    "minimise_reprojection",
    "nearest_rotation",
    "quaternion_from_axis_angle",
    "quaternion_from_matrix",
    "quaternion_product",
    "relative_depths",
    "rot6d_from_matrix",
    "shortest_rotation",
    "similarity_aligned",
    "slerp",
    "solve_translation",
    "viewing_rotation",
]
