"""Exports, read back by others' readers: joints, rotations and times are those of the capture, in every frame."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from capture_factory import make_capture
from cli_runner import run, say

from dahyf_core import export
from dahyf_core.camera import Intrinsics
from dahyf_core.capture import save_capture
from dahyf_core.cleaning import CleaningSettings, State
from dahyf_core.errors import OutputError, SettingsError
from dahyf_core.export import Exporter, ExportOptions, animate, export_capture, registry, resampled
from dahyf_core.geometry import angle_between, axis_angle_from_quaternion, matrix_from_axis_angle
from dahyf_core.hand_model import KEYPOINT_BONES, load_hand_model
from dahyf_core.preview.skinning import bone_moves, skin
from dahyf_core.shared.names import JOINT_NAMES

MILLIMETRES, DEGREES, SECONDS = 0.1, 0.1, 1e-3
"""By which a file may be off."""
TO_SCENE = {"y": np.diag((1.0, -1.0, -1.0)), "z": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])}
METRES = {"m": 1.0, "cm": 0.01}
LOST = [0, 1, 7, 8, 9]
MOVING = (".bvh", ".glb", ".usda", ".usdc")


def capture_of(name):
    """What is exported."""
    if name == "one hand":
        return make_capture(frames=12, sides=("right",))
    if name == "three hands":
        return make_capture(frames=8, sides=("right", "left", "right"), first_frame=100)
    if name == "lost":
        return make_capture(frames=14, sides=("left",), unseen=LOST, settings=CleaningSettings(lost="open"))
    assert name == "one frame"
    return make_capture(frames=1, sides=("left",))


CAPTURES = ("one hand", "three hands", "lost", "one frame")


def truth(capture, hand):
    """Heads (T, 16, 3) m, rotations from rest (T, 16, 3, 3) and presence (T,), in the camera frame."""
    moves = bone_moves(capture.rest_joints[hand], capture.parents, capture.pose[hand])
    heads = np.einsum("tbij,bj->tbi", moves[..., :3], capture.rest_joints[hand]) + moves[..., 3]
    return heads + capture.translation[hand][:, None], moves[..., :3], capture.state[hand] != State.MISSING


def check(capture, hand, times, heads, turns, rest, up="y", unit="m"):
    """Bones as a reader has them: heads (T, 16, 3), rotations in the scene now (T, 16, 3, 3) and at rest (16, 3, 3)."""
    to_scene = TO_SCENE[up]
    expected, rotations, present = truth(capture, hand)
    np.testing.assert_allclose(times, capture.time - capture.time[0], atol=SECONDS)
    heads = np.asarray(heads, float) * METRES[unit] @ to_scene
    turns = to_scene.T @ turns @ rest.swapaxes(-1, -2) @ to_scene
    off = np.linalg.norm(heads - expected, axis=-1)[present]
    assert off.max() * 1000 < MILLIMETRES
    assert np.degrees(angle_between(turns, rotations)[present].max()) < DEGREES
    # The keypoints ride on the bones: from the first frame's the file's bones lead to all others.
    seen = np.flatnonzero(present)
    joints = capture.joints_3d[hand]
    bones = KEYPOINT_BONES
    offsets = np.einsum("kji,kj->ki", rotations[seen[0], bones], joints[seen[0]] - expected[seen[0], bones])
    led = heads[:, bones] + np.einsum("tkij,kj->tki", turns[:, bones], offsets)
    assert np.linalg.norm(led - joints, axis=-1)[present].max() * 1000 < MILLIMETRES
    if not present.all():  # held
        lost = np.flatnonzero(~present & (np.arange(len(present)) > seen[0]))
        np.testing.assert_allclose(heads[lost[0]], heads[lost[0] - 1], atol=1e-6)


def read_bvh(path, names):
    """By bvhsdk, whose kinematics are its own."""
    bvhsdk = pytest.importorskip("bvhsdk", reason="bvhsdk is not installed: pip install '.[dev]'")
    file = bvhsdk.ReadFile(str(path))
    joints = [file.getJoint(name) for name in names]
    worlds = np.array([[joint.getGlobalTransform(frame) for joint in joints] for frame in range(file.frames)])
    return np.arange(file.frames) * file.frametime, worlds, np.tile(np.eye(3), (len(names), 1, 1))


def read_glb(path, hand):
    """By its bytes and the specification alone: times, worlds, rest rotations, and the skinned vertices."""
    content = path.read_bytes()
    assert content[:4] == b"glTF"
    length = int.from_bytes(content[12:16], "little")
    file, blob = json.loads(content[20 : 20 + length]), content[28 + length :]
    kinds = {5126: np.float32, 5125: np.uint32, 5121: np.uint8}
    shapes = {"SCALAR": (), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}

    def values(number):
        accessor = file["accessors"][number]
        view = file["bufferViews"][accessor["bufferView"]]
        part = blob[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        return np.frombuffer(part, kinds[accessor["componentType"]]).reshape(-1, *shapes[accessor["type"]])

    skinned, motion, nodes = file["skins"][hand], file["animations"][hand - len(file["skins"])], file["nodes"]
    joints = skinned["joints"]
    parents = {child: node for node, each in enumerate(nodes) for child in each.get("children", ())}
    sampled = {}
    for channel in motion["channels"]:
        sampler, target = motion["samplers"][channel["sampler"]], channel["target"]
        sampled[target["node"], target["path"]] = values(sampler["output"]).astype(float)
        times = values(sampler["input"])
    local = np.tile(np.eye(4), (len(times) + 1, len(joints), 1, 1))  # the last is the rest pose
    for (_, what), of_node in sampled.items():
        assert what == "translation" or np.allclose(np.linalg.norm(of_node, axis=-1), 1, atol=1e-6)
    for row, joint in enumerate(joints):
        rest_turn, rest_step = (np.array(nodes[joint][name]) for name in ("rotation", "translation"))
        turn = np.vstack([sampled[joint, "rotation"], rest_turn])
        step = np.vstack([sampled.get((joint, "translation"), np.tile(rest_step, (len(times), 1))), rest_step])
        local[:, row, :3, :3] = matrix_from_axis_angle(axis_angle_from_quaternion(np.roll(turn, 1, axis=-1)))
        local[:, row, :3, 3] = step
    for row, joint in enumerate(joints):
        if parents[joint] in joints:
            local[:, row] = local[:, joints.index(parents[joint])] @ local[:, row]
    (primitive,) = file["meshes"][hand]["primitives"]
    attributes = {name: values(number) for name, number in primitive["attributes"].items()}
    moves = local[:-1] @ values(skinned["inverseBindMatrices"]).swapaxes(-1, -2).astype(float)
    points = np.hstack([attributes["POSITION"], np.ones((len(attributes["POSITION"]), 1))])
    blended = np.einsum("vk,tvkij,vj->tvi", attributes["WEIGHTS_0"], moves[:, attributes["JOINTS_0"]], points)
    return (
        times,
        local[:-1],
        local[-1, :, :3, :3],
        SimpleNamespace(
            file=file,
            vertices=blended[..., :3],
            normals=attributes["NORMAL"],
            names=[nodes[joint]["name"] for joint in joints],
        ),
    )


def read_usd(path, name):
    """By usd-core: times, worlds, rest rotations, and what else it says."""
    pxr = pytest.importorskip("pxr", reason="usd-core is not installed: pip install '.[usd]'")
    from pxr import Usd, UsdSkel

    del pxr
    stage = Usd.Stage.Open(str(path))
    root = UsdSkel.Root(stage.GetPrimAtPath(f"/Hands/{name.replace('.', '_')}"))
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    skeleton = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath(f"{root.GetPath()}/Skeleton")))
    codes = skeleton.GetAnimQuery().GetJointTransformTimeSamples()
    worlds = np.array([np.array(skeleton.ComputeJointSkelTransforms(code)) for code in codes]).swapaxes(-1, -2)
    rest = np.array(skeleton.ComputeJointSkelTransforms(Usd.TimeCode.Default(), True)).swapaxes(-1, -2)
    rate = stage.GetTimeCodesPerSecond()
    skinning = cache.GetSkinningQuery(stage.GetPrimAtPath(f"{root.GetPath()}/Skin"))
    from pxr import UsdGeom, Vt

    points = UsdGeom.Mesh(stage.GetPrimAtPath(f"{root.GetPath()}/Skin")).GetPointsAttr().Get()
    vertices = []
    for code in codes:
        moved = Vt.Vec3fArray(points)
        assert skinning.ComputeSkinnedPoints(skeleton.ComputeSkinningTransforms(code), moved, code)
        vertices.append(np.array(moved))
    return (
        (np.array(codes) - codes[0]) / rate,
        worlds,
        rest[:, :3, :3],
        SimpleNamespace(stage=stage, codes=codes, vertices=np.array(vertices), root=root),
    )


def check_skin(capture, hand, vertices, up="y"):
    _, _, present = truth(capture, hand)
    for frame in np.flatnonzero(present)[::3]:
        expected = skin(
            capture.rest_vertices[hand], capture.rest_joints[hand], capture.skin_weights, capture.parents,
            capture.pose[hand, frame], capture.translation[hand, frame],
        )  # fmt: skip
        off = np.linalg.norm(vertices[frame] @ TO_SCENE[up] - expected, axis=1)
        assert off.max() * 1000 < MILLIMETRES


def labels(capture):
    """The names of hands, without "hand" or a bone's name."""
    return [animation.name.removeprefix("hand") for animation in animate(capture)]


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize(("up", "unit"), [(None, None), ("z", "m")])
def test_bvh_is_the_capture(tmp_path, name, up, unit):
    capture = capture_of(name)
    export_capture(capture, tmp_path / "a.bvh", ExportOptions(up=up, unit=unit))
    for hand, label in enumerate(labels(capture)):
        times, worlds, rest = read_bvh(tmp_path / "a.bvh", [f"{bone}{label}" for bone in capture.bone_names])
        check(capture, hand, times, worlds[..., :3, 3], worlds[..., :3, :3], rest, up or "y", unit or "cm")


@pytest.mark.parametrize("name", CAPTURES)
def test_glb_is_the_capture(tmp_path, name):
    pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    capture = capture_of(name)
    export_capture(capture, tmp_path / "a.glb")
    for hand, label in enumerate(labels(capture)):
        times, worlds, rest, other = read_glb(tmp_path / "a.glb", hand)
        assert other.names == [f"{bone}{label}" for bone in capture.bone_names]
        check(capture, hand, times, worlds[..., :3, 3], worlds[..., :3, :3], rest)
        check_skin(capture, hand, other.vertices)
        middle = capture.rest_vertices[hand].mean(axis=0) @ TO_SCENE["y"].T
        outward = capture.rest_vertices[hand] @ TO_SCENE["y"].T - middle
        assert (np.sum(outward * other.normals, axis=1) > 0).mean() > 0.7


def test_the_first_animation_of_glb_moves_all_hands(tmp_path):
    pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    export_capture(make_capture(frames=3), tmp_path / "a.glb")
    animations = read_glb(tmp_path / "a.glb", 0)[-1].file["animations"]
    assert [animation["name"] for animation in animations] == ["hands", "hand.R", "hand.L"]
    targets = [
        {(each["target"]["node"], each["target"]["path"]): animation["samplers"][each["sampler"]]["output"]
         for each in animation["channels"]}
        for animation in animations
    ]  # fmt: skip
    assert targets[0] == targets[1] | targets[2]


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize(("suffix", "up", "unit"), [(".usda", None, None), (".usdc", "z", "cm"), (".usd", "z", None)])
def test_usd_is_the_capture(tmp_path, name, suffix, up, unit):
    pytest.importorskip("pxr", reason="usd-core is not installed: pip install '.[usd]'")
    capture, path = capture_of(name), tmp_path / f"a{suffix}"
    export_capture(capture, path, ExportOptions(up=up, unit=unit))
    for hand, animation in enumerate(animate(capture)):
        times, worlds, rest, other = read_usd(path, animation.name)
        check(capture, hand, times, worlds[..., :3, 3], worlds[..., :3, :3], rest, up or "y", unit or "m")
        check_skin(capture, hand, other.vertices * METRES[unit or "m"], up or "y")
        np.testing.assert_allclose(other.codes, capture.frame)
        invisible = [other.root.GetVisibilityAttr().Get(code) == "invisible" for code in other.codes]
        np.testing.assert_array_equal(invisible, capture.state[hand] == State.MISSING)
    from pxr import UsdGeom

    assert UsdGeom.GetStageUpAxis(other.stage) == (up or "y").upper()
    assert UsdGeom.GetStageMetersPerUnit(other.stage) == METRES[unit or "m"]


def test_the_camera_of_glb_sees_the_joints_where_the_picture_has_them(tmp_path):
    pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    capture = make_capture(frames=3, sides=("right",), intrinsics=Intrinsics(900.0, 1000.0, 640.0, 360.0, 1280, 720))
    export_capture(capture, tmp_path / "a.glb", ExportOptions(camera=True))
    _, _, _, other = read_glb(tmp_path / "a.glb", 0)
    (node,) = (node for node in other.file["nodes"] if "camera" in node)
    assert not {"translation", "rotation", "matrix"} & {name for name, value in node.items() if value is not None}
    view = other.file["cameras"][0]["perspective"]
    seen = capture.joints_3d[0] @ TO_SCENE["y"].T
    y = seen[..., 1] / -seen[..., 2] / np.tan(view["yfov"] / 2)
    x = seen[..., 0] / -seen[..., 2] / np.tan(view["yfov"] / 2) / view["aspectRatio"]
    pixels = np.stack([640 * (1 + x), 360 * (1 - y)], axis=-1)
    np.testing.assert_allclose(pixels, capture.joints_2d[0], atol=0.05)


@pytest.mark.parametrize(
    ("camera", "sentence"),
    [
        (Intrinsics(900.0, 900.0, 600.0, 360.0, 1280, 720), "principal point, 40 px"),
        (Intrinsics(900.0, 900.0, 640.0, 360.0, 1280, 720, (-0.1, 0.0, 0.0, 0.0, 0.0)), "distortion"),
    ],
)
def test_what_a_camera_of_glb_cannot_say_is_told(tmp_path, camera, sentence):
    pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    with pytest.warns(UserWarning, match=sentence):
        export_capture(make_capture(frames=2, intrinsics=camera), tmp_path / "a.glb", ExportOptions(camera=True))


@pytest.mark.parametrize("up", ["y", "z"])
def test_the_camera_of_usd_sees_the_joints_where_the_picture_has_them(tmp_path, up):
    pytest.importorskip("pxr", reason="usd-core is not installed: pip install '.[usd]'")
    from pxr import Gf, Usd, UsdGeom

    capture = make_capture(frames=2, sides=("left",), intrinsics=Intrinsics(900.0, 1000.0, 600.0, 400.0, 1280, 720))
    export_capture(capture, tmp_path / "a.usda", ExportOptions(up=up, unit="cm", camera=True))
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    frustum = UsdGeom.Camera(stage.GetPrimAtPath("/Hands/Camera")).GetCamera(Usd.TimeCode.Default()).frustum
    to_picture = frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix()
    for point, pixel in zip(capture.joints_3d[0, 0], capture.joints_2d[0, 0], strict=True):
        x, y, _ = to_picture.Transform(Gf.Vec3d(*(100 * TO_SCENE[up] @ point).tolist()))
        np.testing.assert_allclose((640 * (1 + x), 360 * (1 - y)), pixel, atol=0.05)


@pytest.mark.parametrize("suffix", [".bvh", ".glb", ".usda"])
def test_another_rate_moves_the_hands_at_the_same_pace(tmp_path, suffix):
    capture = make_capture(frames=31, sides=("right",), rate=Fraction(30))
    path = tmp_path / f"a{suffix}"
    if suffix == ".glb":
        pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    export_capture(capture, path, ExportOptions(rate=Fraction(24)))
    if suffix == ".bvh":
        times, worlds, _ = read_bvh(path, [f"{bone}.R" for bone in capture.bone_names])
    else:
        times, worlds, *_ = read_glb(path, 0) if suffix == ".glb" else read_usd(path, "hand.R")
    np.testing.assert_allclose(times, np.arange(25) / 24, atol=SECONDS)
    heads, _, _ = truth(capture, 0)
    scale = 0.01 if suffix == ".bvh" else 1.0
    for frame in range(0, 25, 4):  # every sixth of a second both have a frame
        off = worlds[frame, :, :3, 3] * scale @ TO_SCENE["y"] - heads[frame * 30 // 24]
        assert np.abs(off).max() * 1000 < MILLIMETRES


def uneven(frames=20):
    """A capture whose frames come as phones film them."""
    capture = make_capture(frames=frames, sides=("right",), rate=Fraction(30))
    steps = np.random.default_rng(3).uniform(0.5, 1.5, frames - 1) / 30
    return replace(capture, time=np.concatenate([[0.0], np.cumsum(steps)]))


def test_uneven_frames_keep_their_times_where_the_format_has_them(tmp_path):
    pytest.importorskip("pygltflib", reason="pygltflib is not installed: pip install '.[export]'")
    pytest.importorskip("pxr", reason="usd-core is not installed: pip install '.[usd]'")
    capture = uneven()
    for suffix in (".glb", ".usda"):
        export_capture(capture, tmp_path / f"a{suffix}")
    for times, worlds, rest, _ in (read_glb(tmp_path / "a.glb", 0), read_usd(tmp_path / "a.usda", "hand.R")):
        check(capture, 0, times, worlds[..., :3, 3], worlds[..., :3, :3], rest)


def test_uneven_frames_are_evened_for_bvh_and_told(tmp_path):
    capture = uneven()
    with pytest.warns(UserWarning, match="interpolated to 30 frames per second"):
        export_capture(capture, tmp_path / "a.bvh")
    times, worlds, _ = read_bvh(tmp_path / "a.bvh", ["wrist.R"])
    expected = [np.interp(times, capture.time, axis) for axis in truth(capture, 0)[0][:, 0].T]
    np.testing.assert_allclose(worlds[:, 0, :3, 3] * 0.01 @ TO_SCENE["y"], np.transpose(expected), atol=1e-5)


def test_resampling_past_any_limit_is_refused():
    animation = animate(make_capture(frames=3))[0]
    long = replace(animation, times=np.array([0.0, 1.0, 1e7]))
    with pytest.raises(SettingsError, match="frames"):
        resampled(long, Fraction(1000))


def test_mano_parameters_pose_the_hand_model(tmp_path):
    capture = make_capture(frames=6, unseen=[2], settings=CleaningSettings(lost="open"))
    with pytest.warns(UserWarning, match="open_hand"):
        export_capture(capture, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["mocap_framerate"] == pytest.approx(30000 / 1001)
    for hand, side in enumerate(arrays["side"]):
        model = load_hand_model(side=str(side))
        seen = arrays["state"][hand] != 0
        pose = arrays["poses"][hand, seen].reshape(-1, 16, 3)
        posed = model.skeleton(pose, np.tile(arrays["betas"][hand], (len(pose), 1)), arrays["trans"][hand, seen])
        np.testing.assert_allclose(model.keypoints(posed, "mediapipe"), capture.joints_3d[hand, seen], atol=1e-5)
        assert np.isnan(arrays["poses"][hand, ~seen]).all()


def test_a_table_has_a_row_for_each_hand_and_frame(tmp_path):
    capture = make_capture(frames=5, unseen=[2], settings=CleaningSettings(lost="open"))
    export_capture(capture, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["hand"], row["frame"]) for row in rows] == [(str(h), str(f)) for h in range(2) for f in range(5)]
    for row in rows:
        hand, frame = int(row["hand"]), int(row["frame"])
        assert (row["side"], row["state"]) == (capture.side[hand], State(capture.state[hand, frame]).name.lower())
        joints = [[row[f"joint_{joint}_{axis}"] for axis in "xyz"] for joint in JOINT_NAMES]
        if frame == 2:
            assert {value for joint in joints for value in joint} == {""}
            continue
        np.testing.assert_allclose(np.array(joints, float), capture.joints_3d[hand, frame], atol=1e-6)
        turns = [[float(row[f"bone_{bone}_q{part}"]) for part in "wxyz"] for bone in capture.bone_names]
        apart = angle_between(
            matrix_from_axis_angle(axis_angle_from_quaternion(turns)), matrix_from_axis_angle(capture.pose[hand, frame])
        )
        assert np.degrees(apart.max()) < 0.001


@pytest.mark.parametrize("suffix", export.suffixes())
def test_every_format_is_written_whole_or_not_at_all(tmp_path, suffix, monkeypatch):
    exporter = next(each for each in export.EXPORTERS.values() if suffix in each.suffixes)
    if exporter.module:
        pytest.importorskip(exporter.module, reason=f"{exporter.module} is not installed")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"before")
    with pytest.raises(OutputError):
        export_capture(make_capture(frames=2), tmp_path / "none" / path.name)

    def broken(capture, stream, options, suffix):
        stream.write(b"half")
        raise RuntimeError("in the middle")

    monkeypatch.setitem(export.EXPORTERS, exporter.name, replace(exporter, write=broken))
    with pytest.raises(RuntimeError, match="in the middle"):
        export_capture(make_capture(frames=2), path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", export.suffixes())
def test_a_disk_that_fills_up_while_writing_is_told(tmp_path, suffix):
    resource = pytest.importorskip("resource", reason="only Unix limits the size of files")
    exporter = next(each for each in export.EXPORTERS.values() if suffix in each.suffixes)
    if exporter.module:
        pytest.importorskip(exporter.module, reason=f"{exporter.module} is not installed")
    capture = make_capture(frames=20)
    export_capture(capture, tmp_path / f"before{suffix}")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot"):
            export_capture(capture, tmp_path / f"a{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == [f"before{suffix}"]


def test_any_exporter_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "EXPORTERS", dict(export.EXPORTERS))

    def write(capture, stream, options, suffix):
        stream.write(f"{capture.hands} {options.camera} {suffix}".encode())

    export.register(Exporter("count", (".count",), write, frozenset({"camera"})))
    export_capture(make_capture(frames=2), tmp_path / "a.COUNT", ExportOptions(camera=True))
    assert (tmp_path / "a.COUNT").read_text() == "2 True .count"
    for taken in (Exporter("count", (".other",), write), Exporter("other", (".json",), write)):
        with pytest.raises(ValueError, match="taken"):
            export.register(taken)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "a.fbx"], ["a.fbx", ".glb"]),
        (["-o", "a.csv", "--camera"], ["csv", "camera"]),
        (["-o", "a.glb", "--up", "z"], ["gltf", "up", "rate"]),
        (["-o", "a.npz", "--rate", "24"], ["mano", "rate"]),
        (["-o", "none/a.json"], ["none"]),
    ],
)
def test_what_a_format_cannot_do_is_refused_by_name(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    save_capture(make_capture(frames=2), tmp_path / "in.npz")
    error = run("export", "in.npz", *arguments).error
    assert error["exit_code"] in (4, 7)
    assert all(word in error["text"] + error["remedy"] for word in words)
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_the_command_takes_the_unit(tmp_path):
    save_capture(make_capture(frames=2), tmp_path / "in.npz")
    lengths = {}
    for unit in ("m", "cm"):
        file = tmp_path / f"{unit}.bvh"
        assert run("export", tmp_path / "in.npz", "-o", file, "--unit", unit).exit_code == 0
        (written,) = list(tmp_path.glob(f"{unit}*.bvh"))[:1]
        offsets = [line.split()[1:] for line in written.read_text().splitlines() if "OFFSET" in line]
        lengths[unit] = np.linalg.norm(np.array(offsets, float), axis=1)
    np.testing.assert_allclose(lengths["cm"], 100 * lengths["m"], atol=1e-3)


def test_a_capture_is_not_written_over_itself(tmp_path):
    save_capture(make_capture(frames=2), tmp_path / "in.npz")
    assert "overwrite" in run("export", tmp_path / "in.npz", "-o", tmp_path / "in.npz").error["text"]


@pytest.mark.parametrize("suffix", MOVING)
def test_a_capture_without_motion_is_refused(tmp_path, suffix):
    exporter = next(each for each in export.EXPORTERS.values() if suffix in each.suffixes)
    if exporter.module:
        pytest.importorskip(exporter.module, reason=f"{exporter.module} is not installed")
    with pytest.raises(SettingsError, match="no hand with a pose"):
        export_capture(make_capture(frames=2, sides=()), tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "module", "extra"), [(".glb", "pygltflib", "export"), (".usda", "pxr", "usd")])
def test_a_missing_extra_is_refused_by_name(tmp_path, suffix, module, extra):
    save_capture(make_capture(frames=2), tmp_path / "in.npz")
    script = (
        "import sys; from importlib import machinery\n"
        "class Without(machinery.PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        return None if name.split('.')[0] == {module!r} else super().find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Without if each is machinery.PathFinder else each for each in sys.meta_path]\n"
        "from dahyf_core.cli import main; main()"
    )
    arguments = ["export", tmp_path / "in.npz", "-o", tmp_path / f"a{suffix}", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    error = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, error["exit_code"]) == (4, 4)
    assert module in error["text"]
    assert f"pip install 'dahyf-hands[{extra}]'" in error["remedy"]
    assert not (tmp_path / f"a{suffix}").exists()


def test_the_old_name_goes_on_working_with_a_warning(tmp_path):
    save_capture(make_capture(frames=2), tmp_path / "in.npz")
    assert run("export", tmp_path / "in.npz", "-o", tmp_path / "new.json").done["frames"] == 2
    old = run("export-json", tmp_path / "in.npz", "-o", tmp_path / "old.json")
    assert "dahyf export" in old.of_type("warning")[0]["text"]
    assert (tmp_path / "old.json").read_text() == (tmp_path / "new.json").read_text()
    assert "export-json" not in say("--help")[1]


def test_bones_point_along_themselves_and_bend_about_x():
    capture = make_capture(frames=1)
    for hand, animation in enumerate(animate(capture)):
        rest = matrix_from_axis_angle(axis_angle_from_quaternion(animation.rest_rotations))
        children = np.flatnonzero(animation.parents > 0)  # of finger bones
        along = animation.rest_translations[children]
        np.testing.assert_allclose(along[:, [0, 2]], 0, atol=1e-7)
        assert (along[:, 1] > 0).all()
        np.testing.assert_allclose(animation.tips[:, [0, 2]], 0, atol=1e-7)
        world = rest[0]
        palm = TO_SCENE["y"] @ (0.0, -1.0, 0.0)
        assert world[:, 2] @ palm > 0.9, capture.side[hand]
        assert np.linalg.det(rest) == pytest.approx(np.ones(16))
