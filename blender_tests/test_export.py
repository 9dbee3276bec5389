"""Exports through Blender, read back by Blender's importers: bones are where they were, on every frame."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import addon_utils
import bpy
import numpy as np
import pytest
from capture_factory import capture_arrays, write_capture
from conftest import MakeCapture
from rig_factory import Style, build_rig

from addon import command_line
from addon.compat import fcurves_of
from addon.errors import ExportError, OutputError, SettingsError
from addon.export import files, formats
from addon.export.subject import Subject, subject_of
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.scene.scene_import import ImportOptions, import_capture

MILLIMETRE = 1e-3
FPS = 25


@pytest.fixture
def hands(make_capture: MakeCapture) -> Subject:
    """The two hands of a capture in the open scene, and the camera that filmed them."""
    imported = import_capture(bpy.context, make_capture(), ImportOptions(show_footage=False))
    scene = bpy.context.scene
    return subject_of(scene, [rig.armature for rig in imported.rigs], imported.camera)


def heads(armatures: list[bpy.types.Object], frame: float) -> dict[str, np.ndarray]:
    """Where each bone's head is in the world on a frame."""
    bpy.context.scene.frame_set(int(frame // 1), subframe=frame % 1)
    return {bone.name: np.array(each.matrix_world @ bone.head) for each in armatures for bone in each.pose.bones}


def need(suffix: str) -> None:
    """Skip where this Blender cannot write the format, which it says."""
    option = {".usdc": "usd", ".abc": "alembic"}.get(suffix, "")
    if option and not getattr(bpy.app.build_options, option):
        with pytest.raises(ExportError, match="is built without"):
            files.format_of(Path(suffix.removeprefix(".")).with_suffix(suffix)).convention("ANY", None, None)
        pytest.skip(f"this Blender is built without {option}")


def plain(name: str) -> str:
    """A bone's name without the signs that formats replace."""
    return re.sub(r"\W", "_", name)


def by_fbx(path: Path) -> None:
    """Blender's newer importer reads the rate of the file; the older one takes the next whole rate for it."""
    if "fbx_import" in dir(bpy.ops.wm):
        bpy.ops.wm.fbx_import(filepath=str(path), anim_offset=0.0)
        return
    addon_utils.enable("io_scene_fbx")
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    for action in bpy.data.actions:
        for curve in fcurves_of(action):
            for point in curve.keyframe_points:
                point.co.x /= bpy.context.scene.render.fps_base
            curve.update()


def by_gltf(path: Path) -> None:
    addon_utils.enable("io_scene_gltf2")
    bpy.ops.import_scene.gltf(filepath=str(path))


def by_usd(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path))


def by_bvh(path: Path) -> None:
    addon_utils.enable("io_anim_bvh")
    bpy.ops.import_anim.bvh(filepath=str(path), global_scale=0.01, frame_start=0, axis_forward="-Z", axis_up="Y")


READERS: dict[str, tuple[Callable[[Path], None], int]] = {
    ".fbx": (by_fbx, 1),
    ".glb": (by_gltf, 0),
    ".usdc": (by_usd, 1),
    ".bvh": (by_bvh, 1),
}
"""By suffix: the importer, and the frame on which it puts the first one."""


@pytest.mark.parametrize(
    ("suffix", "program"), [*((suffix, "ANY") for suffix in READERS), (".fbx", "UNITY"), (".usdc", "MAYA")]
)
def test_imported_bones_are_where_the_hands_were(hands: Subject, tmp_path: Path, suffix: str, program: str) -> None:
    need(suffix)
    scene = bpy.context.scene
    count = scene.frame_end - scene.frame_start + 1
    truth = [heads(list(hands.armatures), scene.frame_start + k) for k in range(count)]
    fps, base = scene.render.fps, scene.render.fps_base
    written = files.export_files(hands, [tmp_path / f"clip{suffix}"], files.ExportOptions(program))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = fps, base
    read, first = READERS[suffix]
    for path in written:
        read(path)
    rigs = [each for each in bpy.data.objects if each.type == "ARMATURE"]
    for k, expected in enumerate(truth):
        found = {plain(name): head for name, head in heads(rigs, first + k).items()}
        off = {name: np.linalg.norm(found[plain(name)] - head) for name, head in expected.items()}
        assert max(off.values()) < 0.1 * MILLIMETRE, (k, off)


def test_the_place_of_a_skeleton_is_in_its_channels_alone(hands: Subject, tmp_path: Path) -> None:
    """Programs differ in whether they add the offset of a root to its channels."""
    for path in files.export_files(hands, [tmp_path / "clip.bvh"], files.ExportOptions()):
        root, *others = re.findall(r"OFFSET (.*)", path.read_text("utf-8"))
        assert set(map(float, root.split())) == {0.0}
        assert any(float(number) for number in others[0].split())


@pytest.fixture
def character() -> bpy.types.Object:
    """A rig of half size, turned and moved below a moving parent, whose helper bone carries a constrained one.

    A skin follows two of its bones, and a ring is a child of a third.
    """
    rig = build_rig(read_preset(SHIPPED / "mixamo.json"), Style(scale=0.5), "hero")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 3, 12
    mover = bpy.data.objects.new("mover", None)
    scene.collection.objects.link(mover)
    rig.parent = mover
    rig.rotation_euler = (0.3, -0.2, 1.0)
    for frame, place in ((3, (0, 0, 0)), (12, (1, -2, 0.5))):
        mover.location = place
        mover.rotation_euler = (0, 0, place[0])
        mover.keyframe_insert("location", frame=frame)
        mover.keyframe_insert("rotation_euler", frame=frame)
    rng = np.random.default_rng(0)
    for bone in rig.pose.bones:
        for frame in (3, 7, 12):
            bone.rotation_quaternion = np.array([1, 0, 0, 0]) + rng.normal(scale=0.2, size=4)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    add_mesh("skin", rig)
    ring = add_mesh("ring", None)
    ring.parent, ring.parent_type, ring.parent_bone = rig, "BONE", "mixamorig:RightHandIndex1"
    limit = rig.pose.bones["mixamorig:LeftHandIndex2"].constraints.new("COPY_ROTATION")
    limit.target, limit.subtarget = rig, "mixamorig:RightHandIndex2"
    return rig


def add_mesh(name: str, armature: bpy.types.Object | None) -> bpy.types.Object:
    """A cube, deformed by the hands of an armature if one is given."""
    bpy.ops.mesh.primitive_cube_add(size=0.1)
    mesh = bpy.context.object
    mesh.name = mesh.data.name = name
    if armature:
        mesh.parent = armature
        mesh.modifiers.new("Armature", "ARMATURE").object = armature
        mesh.vertex_groups.new(name="mixamorig:RightHand").add([0, 1, 2, 3], 1.0, "REPLACE")
        mesh.vertex_groups.new(name="mixamorig:LeftHand").add([4, 5, 6, 7], 1.0, "REPLACE")
    return mesh


def corners(name: str, frame: float) -> np.ndarray:
    """(8, 3) the deformed corners of a cube in the world, in a fixed order of its 8 places."""
    bpy.context.scene.frame_set(int(frame // 1), subframe=frame % 1)
    evaluated = bpy.data.objects[name].evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.array([evaluated.matrix_world @ vertex.co for vertex in evaluated.data.vertices])
    return points[np.lexsort(np.round(points, 4).T)]


def reread(path: Path, fps: int) -> int:
    """Open an exported file in an empty scene. Returns the frame of its first one."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = fps
    read, first = {**READERS, ".abc": (by_abc, 1)}[path.suffix]
    read(path)
    return first


def by_abc(path: Path) -> None:
    bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".usdc", ".abc"])
def test_a_characters_bones_and_meshes_move_alike_at_another_rate(
    character: bpy.types.Object, tmp_path: Path, suffix: str
) -> None:
    """Parents, scale, constraints and loose parts become plain keys; the file's rate is twice the scene's."""
    need(suffix)
    times = 3 + np.arange(19) / 2
    bones = [heads([character], time) for time in times]
    skin, ring = ([corners(name, time) for time in times] for name in ("skin", "ring"))
    options = files.ExportOptions("UNREAL", rate=Fraction(48), first_frame=1)
    (path,) = files.export_files(subject_of(bpy.context.scene, [character]), [tmp_path / f"hero{suffix}"], options)
    first = reread(path, 48)
    scale = 0.01 if suffix == ".abc" else 1.0
    rigs = [each for each in bpy.data.objects if each.type == "ARMATURE"]
    for k in range(len(times)):
        if suffix != ".abc":
            found = {plain(name): head for name, head in heads(rigs, first + k).items()}
            assert max(np.linalg.norm(found[plain(name)] - head) for name, head in bones[k].items()) < 0.1 * MILLIMETRE
        for name, expected in (("skin", skin[k]), ("ring", ring[k])):
            read = corners(name, first + k) * scale
            near = np.linalg.norm(read[:, None] - expected, axis=2).min(axis=0)
            assert near.max() < 0.1 * MILLIMETRE, (name, k)


def test_an_exported_scene_is_as_it_was(character: bpy.types.Object, tmp_path: Path) -> None:
    before = {kind: sorted(each.name for each in getattr(bpy.data, kind)) for kind in KINDS}
    files.export_files(
        subject_of(bpy.context.scene, [character]), [tmp_path / "a.glb", tmp_path / "a.fbx"], files.ExportOptions()
    )
    assert {kind: sorted(each.name for each in getattr(bpy.data, kind)) for kind in KINDS} == before
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.fbx", "a.glb"]


KINDS = ("objects", "armatures", "meshes", "actions", "scenes", "cameras")


def test_helper_bones_stay_out_and_children_find_deforming_parents(character: bpy.types.Object, tmp_path: Path) -> None:
    for name in ("root", "mixamorig:RightHand"):
        character.data.bones[name].use_deform = False
    for all_bones in (False, True):
        options = files.ExportOptions(all_bones=all_bones)
        files.export_files(subject_of(bpy.context.scene, [character]), [tmp_path / f"{all_bones}.fbx"], options)
    kept = {bone.name for bone in character.data.bones} - {"root", "mixamorig:RightHand"}
    for all_bones, expected in ((False, kept), (True, kept | {"root", "mixamorig:RightHand"})):
        reread(tmp_path / f"{all_bones}.fbx", 24)
        (rig,) = (each for each in bpy.data.objects if each.type == "ARMATURE")
        assert {bone.name for bone in rig.data.bones} == expected
        if not all_bones:
            assert rig.data.bones["mixamorig:RightHandIndex1"].parent.name == "forearm_right"


def test_a_camera_that_is_asked_for_sees_the_same(hands: Subject, tmp_path: Path) -> None:
    seen = hands.camera.matrix_world.copy()
    (path,) = files.export_files(hands, [tmp_path / "clip.glb"], files.ExportOptions())
    reread(path, 30)
    (camera,) = (each for each in bpy.data.objects if each.type == "CAMERA")
    assert np.abs(np.array(camera.matrix_world) - np.array(seen)).max() < 1e-5


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(character: bpy.types.Object, tmp_path: Path) -> None:
    scene = bpy.context.scene
    subject = subject_of(scene, [character])
    with pytest.raises(ExportError, match="nothing to export"):
        subject_of(scene, [])
    for path, options, error in (
        (tmp_path / "a.obj", files.ExportOptions(), SettingsError),
        (tmp_path / "a.glb", files.ExportOptions(up="Z"), SettingsError),
        (tmp_path / "a.glb", files.ExportOptions(unit="CM"), SettingsError),
        (tmp_path / "no" / "a.fbx", files.ExportOptions(), OutputError),
    ):
        with pytest.raises(error):
            files.export_files(subject, [path], options)
    bpy.data.objects["skin"].parent = None
    with pytest.raises(ExportError, match="skin does not move with"):
        files.export_files(subject, [tmp_path / "a.fbx"], files.ExportOptions())
    character.scale = (0.5, 0.7, 0.5)
    with pytest.raises(ExportError, match="hero is scaled unevenly"):
        files.export_files(subject, [tmp_path / "a.fbx"], files.ExportOptions())
    assert not list(tmp_path.iterdir())


def test_an_older_file_stays_when_an_export_fails(
    hands: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clip.glb").write_text("before")

    def fail(**_: object) -> None:
        raise RuntimeError("Error: no space")

    monkeypatch.setattr(formats, "operators", SimpleNamespace(export_scene=SimpleNamespace(gltf=fail)))
    with pytest.raises(OutputError, match="no space"):
        files.export_files(hands, [tmp_path / "clip.glb"], files.ExportOptions())
    assert (tmp_path / "clip.glb").read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"clip.glb", "clip.hands.npz"}


def test_the_command_exports_the_file_that_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    capture, blend = write_capture(tmp_path / "clip.npz", capture_arrays()), tmp_path / "clip.blend"
    assert command_line.run(["import", str(capture), "-o", str(blend), "--export", "glb,bvh", "--no-footage"]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"clip.npz", "clip.blend", "clip.glb", "clip_clip_hand.L.bvh", "clip_clip_hand.R.bvh"}
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    wanted = ["export", "-o", str(tmp_path / "a.fbx"), "-o", str(tmp_path / "a.glb"), "--for", "maya", "--camera"]
    assert command_line.run(wanted) == 0
    assert min((tmp_path / name).stat().st_size for name in ("a.fbx", "a.glb")) > 1000
    assert "Exported" in capsys.readouterr().out
    assert command_line.run(["export", "-o", str(tmp_path / "b.fbx"), "--rig", "nobody"]) == 9
    assert command_line.run(["export", "-o", str(tmp_path / "b.fbx"), "--rate", "0"]) == 2
    assert not (tmp_path / "b.fbx").exists()


@pytest.mark.usefixtures("registered")
def test_the_button_exports_a_copy_of_the_open_file(hands: Subject, tmp_path: Path) -> None:
    for armature in hands.armatures:
        armature.name = f"renamed {armature.name}"
    path = tmp_path / "clip.fbx"
    assert bpy.ops.dahyf_hands.export(filepath=str(path.with_suffix("")), file_format="FBX") == {"FINISHED"}
    assert {each.name for each in bpy.data.objects if each.type == "ARMATURE"} == {
        each.name for each in hands.armatures
    }
    assert len(bpy.data.scenes) == 1
    names = {armature.name for armature in hands.armatures}
    reread(path, 30)
    assert {each.name for each in bpy.data.objects if each.type == "ARMATURE"} == names


@pytest.mark.usefixtures("registered")
def test_the_button_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Show a capture with hands"):
        bpy.ops.dahyf_hands.export(filepath=str(tmp_path / "clip.fbx"))
    with pytest.raises(RuntimeError, match="Choose a rig"):
        bpy.ops.dahyf_hands.export(filepath=str(tmp_path / "clip.fbx"), subject="RIG")
    assert not list(tmp_path.iterdir())
