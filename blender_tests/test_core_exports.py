"""The core's exports, read by Blender's importers, have the capture's positions."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest
from capture_factory import intrinsics
from conftest import CORE_PYTHON, ROOT
from mathutils import Matrix

from addon.backend.capture_file import Capture, read_capture
from addon.scene.scene_import import ImportOptions, import_capture

MILLIMETRE = 1e-3
FPS = 25
TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From the camera frame to scenes that look along +Y, Z up, as the add-on builds them and files with Y up arrive."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a capture of two random hands, the core's own truth of it, and its exports."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    folder = tmp_path_factory.mktemp("exports")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    script = ROOT / "blender_tests" / "core_truth.py"
    camera = json.dumps({"clip": intrinsics()})
    subprocess.run(
        [str(CORE_PYTHON), str(script), str(folder), camera], env=environment | {"PYTHONPATH": str(ROOT)}, check=True
    )
    return folder


def export(folder: Path, suffix: str, *options: str) -> Path:
    """Run the core's `export`."""
    output = folder / f"clip{suffix}"
    command = [str(CORE_PYTHON), "-m", "dahyf_core", "export", str(folder / "clip.npz"), "-o", str(output), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "is not installed" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return output


def by_bvh(path: Path) -> int:
    """Import a BVH file. Blender's importer puts its first frame after the chosen start frame."""
    addon_utils.enable("io_anim_bvh")
    bpy.ops.import_anim.bvh(filepath=str(path), global_scale=0.01, frame_start=0, axis_forward="-Z", axis_up="Y")
    return 1


def by_gltf(path: Path) -> int:
    addon_utils.enable("io_scene_gltf2")
    bpy.ops.import_scene.gltf(filepath=str(path))
    return 0


def by_usd(path: Path) -> int:
    bpy.ops.wm.usd_import(filepath=str(path))
    return 0


def by_usd_of_centimetres(path: Path) -> int:
    """Import a USD file in centimetres. Blender 4.2 ignores the file's unit, so it is scaled here."""
    heeds_unit = "apply_unit_conversion_scale" in bpy.ops.wm.usd_import.get_rna_type().properties
    bpy.ops.wm.usd_import(filepath=str(path), scale=1.0 if heeds_unit else 0.01)
    return 0


@pytest.mark.parametrize(
    ("suffix", "options", "read", "separator"),
    [
        (".bvh", (), by_bvh, "."),
        (".glb", (), by_gltf, "."),
        (".usda", (), by_usd, "_"),
        (".usdc", ("--up", "z", "--unit", "cm"), by_usd_of_centimetres, "_"),
    ],
)
def test_blenders_importers_agree_with_the_capture(
    exported: Path, suffix: str, options: tuple[str, ...], read: Callable[[Path], int], separator: str
) -> None:
    if suffix.startswith(".usd") and not bpy.app.build_options.usd:
        pytest.skip("this Blender is built without USD")
    path = export(exported, suffix, *options)
    capture = read_capture(exported / "clip.npz")
    bpy.context.scene.render.fps = FPS
    first = read(path)
    with np.load(exported / "clip.truth.npz") as truth:
        joints = truth["joints"]
    for frame in range(len(capture.frame)):
        bpy.context.scene.frame_set(first + frame)
        for hand, side in enumerate(capture.hands):
            label = separator + ("R" if side.side == "right" else "L")
            heads = [head(f"{bone}{label}") for bone in capture.skeleton.names]
            off = np.linalg.norm(np.array(heads) - joints[hand, frame] @ TO_BLENDER.T, axis=1)
            assert off.max() < 0.1 * MILLIMETRE, (suffix, side.side, frame)


def head(bone: str) -> tuple[float, float, float]:
    """A bone's head in world space."""
    (armature,) = (each for each in bpy.data.objects if each.type == "ARMATURE" and bone in each.pose.bones)
    return tuple(armature.matrix_world @ armature.pose.bones[bone].head)


def test_rest_bones_have_the_axes_of_the_add_ons_own(exported: Path) -> None:
    """The bones of .glb files turn about the same axes as those of the rigs that the add-on builds."""
    path = export(exported, ".glb")
    capture: Capture = read_capture(exported / "clip.npz")
    imported = import_capture(bpy.context, capture, ImportOptions(show_footage=False))
    file = json_of(path)
    for rig, skin in zip(imported.rigs, file["skins"], strict=True):
        nodes = [file["nodes"][joint] for joint in skin["joints"]]
        parents = {child: joint for joint in skin["joints"] for child in file["nodes"][joint].get("children", ())}
        world: dict[int, Matrix] = {}
        for joint, node in zip(skin["joints"], nodes, strict=True):
            x, y, z, w = node["rotation"]
            quaternion = np.array([w, x, y, z])
            local = Matrix(rotation(quaternion))
            world[joint] = world[parents[joint]] @ local if joint in parents else local
            expected = to_y_up(rig.armature.data.bones[node["name"]].matrix_local.to_3x3())
            assert np.abs(np.array(world[joint]) - np.array(expected)).max() < 1e-4, node["name"]


def json_of(path: Path) -> dict:
    content = path.read_bytes()
    return json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])


def to_y_up(matrix: Matrix) -> Matrix:
    """From the armature's own space, which is the camera frame."""
    return Matrix(((1, 0, 0), (0, -1, 0), (0, 0, -1))) @ matrix


def rotation(quaternion: np.ndarray) -> list[list[float]]:
    w, x, y, z = quaternion
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
