"""The torch twins of the geometry give the same numbers as numpy's, and gradients."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dahyf_core import geometry

torch = pytest.importorskip("torch", reason="the torch twins need the [train] extra")

from dahyf_core.geometry import tensors  # noqa: E402

RANDOM = np.random.default_rng(8)
ROTATIONS = Rotation.random(12, random_state=1).as_matrix()
HANDS = 0.08 * RANDOM.normal(size=(12, 21, 3))
RAYS = (HANDS[..., :2] + (0.1, -0.05)) / (HANDS[..., 2:] + 0.6) + 0.01 * RANDOM.normal(size=(12, 21, 2))
PARENTS = np.array([-1, 0, 1, 2, 0, 4, 0])
LEVELS = geometry.bone_levels(PARENTS)
LOCAL = Rotation.random(35, random_state=2).as_matrix().reshape(5, 7, 3, 3)

TWINS = {
    "matrix_from_axis_angle": (RANDOM.normal(size=(4, 3, 3)),),
    "matrix_from_rot6d": (RANDOM.normal(size=(4, 3, 6)),),
    "rot6d_from_matrix": (ROTATIONS,),
    "viewing_rotation": (RANDOM.normal(size=(9, 2)),),
    "similarity_aligned": (2 * HANDS @ ROTATIONS[0] + 1, HANDS + 0.01 * RANDOM.normal(size=HANDS.shape)),
}


def as_tensors(arguments):
    return [torch.from_numpy(np.ascontiguousarray(values)) for values in arguments]


@pytest.mark.parametrize("name", TWINS)
def test_twins_give_the_same_numbers(name):
    wanted = getattr(geometry, name)(*TWINS[name])
    np.testing.assert_allclose(getattr(tensors, name)(*as_tensors(TWINS[name])), wanted, atol=1e-10)


@pytest.mark.parametrize("nearest", [0.05, 0.7])
def test_translations_are_the_same(nearest):
    wanted = geometry.solve_translation(HANDS, RAYS, nearest=nearest)
    np.testing.assert_allclose(tensors.solve_translation(*as_tensors((HANDS, RAYS)), nearest), wanted, atol=1e-10)


def test_kinematics_are_the_same():
    rest, translation = RANDOM.normal(size=(5, 7, 3)), RANDOM.normal(size=(5, 1, 3))
    local, joints, shift = as_tensors((LOCAL, rest, translation))
    found = tensors.forward_kinematics(local, joints, LEVELS, shift)
    for part, wanted in zip(found, geometry.forward_kinematics(LOCAL, rest, LEVELS, translation), strict=True):
        np.testing.assert_allclose(part, wanted, atol=1e-12)


def test_an_alignment_without_reflection_does_not_mirror():
    points, mirrored = as_tensors((HANDS, HANDS * (-1, 1, 1)))
    moved = tensors.similarity_aligned(mirrored, points)
    np.testing.assert_allclose(moved, geometry.similarity_aligned(HANDS * (-1, 1, 1), HANDS), atol=1e-10)
    assert (moved - points).norm(dim=-1).mean() > 0.02


@pytest.mark.parametrize("name", ["matrix_from_axis_angle", "matrix_from_rot6d", "viewing_rotation"])
def test_gradients_are_the_derivatives(name):
    (values,) = as_tensors(TWINS[name])
    assert torch.autograd.gradcheck(getattr(tensors, name), values.requires_grad_())


def test_translations_have_gradients():
    points, rays = as_tensors((HANDS[:2], RAYS[:2]))
    assert torch.autograd.gradcheck(
        lambda *each: tensors.solve_translation(*each, 0.05), (points.requires_grad_(), rays)
    )
