"""Bones, skin and camera in Blender put a hand where its capture's numbers put it."""

import json
import os
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from capture_factory import footage, intrinsics
from conftest import CORE_PYTHON, ROOT, MakeCapture
from hand_maths import Truth, truth_of
from mathutils import Vector
from numpy.typing import NDArray

from addon.backend.capture_file import Capture, read_capture
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.scene.timing import Timeline

CAMERAS = {
    "landscape": intrinsics(),
    "portrait": intrinsics(width=360, height=640, cx=180.0, cy=320.0),
    "off centre": intrinsics(cx=250.0, cy=230.0),
    "portrait off centre": intrinsics(width=360, height=640, cx=120.0, cy=400.0),
    "wide pixels": intrinsics(fx=500.0, fy=750.0, cx=300.0, cy=190.0),
    "tall pixels": intrinsics(fx=750.0, fy=500.0, cx=300.0, cy=190.0),
    "tall pixels portrait": intrinsics(fx=750.0, fy=500.0, cx=150.0, cy=350.0, width=360, height=640),
}
MILLIMETRE = 1e-3


@pytest.fixture(scope="session")
def core_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of random hands that the core has written, with what the core itself makes of them."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    folder = tmp_path_factory.mktemp("core")
    script = Path(__file__).parent / "core_truth.py"
    subprocess.run(
        [str(CORE_PYTHON), str(script), str(folder), json.dumps(CAMERAS)],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        cwd=ROOT,
        check=True,
    )
    return folder


@pytest.mark.parametrize("name", CAMERAS)
def test_blender_agrees_with_the_core(core_folder: Path, name: str) -> None:
    capture = read_capture(core_folder / f"{name}.npz")
    with np.load(core_folder / f"{name}.truth.npz") as truth:
        assert_agreement(capture, make(capture), Truth(truth["joints"], truth["vertices"], truth["pixels"]))


@pytest.mark.parametrize("name", CAMERAS)
def test_blender_agrees_with_the_documented_formulas(make_capture: MakeCapture, name: str) -> None:
    camera = CAMERAS[name]
    capture = make_capture(intrinsics=camera, footage=footage(width=camera["width"], height=camera["height"]))
    assert_agreement(capture, make(capture), truth_of(capture))


def test_bone_rolls_do_not_matter(make_capture: MakeCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    monkeypatch.setattr("addon.scene.rig.bend_directions", lambda joints: rng.normal(size=joints.shape))
    capture = make_capture()
    assert_agreement(capture, make(capture), truth_of(capture))


def test_the_root_moves_camera_and_hands_together(make_capture: MakeCapture) -> None:
    capture = make_capture(sides=("left",))
    imported = make(capture)
    imported.root.location = (1.0, -2.0, 0.5)
    imported.root.rotation_euler = (0.3, -0.2, 1.1)
    assert_agreement(capture, imported, truth_of(capture))


def test_camera_stands_upright(make_capture: MakeCapture) -> None:
    imported = make(make_capture())
    bpy.context.view_layer.update()
    axes = imported.camera.matrix_world.to_3x3()
    assert np.allclose(axes @ Vector((0, 0, -1)), (0, 1, 0), atol=1e-6), "it looks along +Y"
    assert np.allclose(axes @ Vector((0, 1, 0)), (0, 0, 1), atol=1e-6), "up is +Z"


def make(capture: Capture) -> ImportedCapture:
    return import_capture(bpy.context, capture, ImportOptions(show_footage=False))


def assert_agreement(capture: Capture, imported: ImportedCapture, truth: Truth) -> None:
    """To 0.1 mm and 0.1 px, in every frame of every hand."""
    for index, frame in enumerate(Timeline().frames(capture)):
        bpy.context.scene.frame_set(int(frame))
        for hand, rig in enumerate(imported.rigs):
            bones = np.array([bone.head for bone in rig.armature.pose.bones])
            assert np.abs(bones - truth.joints[hand, index]).max() < 0.1 * MILLIMETRE
            skin = posed_skin(rig.mesh)
            assert np.abs(skin - truth.vertices[hand, index]).max() < 0.1 * MILLIMETRE
            pixels = seen_pixels(skin, rig.mesh.matrix_world, imported.camera)
            assert np.abs(pixels - truth.pixels[hand, index]).max() < 0.1


def posed_skin(mesh: bpy.types.Object) -> NDArray:
    """(V, 3) the skin as it is posed now, in the armature's own coordinates."""
    data = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(len(data.vertices) * 3, np.float32)
    data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def seen_pixels(points: NDArray, to_world, camera: bpy.types.Object) -> NDArray:
    """(N, 2) where Blender's camera sees points of an object."""
    scene = bpy.context.scene
    views = np.array([world_to_camera_view(scene, camera, to_world @ Vector(point)) for point in points])
    size = (scene.render.resolution_x, scene.render.resolution_y)
    return np.stack([views[:, 0], 1 - views[:, 1]], axis=1) * size
