"""The part of measure.py that runs in Blender: exports a capture, and reads files by Blender's importers.

Usage: in_blender.py export CAPTURE FOLDER      writes hands.fbx, .glb, .usdc, .bvh, .abc and what they must hold
       in_blender.py read FILE RATE OUT.npz     writes what Blender has of a file after importing it
"""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from addon.backend.capture_file import read_capture
from addon.compat import fcurves_of
from addon.export import files
from addon.export.subject import subject_of
from addon.scene.scene_import import ImportOptions, import_capture

SUFFIXES = (".fbx", ".glb", ".usdc", ".bvh", ".abc")
FIRST = {".fbx": 0, ".glb": 0, ".usda": 0, ".usdc": 0, ".bvh": 1, ".abc": 0}
"""Frame on which an importer puts the first one, of files of the core; Blender's own begin with the scene's first."""


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if arguments[0] == "export":
        export(Path(arguments[1]), Path(arguments[2]))
    else:
        read(Path(arguments[1]), Fraction(arguments[2]), Path(arguments[3]), int(arguments[4]), int(arguments[5]))


def export(capture_file: Path, folder: Path) -> None:
    """Build the rigs of a capture, write them in each format, and the truth of their bones and skins."""
    capture = read_capture(capture_file)
    imported = import_capture(bpy.context, capture, ImportOptions(show_footage=False, hide_missing=False))
    scene = bpy.context.scene
    frames = range(scene.frame_start, scene.frame_end + 1)
    rigs = [rig.armature for rig in imported.rigs]
    meshes = sorted((rig.mesh for rig in imported.rigs), key=lambda mesh: mesh.name)
    np.savez(folder / "truth.npz", **state(rigs, frames, meshes))
    subject = subject_of(scene, rigs, imported.camera)
    for suffix in SUFFIXES:
        files.export_files(subject, [folder / f"hands{suffix}"], files.ExportOptions())


def read(path: Path, rate: Fraction, output: Path, first: int, count: int) -> None:
    """Import a file and write its bones and its skins on `count` frames from `first` on."""
    scene = bpy.context.scene
    scene.render.fps = int(rate)
    importer(path.suffix)(str(path))
    rigs = [each for each in bpy.data.objects if each.type == "ARMATURE"]
    meshes = sorted((each for each in bpy.data.objects if each.type == "MESH"), key=lambda mesh: mesh.name)
    np.savez(output, **state(rigs, range(first, first + count), [] if rigs else meshes))


def importer(suffix: str) -> Any:
    """The importer of a suffix, called with a path."""
    import addon_utils  # there once bpy is imported

    if suffix == ".bvh":
        addon_utils.enable("io_anim_bvh")
        return lambda path: bpy.ops.import_anim.bvh(
            filepath=path, global_scale=0.01, frame_start=0, axis_forward="-Z", axis_up="Y"
        )
    if suffix == ".glb":
        addon_utils.enable("io_scene_gltf2")
        return lambda path: bpy.ops.import_scene.gltf(filepath=path)
    if suffix == ".fbx":
        return lambda path: bpy.ops.wm.fbx_import(filepath=path, anim_offset=0.0)
    if suffix == ".abc":
        return lambda path: bpy.ops.wm.alembic_import(filepath=path)
    return lambda path: bpy.ops.wm.usd_import(filepath=path)


def state(rigs: list[bpy.types.Object], frames: range, meshes: list[bpy.types.Object]) -> dict[str, np.ndarray]:
    """names (B,), worlds (T, B, 4, 4) and rest (B, 4, 4) of all bones; vertices (T, V, 3); keys (K,) in frames."""
    bones = [(rig, bone.name) for rig in rigs for bone in rig.pose.bones]
    worlds, points = [], []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        evaluated = {rig: rig.evaluated_get(graph) for rig in rigs}
        posed = [np.array(evaluated[rig].matrix_world @ evaluated[rig].pose.bones[name].matrix) for rig, name in bones]
        worlds.append(np.array(posed).reshape(-1, 4, 4))
        points.append(np.concatenate([np.zeros((0, 3)), *(vertices(mesh.evaluated_get(graph)) for mesh in meshes)]))
    rest = [np.array(rig.matrix_world @ rig.data.bones[name].matrix_local) for rig, name in bones]
    curves = (curve for rig in rigs if rig.animation_data for curve in fcurves_of(rig.animation_data.action))
    curve = next((curve for curve in curves if "wrist" in curve.data_path), None)
    return {
        "names": np.array([name for _, name in bones], dtype="<U64"),
        "worlds": np.array(worlds),
        "rest": np.array(rest).reshape(-1, 4, 4),
        "vertices": np.array(points),
        "keys": np.array([] if curve is None else [point.co.x for point in curve.keyframe_points]),
    }


def vertices(mesh: bpy.types.Object) -> np.ndarray:
    """(V, 3) of an evaluated mesh in the world."""
    data = mesh.to_mesh()
    flat = np.empty(3 * len(data.vertices))
    data.vertices.foreach_get("co", flat)
    mesh.to_mesh_clear()
    matrix = np.array(mesh.matrix_world)
    return flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


if __name__ == "__main__":
    main(sys.argv[1:])
