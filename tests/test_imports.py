"""Imports of other tools' results: files in the layouts that their code writes, with known truth."""

import json
import os
import pickle
from fractions import Fraction

import numpy as np
import pytest
from capture_factory import default_intrinsics, make_motion
from cli_runner import run
from footage_factory import write_video
from made_up_mano import made_up_mano, write_npz
from scipy.spatial.transform import Rotation

from dahyf_core.camera import Lens
from dahyf_core.capture import (
    CaptureSource,
    FootageRecord,
    HandModelRecord,
    assemble_capture,
    load_capture,
    recleaned,
    save_capture,
)
from dahyf_core.cleaning import CleaningSettings, RawHand, State
from dahyf_core.errors import CaptureFileError, ImportFileError, SettingsError
from dahyf_core.export import ExportOptions, export_capture
from dahyf_core.geometry import FROM_CAMERA, MIRROR, angle_between, axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import TIPS, load_hand_models
from dahyf_core.imports import ImportOptions, import_file
from dahyf_core.imports.convert import AS_IT_IS

FRAMES, RATE = 12, Fraction(30)
MILLIMETRES, DEGREES = 1.0, 0.5
FOCAL, SIZE = 5000 / 256 * 1280, (1280, 720)
TURN = np.array([[1.0, -1.0, -1.0]])


class Truth:
    """A hand of a model: pose (T, 16, 3), shape (10,), translation (T, 3) and what follows from them."""

    def __init__(self, model, side, scale=1.0, seed=1):
        self.side, self.model = side, model
        times = np.arange(FRAMES) / float(RATE)
        self.pose, self.translation = make_motion(side, times)
        self.translation = self.translation * (1, 1, scale)
        self.shape = np.random.default_rng(seed).normal(0, 0.8, 10)
        self.posed = model.skeleton(self.pose, np.tile(self.shape, (FRAMES, 1)), self.translation)

    def points(self, name="own"):
        return self.model.keypoints(self.posed, name)


@pytest.fixture(scope="session")
def mano(tmp_path_factory):
    """Hand models of a made-up MANO file."""
    return load_hand_models(write_npz(tmp_path_factory.mktemp("mano") / "MANO_RIGHT.npz", made_up_mano()))


@pytest.fixture(scope="session")
def open_hands():
    return load_hand_models()


def check(capture, hand, truth, millimetres=MILLIMETRES, degrees=DEGREES, rows=slice(None), moved=None):
    """The capture's joints and rotations are the truth's."""
    assert capture.side[hand] == truth.side
    model = truth.model
    shapes = np.tile(capture.shape[hand], (len(capture.frame[rows]), 1))
    posed = model.skeleton(capture.pose[hand, rows], shapes, capture.translation[hand, rows])
    expected = truth.posed.joints if moved is None else moved
    assert np.linalg.norm(posed.joints - expected[rows], axis=-1).max() * 1000 < millimetres
    off = angle_between(posed.rotations, truth.posed.rotations[rows])
    assert np.degrees(off).max() < degrees


def serves(capture, models, tmp_path):
    """The capture is written, read, cleaned and exported."""
    save_capture(capture, tmp_path / "c.npz")
    loaded = load_capture(tmp_path / "c.npz")
    assert loaded.source.imported.conversions
    again = recleaned(loaded, CleaningSettings(), models)
    assert (again.state != State.MISSING).any()
    for suffix in (".json", ".csv", ".bvh"):
        export_capture(loaded, tmp_path / f"c{suffix}")
    return loaded


def hamer_output(truths, frame):
    """What HaMeR's network returns for a batch, with demo.py's camera: left hands are mirrored right hands."""
    pose = [t.pose[frame] * (1 if t.side == "right" else -MIRROR) for t in truths]
    matrices = matrix_from_axis_angle(np.array(pose)).astype(np.float32)
    flips = [np.ones(3) if t.side == "right" else MIRROR for t in truths]
    points = [(t.points()[frame] - t.translation[frame]) * flip for t, flip in zip(truths, flips, strict=True)]
    return {
        "pred_mano_params": {
            "global_orient": matrices[:, :1],
            "hand_pose": matrices[:, 1:],
            "betas": np.array([t.shape for t in truths], np.float32),
        },
        "pred_cam_t_full": np.array([t.translation[frame] for t in truths], np.float32),
        "pred_keypoints_3d": np.array(points, np.float32),
        "scaled_focal_length": np.float32(FOCAL),
        "img_size": np.array(SIZE, np.float32),
        "right": np.array([float(t.side == "right") for t in truths]),
    }


def wilor_mini_output(truths, frame):
    """The list that WiLoR-mini's pipeline returns for a picture: a dictionary a hand, left hands mirrored back."""
    results = []
    for t in truths:
        points = (t.points()[frame] - t.translation[frame])[None].astype(np.float32)
        results.append(
            {
                "hand_bbox": [10.0, 20.0, 200.0, 210.0],
                "is_right": float(t.side == "right"),
                "wilor_preds": {
                    "global_orient": t.pose[frame, None, :1].astype(np.float32),
                    "hand_pose": t.pose[frame, None, 1:].astype(np.float32),
                    "betas": t.shape[None].astype(np.float32),
                    "pred_keypoints_3d": points,
                    "pred_cam_t_full": t.translation[frame, None].astype(np.float32),
                    "scaled_focal_length": FOCAL,
                },
            }
        )
    return results


def two(models, scale=20.0):
    return [Truth(models["right"], "right", scale), Truth(models["left"], "left", scale, seed=1)]


def write_pickle(path, data):
    path.write_bytes(pickle.dumps(data))
    return path


def hamer_files(truths, tmp_path):
    torch = pytest.importorskip("torch")
    frames = {f"frame_{number:06d}.jpg": hamer_output(truths, number) for number in range(FRAMES)}
    in_tensors = [
        {name: torch.tensor(value) if isinstance(value, np.ndarray) else value for name, value in frame.items()
         if name != "pred_mano_params"} | {"pred_mano_params": {name: torch.tensor(value) for name, value in
                                                                frame["pred_mano_params"].items()}}
        for frame in frames.values()
    ]  # fmt: skip
    folder = tmp_path / "frames"
    folder.mkdir()
    for name, frame in frames.items():
        write_pickle(folder / name.replace("jpg", "pkl"), frame)
    np.savez(tmp_path / "objects.npz", results=np.array([*frames.values()], dtype=object))
    torch.save(in_tensors, tmp_path / "saved.pt")
    batch = {
        name: np.concatenate([np.atleast_1d(frame[name]) for frame in frames.values()])
        for name in ("pred_cam_t_full", "pred_keypoints_3d", "right")
    }
    for name in ("global_orient", "hand_pose", "betas"):
        batch[name] = np.concatenate([frame["pred_mano_params"][name] for frame in frames.values()])
    batch |= {"frame": np.repeat(np.arange(FRAMES), len(truths)), "img_size": SIZE, "focal_length": FOCAL}
    np.savez(tmp_path / "batch.npz", **batch)
    lists = [
        {
            "all_pred_mano_params": [
                {name: value[hand] for name, value in frame["pred_mano_params"].items()} for hand in range(len(truths))
            ],
            "all_right": [np.array(side) for side in frame["right"]],
            "all_cam_t": [*frame["pred_cam_t_full"]],
            "scaled_focal_length": frame["scaled_focal_length"],
            "img_size": frame["img_size"],
        }
        for frame in frames.values()
    ]
    return {
        "lists beside each other": write_pickle(tmp_path / "l.pkl", lists),
        "dictionary": write_pickle(tmp_path / "a.pkl", frames),
        "list": write_pickle(tmp_path / "b.pkl", [*frames.values()]),
        "tensors": write_pickle(tmp_path / "t.pkl", in_tensors),
        "folder": folder,
        "torch": tmp_path / "saved.pt",
        "npz of arrays": tmp_path / "batch.npz",
        "npz of objects": tmp_path / "objects.npz",
    }


def test_hamer_in_every_packing(mano, tmp_path):
    truths = two(mano)
    for packing, path in hamer_files(truths, tmp_path).items():
        capture = import_file(path, mano, ImportOptions(rate=RATE))
        assert capture.source.imported.tool == "hamer", packing
        assert capture.source.absent == ("confidence", "joints_2d")
        assert capture.source.intrinsics.fx == pytest.approx(FOCAL)
        assert sorted(capture.side) == ["left", "right"]
        for truth in truths:
            check(capture, list(capture.side).index(truth.side), truth)
    serves(capture, mano, tmp_path)


def test_the_hands_of_wilor_mini_are_mirrored_back_already(mano, tmp_path):
    truths = two(mano)
    path = write_pickle(tmp_path / "w.pkl", [wilor_mini_output(truths, frame) for frame in range(FRAMES)])
    capture = import_file(path, mano, ImportOptions(rate=RATE, size=SIZE))
    assert capture.source.imported.tool == "wilor"
    for truth in truths:
        check(capture, list(capture.side).index(truth.side), truth)
    assert import_file(path, mano, ImportOptions(rate=RATE)).source.absent == ("camera", "confidence", "joints_2d")


def test_frames_without_hands_are_missing(mano, tmp_path):
    truths = two(mano)[:1]
    frames = [wilor_mini_output(truths, frame) if frame not in (4, 5) else [] for frame in range(FRAMES)]
    capture = import_file(write_pickle(tmp_path / "w.pkl", frames), mano, ImportOptions(rate=RATE))
    assert np.flatnonzero(np.isnan(capture.raw_pose[0, :, 0, 0])).tolist() == [4, 5]
    assert capture.state[0, 4] == State.INTERPOLATED


def test_a_stated_lens_moves_hands_to_where_it_sees_them(mano, tmp_path):
    truth = two(mano)[0]
    path = write_pickle(tmp_path / "a.pkl", [hamer_output([truth], frame) for frame in range(FRAMES)])
    capture = import_file(path, mano, ImportOptions(rate=RATE, lens=Lens(fov_degrees=60)))
    far = import_file(path, mano, ImportOptions(rate=RATE))
    assert capture.translation[0, :, 2].max() < 0.1 * far.translation[0, :, 2].min()
    off = np.linalg.norm(capture.joints_2d - far.joints_2d, axis=-1).mean()
    assert off < 15  # px: what is near is drawn with more perspective


def test_without_mano_the_wrist_and_the_lengths_come_from_the_joints(mano, open_hands, tmp_path):
    truth = two(mano)[0]
    path = write_pickle(tmp_path / "a.pkl", [hamer_output([truth], frame) for frame in range(FRAMES)])
    capture = import_file(path, open_hands, ImportOptions(rate=RATE))
    assert np.linalg.norm(capture.wrist_position[0] - truth.posed.joints[:, 0], axis=-1).max() < 1e-3
    np.testing.assert_allclose(capture.pose[0], truth.pose, atol=1e-4)
    assert any("shape was fitted" in note for note in capture.source.imported.conversions)


def amass_file(path, truth, flat, up="z", **more):
    """What the AMASS-like files of one hand hold: parameters of smplx in a world with an axis up."""
    turn = FROM_CAMERA[up]
    pose = truth.pose.copy()
    pose[:, 0] = axis_angle_from_matrix(turn @ matrix_from_axis_angle(pose[:, 0]))
    if not flat:
        pose[:, 1:] -= truth.model.mean_pose.reshape(15, 3)
    head = truth.model.joints[0] + truth.model.joint_directions[0] @ truth.shape
    trans = (truth.translation + head) @ turn.T - head
    np.savez(path, poses=pose.reshape(FRAMES, 48), betas=truth.shape, trans=trans, mocap_framerate=30.0, **more)
    return path


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("flat", [True, False])
def test_amass(mano, tmp_path, side, flat):
    truth = Truth(mano[side], side)
    path = amass_file(tmp_path / "a.npz", truth, flat)
    capture = import_file(path, mano, ImportOptions(side=side, flat_hand_mean=flat))
    assert capture.source.imported.tool == "amass"
    assert capture.source.absent == ("camera", "confidence", "joints_2d")
    assert capture.source.footage.rate == 30
    check(capture, 0, truth)
    serves(capture, mano, tmp_path)
    with pytest.raises(ImportFileError, match="flat hand"):
        import_file(path, mano, ImportOptions(side=side))
    with pytest.raises(ImportFileError, match="--side"):
        import_file(path, mano, ImportOptions(flat_hand_mean=flat))


def test_the_hands_of_smplh_turn_with_the_arms(open_hands, tmp_path):
    truth = Truth(open_hands["right"], "right")
    poses = np.random.default_rng(0).normal(0, 0.4, (FRAMES, 156))
    poses[:, 111:] = truth.pose[:, 1:].reshape(FRAMES, 45)
    np.savez(tmp_path / "a.npz", poses=poses, trans=np.zeros((FRAMES, 3)), betas=np.zeros(16), mocap_framerate=120.0)
    capture = import_file(tmp_path / "a.npz", open_hands)
    world = np.tile(np.eye(3), (FRAMES, 1, 1))
    for joint in (0, 3, 6, 9, 14, 17, 19, 21):
        world = world @ matrix_from_axis_angle(poses[:, 3 * joint : 3 * joint + 3])
    hand = list(capture.side).index("right")
    wrist = matrix_from_axis_angle(capture.pose[hand, :, 0])
    assert np.degrees(angle_between(wrist, FROM_CAMERA["z"].T @ world)).max() < DEGREES
    np.testing.assert_allclose(capture.pose[hand, :, 1:], truth.pose[:, 1:], atol=1e-5)
    assert any("stays at the origin" in note for note in capture.source.imported.conversions)


def arctic_hands(truths):
    turn, result = FROM_CAMERA["z"], {}
    for truth in truths:
        head = truth.model.joints[0] + truth.model.joint_directions[0] @ truth.shape
        result[truth.side] = {
            "rot": axis_angle_from_matrix(turn @ matrix_from_axis_angle(truth.pose[:, 0])),
            "pose": truth.pose[:, 1:].reshape(FRAMES, 45) - truth.model.mean_pose,
            "trans": (truth.translation + head) @ turn.T - head,
            "shape": np.tile(truth.shape, (FRAMES, 1)),
            "fitting_err": np.zeros(FRAMES),
        }
    return result


def test_arctic(mano, open_hands, tmp_path):
    truths = two(mano, 1.0)
    np.save(tmp_path / "box_grab_01.mano.npy", arctic_hands(truths))
    capture = import_file(tmp_path / "box_grab_01.mano.npy", mano)
    assert capture.source.imported.tool == "arctic"
    for truth in truths:
        check(capture, list(capture.side).index(truth.side), truth)
    with pytest.raises(ImportFileError, match="--hand-model"):
        import_file(tmp_path / "box_grab_01.mano.npy", open_hands)


def test_hawor(mano, tmp_path):
    torch = pytest.importorskip("torch")
    left, right = two(mano, 1.0)[::-1]
    valid = np.ones((2, FRAMES), bool)
    valid[0, 3] = False
    arrays = [
        np.array([t.translation for t in (left, right)], np.float32),
        np.array([t.pose[:, 0] for t in (left, right)], np.float32),
        np.array([t.pose[:, 1:].reshape(FRAMES, 45) for t in (left, right)], np.float32),
        np.array([np.tile(t.shape, (FRAMES, 1)) for t in (left, right)], np.float32),
    ]
    path = tmp_path / "world_space_res.pth"
    path.write_bytes(pickle.dumps([*map(torch.tensor, arrays), torch.tensor(valid)]))
    capture = import_file(path, mano, ImportOptions(rate=RATE))
    assert capture.source.imported.tool == "hawor"
    for truth in (left, right):
        rows = np.delete(np.arange(FRAMES), 3)
        check(capture, list(capture.side).index(truth.side), truth, rows=rows)
    assert np.isnan(capture.raw_pose[list(capture.side).index("left"), 3]).all()


def test_an_export_of_parameters_comes_back(mano, tmp_path):
    truths = two(mano)
    path = write_pickle(tmp_path / "a.pkl", [hamer_output(truths, frame) for frame in range(FRAMES)])
    export_capture(import_file(path, mano, ImportOptions(rate=RATE)), tmp_path / "b.npz")
    capture = import_file(tmp_path / "b.npz", mano)
    for truth in truths:
        check(capture, list(capture.side).index(truth.side), truth)


def test_an_export_in_the_layout_of_hamer_is_what_hamer_writes(mano, tmp_path):
    truths = two(mano)
    for truth, kept in ((truths, [0, 1]), (truths[1:], [0])):
        path = write_pickle(tmp_path / "a.pkl", [hamer_output(truth, frame) for frame in range(FRAMES)])
        export_capture(import_file(path, mano, ImportOptions(rate=RATE)), tmp_path / "b.pkl")
        written = pickle.loads((tmp_path / "b.pkl").read_bytes())  # noqa: S301 (our own)
        assert list(written) == list(range(FRAMES))
        for frame in range(FRAMES):
            theirs, ours = hamer_output(truth, frame), written[frame]
            assert set(ours) == set(theirs)
            order = [list(ours["right"]).index(side) for side in theirs["right"]]
            assert sorted(order) == kept
            for name, value in theirs["pred_mano_params"].items():
                np.testing.assert_allclose(ours["pred_mano_params"][name][order], value, atol=1e-4)
            np.testing.assert_allclose(ours["pred_cam_t_full"][order], theirs["pred_cam_t_full"], atol=1e-4)
            off = np.abs(ours["pred_keypoints_3d"][order] - theirs["pred_keypoints_3d"])
            assert np.delete(off, TIPS, axis=1).max() < 1e-4
        capture = import_file(tmp_path / "b.pkl", mano, ImportOptions(rate=RATE))
        assert capture.source.imported.tool == "hamer"
        for each in truth:
            check(capture, list(capture.side).index(each.side), each)


@pytest.mark.parametrize("side", ["right", "left"])
def test_finger_tips_are_in_the_layout_of_hamer_too(open_hands, tmp_path, side):
    truth = Truth(open_hands[side], side)
    with pytest.warns(UserWarning, match="open_hand"):
        export_capture(capture_of(truth, open_hands), tmp_path / "b.pkl")
    written = pickle.loads((tmp_path / "b.pkl").read_bytes())  # noqa: S301 (our own)
    for frame in range(FRAMES):
        points = (truth.points()[frame] - truth.translation[frame]) * (1 if side == "right" else MIRROR)
        np.testing.assert_allclose(written[frame]["pred_keypoints_3d"][0], points, atol=1e-4)


def test_bvh_of_our_own(open_hands, tmp_path):
    truth = Truth(open_hands["right"], "right")
    capture = capture_of(truth, open_hands)
    for up, unit in (("y", "cm"), ("z", "m")):
        export_capture(capture, tmp_path / "a.bvh", ExportOptions(up=up, unit=unit))
        again = import_file(tmp_path / "a.bvh", open_hands, ImportOptions(axes=up))
        assert again.source.imported.tool == "bvh"
        check(again, 0, truth, millimetres=0.2, degrees=0.1)
    serves(again, open_hands, tmp_path)


def capture_of(truth, models):
    """The truth as a capture, by way of the parameters' export."""
    lens = default_intrinsics()
    points = lens.project(truth.points("mediapipe"))
    hand = RawHand(
        side=truth.side,
        box=np.ones((FRAMES, 4)),
        joints_2d=points,
        joints_2d_projected=points,
        pose=truth.pose,
        shape=np.tile(truth.shape, (FRAMES, 1)),
        translation=truth.translation,
        confidence=np.ones(FRAMES),
    )
    footage = FootageRecord("/a.mp4", "video", "0", 1280, 720, RATE, 0, True)
    source = CaptureSource(footage, lens, "test", HandModelRecord.of(models))
    return assemble_capture(source, np.arange(FRAMES), np.arange(FRAMES) / float(RATE), [hand], models, AS_IT_IS)


NOISE = 0.002
"""Metres, of made landmarks. The importer reckons with 4 mm (MediaPipe), 5 (freemocap) and 6 (OpenPose)."""


def landmarks(points):
    return [dict(zip("xyz", map(float, point), strict=True)) for point in points]


def tasks_result(truths, frame, camera, names=None, noise=0.0):
    """The object that MediaPipe's Hand Landmarker returns in a browser, for JSON.stringify."""
    rng = np.random.default_rng(frame)
    world, image, sides = [], [], []
    for truth in truths:
        points = truth.points("mediapipe")[frame]
        pixels = camera.project(points)
        world.append(landmarks(points - points[[0, 9]].mean(axis=0) + rng.normal(0, noise, (21, 3))))
        image.append(landmarks(np.column_stack([(pixels + 0.5) / SIZE, np.zeros(21)])))
        label = (names or {}).get(truth.side, truth.side).capitalize()
        sides.append([{"score": 0.9, "index": 0, "categoryName": label, "displayName": label}])
    return {"landmarks": image, "worldLandmarks": world, "handednesses": sides, "handedness": sides}


def off_from(capture, hand, truth, name):
    """Mean distance in mm of the truth's points to the capture's, both from the wrist."""
    model, rows = truth.model, slice(None)
    posed = model.skeleton(
        capture.pose[hand, rows], np.tile(capture.shape[hand], (FRAMES, 1)), capture.translation[hand, rows]
    )
    points, expected = model.keypoints(posed, name), truth.points(name)
    relative = (points - points[:, :1]) - (expected - expected[:, :1])
    return 1000 * np.linalg.norm(relative, axis=-1).mean()


@pytest.mark.parametrize("names", [None, {"left": "right", "right": "left"}], ids=["as they are", "mirrored"])
def test_mediapipe_tasks(open_hands, tmp_path, names):
    truths, camera = two(open_hands, 1.0), default_intrinsics()
    frames = [{"timestampMs": 40 * n, **tasks_result(truths, n, camera, names, NOISE)} for n in range(FRAMES)]
    (tmp_path / "m.json").write_text(json.dumps(frames))
    capture = import_file(tmp_path / "m.json", open_hands, ImportOptions(size=SIZE, lens=Lens(focal_px=camera.fx)))
    assert capture.source.imported.tool == "mediapipe"
    assert capture.source.absent == ()
    assert capture.source.footage.rate == 25
    np.testing.assert_allclose(capture.confidence, 0.9, atol=1e-6)
    assert not any("moved" in note for note in capture.source.imported.conversions)
    for truth in truths:
        hand = list(capture.side).index(truth.side)
        assert off_from(capture, hand, truth, "mediapipe") < 4
        away = np.linalg.norm(capture.wrist_position[hand] - truth.posed.joints[:, 0], axis=-1)
        assert away.mean() < 0.06 * truth.posed.joints[:, 0, 2].mean()  # a scale of the hand, as of all single views
        assert np.linalg.norm(capture.joints_2d[hand] - camera.project(truth.points("mediapipe")), axis=-1).mean() < 8
    serves(capture, open_hands, tmp_path)


def test_mediapipe_without_a_picture_has_neither_camera_nor_place(open_hands, tmp_path):
    truth = two(open_hands, 1.0)[0]
    result = [tasks_result([truth], n, default_intrinsics()) for n in range(FRAMES)]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, result)))
    capture = import_file(tmp_path / "m.jsonl", open_hands, ImportOptions(rate=RATE))
    assert capture.source.absent == ("camera", "joints_2d")
    np.testing.assert_allclose(capture.wrist_position, 0, atol=1e-5)
    assert off_from(capture, 0, truth, "mediapipe") < 4


def test_mediapipe_hands_of_python(open_hands, tmp_path):
    """The protobufs of mp.solutions.hands by MessageToDict."""
    truth, camera = two(open_hands, 1.0)[0], default_intrinsics()
    frames = []
    for n in range(FRAMES):
        result = tasks_result([truth], n, camera)
        frames.append(
            {
                "multi_hand_landmarks": [{"landmark": result["landmarks"][0]}],
                "multi_hand_world_landmarks": [{"landmark": result["worldLandmarks"][0]}],
                "multi_handedness": [{"classification": [{"index": 1, "score": 0.8, "label": "Right"}]}],
            }
        )
    (tmp_path / "m.json").write_text(json.dumps({"fps": 30, "frames": frames}))
    capture = import_file(tmp_path / "m.json", open_hands, ImportOptions(size=SIZE))
    assert off_from(capture, 0, truth, "mediapipe") < 4
    assert capture.source.footage.rate == 30


def openpose_files(folder, truths, camera, spatial=False):
    """A file a frame, as --write_json names and fills them."""
    folder.mkdir()
    for n in range(FRAMES):
        person = {"person_id": [-1], "pose_keypoints_2d": [], "face_keypoints_2d": []}
        for side in ("left", "right"):
            truth = next((t for t in truths if t.side == side), None)
            pixels, points = [], []
            if truth is not None:
                own = truth.points("freihand")[n]
                pixels = np.column_stack([camera.project(own), np.full(21, 0.7)]).ravel().tolist()
                points = np.column_stack([own, np.ones(21)]).ravel().tolist() if spatial else []
            person |= {f"hand_{side}_keypoints_2d": pixels, f"hand_{side}_keypoints_3d": points}
        name = f"clip_{n:012d}_keypoints.json"
        (folder / name).write_text(json.dumps({"version": 1.3, "people": [person]}))
    return folder


def test_openpose(open_hands, tmp_path):
    truth, camera = two(open_hands, 1.0)[0], default_intrinsics()
    folder = openpose_files(tmp_path / "json", [truth], camera)
    with pytest.raises(ImportFileError, match="--size"):
        import_file(folder, open_hands, ImportOptions(rate=RATE))
    capture = import_file(folder, open_hands, ImportOptions(rate=RATE, size=SIZE, lens=Lens(focal_px=camera.fx)))
    assert capture.source.imported.tool == "openpose"
    assert capture.source.absent == ("joints_2d",)
    posed = truth.model.skeleton(capture.pose[0], np.tile(capture.shape[0], (FRAMES, 1)), capture.translation[0])
    pixels = camera.project(truth.model.keypoints(posed, "freihand"))
    assert np.linalg.norm(pixels - camera.project(truth.points("freihand")), axis=-1).mean() < 8
    spatial = openpose_files(tmp_path / "spatial", [truth], camera, spatial=True)
    capture = import_file(spatial, open_hands, ImportOptions(rate=RATE, size=SIZE, lens=Lens(focal_px=camera.fx)))
    assert off_from(capture, 0, truth, "freihand") < 3


def test_freemocap(open_hands, tmp_path):
    truths = two(open_hands, 1.0)
    points = {t.side: t.points("mediapipe") @ FROM_CAMERA["z"].T * 1000 for t in truths}
    everything = np.zeros((FRAMES, 33 + 21 + 21 + 478, 3))
    everything[:, 33:54], everything[:, 54:75] = points["right"], points["left"]
    np.save(tmp_path / "mediaPipeSkel_3d_body_hands_face.npy", everything)
    np.save(tmp_path / "mediapipe_right_hand_3d_xyz.npy", points["right"])
    joints = [*("wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip")]
    joints += [f"{f}_finger_{j}" for f in ("index", "middle", "ring") for j in ("mcp", "pip", "dip", "tip")]
    joints += [f"pinky_{j}" for j in ("mcp", "pip", "dip", "tip")]
    header = ",".join(f"left_hand_{joint}_{axis}" for joint in joints for axis in "xyz")
    rows = "\n".join(",".join(map(str, frame.ravel())) for frame in points["left"])
    (tmp_path / "mediapipe_left_hand_3d_xyz.csv").write_text(f"{header}\n{rows}\n")
    for name in (
        "mediaPipeSkel_3d_body_hands_face.npy",
        "mediapipe_right_hand_3d_xyz.npy",
        "mediapipe_left_hand_3d_xyz.csv",
    ):
        capture = import_file(tmp_path / name, open_hands, ImportOptions(rate=RATE))
        assert capture.source.imported.tool == "freemocap"
        for hand, side in enumerate(capture.side):
            truth = next(t for t in truths if t.side == side)
            assert off_from(capture, hand, truth, "mediapipe") < 5
            away = np.linalg.norm(capture.wrist_position[hand] - truth.posed.joints[:, 0], axis=-1)
            assert away.max() < 0.01
    assert capture.hands == 1
    serves(capture, open_hands, tmp_path)


WEBXR = [
    "wrist",
    *(f"thumb-{part}" for part in ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip")),
    *(
        f"{finger}-finger-{part}"
        for finger in ("index", "middle", "ring", "pinky")
        for part in ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
    ),
]


def xr_positions(truth, n):
    """All 25 joints: those between wrist and knuckles are where nobody looks."""
    own = iter((truth.points("own")[n] @ FROM_CAMERA["y"].T).tolist())
    return {name: [0.0, 0.0, 0.0] if "finger-metacarpal" in name else next(own) for name in WEBXR}


@pytest.mark.parametrize("standard", ["webxr", "openxr", "numbered"])
def test_openxr(open_hands, tmp_path, standard):
    truth, frames = two(open_hands, 1.0)[1], []
    for n in range(FRAMES):
        joints = xr_positions(truth, n)
        if standard == "openxr":
            names = [name.upper().replace("PINKY-FINGER", "LITTLE").replace("-FINGER", "") for name in joints]
            names = [name.replace("-PHALANX", "").replace("-", "_") for name in names]
            joints = {f"XR_HAND_JOINT_{name}_EXT": {"position": dict(zip("xyz", p, strict=True)), "radius": 0.01}
                      for name, p in zip(names, joints.values(), strict=True)}  # fmt: skip
        elif standard == "numbered":
            joints = [[0.0, 0.0, 0.0], *joints.values()]
        frames.append({"time": n / 72, "hands": {"left": {"joints": joints}, "right": None}})
    (tmp_path / "xr.json").write_text(json.dumps({"frames": frames}))
    capture = import_file(tmp_path / "xr.json", open_hands)
    assert capture.source.imported.tool == "openxr"
    assert capture.source.absent == ("camera", "confidence", "joints_2d")
    assert float(capture.source.footage.rate) == pytest.approx(72, rel=1e-3)
    posed = truth.model.skeleton(capture.pose[0], np.tile(capture.shape[0], (FRAMES, 1)), capture.translation[0])
    off = 1000 * np.linalg.norm(truth.model.keypoints(posed, "own") - truth.points("own"), axis=-1)
    assert off.mean() < MILLIMETRES
    serves(capture, open_hands, tmp_path)


WAS_RUN = "dahyf_was_run"
"""Written to the current folder if a file of the tests is executed."""


class Hostile:
    def __reduce__(self):
        return os.system, (f"echo > {WAS_RUN}",)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pkl", pickle.dumps({"global_orient": Hostile()}), "posix.system|nt.system"),
        ("a.pt", pickle.dumps([Hostile()]), "posix.system|nt.system"),
        ("a.pkl", pickle.dumps({"global_orient": np.zeros((1, 3))})[:40], "damaged"),
        ("a.pkl", pickle.dumps({"global_orient": np.zeros((1, 3)), "right": 1}), "hand_pose"),
        ("a.pkl", pickle.dumps({"global_orient": np.zeros(3), "hand_pose": np.zeros(44), "right": 1}), "hand_pose"),
        ("a.pkl", pickle.dumps({"global_orient": np.zeros(3), "hand_pose": np.zeros(45)}), "--side"),
        ("a.npz", b"PK\x03\x04" + bytes(50), "archive"),
        ("a.npy", b"\x93NUMPY\x01\x00", "read"),
        ("a.json", b'{"people": [', "read"),
        ("a.json", b"[]", "looks like no file"),
        ("a.json", b'[{"worldLandmarks": [[{"x": 1}]], "handedness": [[{"categoryName": "Left"}]]}]', "21"),
        ("a.bvh", b"HIERARCHY\nROOT a\n{\n", "MOTION"),
        ("a.bvh", b"HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n}\nMOTION\nFrames: 2\n"
                  b"Frame Time: 0.1\n1\n", "numbers"),
        ("a.csv", b"x,y\n1,2\n", "looks like no file"),
        ("a.txt", b"x", "not read"),
    ],
)  # fmt: skip
def test_damaged_and_hostile_files_are_refused_in_a_sentence(open_hands, tmp_path, monkeypatch, name, content, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFileError, match=words) as caught:
        import_file(tmp_path / name, open_hands, ImportOptions(rate=RATE))
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(str(tmp_path / name)) == 1
    assert not (tmp_path / WAS_RUN).exists()


def test_what_the_user_has_to_know(mano, tmp_path):
    truths = two(mano)
    path = write_pickle(tmp_path / "a.pkl", [hamer_output(truths, frame) for frame in range(FRAMES)])
    with pytest.raises(SettingsError, match="--rate"):
        import_file(path, mano)
    with pytest.raises(SettingsError, match="no importer"):
        import_file(path, mano, ImportOptions(rate=RATE), "hamster")
    with pytest.raises(ImportFileError, match="not exist"):
        import_file(tmp_path / "b.pkl", mano)
    with pytest.raises(ImportFileError, match="cannot be imported as bvh"):
        import_file(path, mano, ImportOptions(rate=RATE), "bvh")
    swapped = import_file(path, mano, ImportOptions(rate=RATE, sides="swapped"))
    assert sorted(swapped.side) == ["left", "right"]


def foreign_bvh(path, truth):
    """A skeleton as Mixamo names it: centimetres, y up, arms along x, fingers bent at rest, axes of bones its own."""
    model, bend = truth.model, np.zeros((1, 16, 3))
    bend[0, :, :] = np.random.default_rng(3).normal(0, 0.15, (16, 3))
    rest = model.skeleton(bend, truth.shape[None], np.zeros((1, 3)))
    to_scene = FROM_CAMERA["y"]
    names = ["RightHand", *(f"RightHand{f.capitalize()}{n}" for f in ("index", "middle", "pinky", "ring", "thumb")
                            for n in (1, 2, 3))]  # fmt: skip
    heads = (rest.joints[0] - rest.joints[0, 0]) @ to_scene.T * 100
    worlds = to_scene @ truth.posed.rotations @ np.swapaxes(rest.rotations[0], -1, -2) @ to_scene.T
    parents = truth.model.parents
    local = worlds.copy()
    local[:, 1:] = np.swapaxes(worlds[:, parents[1:]], -1, -2) @ worlds[:, 1:]
    lines, order = ["HIERARCHY"], []

    def joint(bone, word):
        order.append(bone)
        offset = heads[bone] - (heads[parents[bone]] if bone else 0)
        lines.extend([f"{word} mixamorig:{names[bone]}", "{", "OFFSET " + " ".join(map(str, offset))])
        channels = (
            "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
            if bone == 0
            else ("3 Zrotation Xrotation Yrotation")
        )
        lines.append(f"CHANNELS {channels}")
        for child in np.flatnonzero(parents == bone):
            joint(int(child), "JOINT")
        lines.append("}")

    lines.extend(["ROOT mixamorig:RightForeArm", "{", "OFFSET 0 0 0", "CHANNELS 3 Zrotation Xrotation Yrotation"])
    joint(0, "JOINT")
    lines.extend(["}", "MOTION", f"Frames: {FRAMES}", f"Frame Time: {float(1 / RATE)}"])
    places = truth.posed.joints[:, 0] @ to_scene.T * 100
    for frame in range(FRAMES):
        numbers = [0.0, 0.0, 0.0, *places[frame]]
        for bone in order:
            numbers += Rotation.from_matrix(local[frame, bone]).as_euler("ZXY", degrees=True).tolist()
        lines.append(" ".join(f"{number:.7f}" for number in numbers))
    path.write_text("\n".join(lines))
    return path


def test_bvh_of_another_rest_pose(open_hands, tmp_path):
    truth = Truth(open_hands["right"], "right")
    capture = import_file(foreign_bvh(tmp_path / "m.bvh", truth), open_hands)
    posed = truth.model.skeleton(capture.pose[0], np.tile(capture.shape[0], (FRAMES, 1)), capture.translation[0])
    off = 1000 * np.linalg.norm(posed.joints - truth.posed.joints, axis=-1)
    assert off[:, 0].max() < 0.1
    assert off.max() < 6
    assert any("aligned" in note for note in capture.source.imported.conversions)


class TestTheCommand:
    def test_imports_with_what_is_given(self, mano, tmp_path):
        truth = two(mano)[0]
        model = write_npz(tmp_path / "MANO_RIGHT.npz", made_up_mano())
        path = amass_file(tmp_path / "a.npz", truth, flat=False, up="y")
        arguments = ["--from", "amass", "--axes", "y", "--side", "right", "--no-flat-hand-mean", "--hand-model", model]
        done = run("import", path, "-o", tmp_path / "c.npz", *arguments)
        assert done.exit_code == 0, done.stderr
        assert any("Not in the file: camera" in each["text"] for each in done.of_type("status"))
        check(load_capture(tmp_path / "c.npz"), 0, truth)

    def test_landmarks(self, open_hands, tmp_path):
        frames = [tasks_result(two(open_hands, 1.0), n, default_intrinsics()) for n in range(FRAMES)]
        (tmp_path / "m.json").write_text(json.dumps(frames))
        arguments = ["--rate", "30", "--size", "1280x720", "--fov", "60", "--sides", "swapped"]
        done = run("import", tmp_path / "m.json", "-o", tmp_path / "c.npz", *arguments)
        assert done.exit_code == 0, done.stderr
        capture = load_capture(tmp_path / "c.npz")
        assert capture.source.absent == ()
        assert capture.source.intrinsics.fx == pytest.approx(640 / np.tan(np.radians(30)))
        done = run("import", tmp_path / "m.json", "-o", tmp_path / "d.npz", *arguments[:4], "--focal-px", "900")
        assert load_capture(tmp_path / "d.npz").source.intrinsics.fx == 900
        assert run("info", tmp_path / "d.npz").exit_code == 0
        assert run("import", tmp_path / "m.json", "-o", tmp_path / "e.npz", "--size", "12").exit_code == 2
        assert run("import", tmp_path / "m.json", "-o", tmp_path / "e.npz").exit_code == 4
        (tmp_path / "x.json").write_text("{")
        assert run("import", tmp_path / "x.json", "-o", tmp_path / "e.npz").exit_code == 11
        assert not (tmp_path / "e.npz").exists()

    def test_footage_gives_times_and_pictures(self, mano, tmp_path):
        clip = write_video(tmp_path / "clip.mp4", frames=FRAMES, size=(320, 180))
        truth = two(mano, 1.0)[0]
        frames = [wilor_mini_output([truth], n) for n in range(FRAMES)]
        path = write_pickle(tmp_path / "w.pkl", frames)
        done = run("import", path, "-o", tmp_path / "c.npz", "--footage", clip)
        assert done.exit_code == 0, done.stderr
        capture = load_capture(tmp_path / "c.npz")
        assert capture.source.footage.kind == "video"
        assert capture.source.footage.rate == 25
        assert run("preview", tmp_path / "c.npz", "-o", tmp_path / "c.png").exit_code == 0
        assert run("report", tmp_path / "c.npz", "-o", tmp_path / "c.html").exit_code == 0
        assert "Imported" in (tmp_path / "c.html").read_text("utf-8")

    def test_without_pictures_a_preview_says_so_and_a_report_has_none(self, open_hands, tmp_path):
        truth = two(open_hands, 1.0)[1]
        frames = [{"time": n / 72, "hands": {"left": xr_positions(truth, n)}} for n in range(FRAMES)]
        (tmp_path / "xr.json").write_text(json.dumps(frames))
        assert run("import", tmp_path / "xr.json", "-o", tmp_path / "c.npz").exit_code == 0
        refused = run("preview", tmp_path / "c.npz", "-o", tmp_path / "c.png")
        assert refused.exit_code == 3
        assert "has no pictures" in refused.error["text"]
        assert run("report", tmp_path / "c.npz", "-o", tmp_path / "c.html").exit_code == 0
        page = (tmp_path / "c.html").read_text("utf-8")
        assert "camera, confidence, joints_2d" in page
        assert run("clean", tmp_path / "c.npz", "--reset").exit_code == 0
        assert run("clean", tmp_path / "c.npz", "--swap", "0", "-o", tmp_path / "d.npz").exit_code == 4
        assert run("export", tmp_path / "c.npz", "-o", tmp_path / "c.glb").exit_code == 0
        assert run("export", tmp_path / "c.npz", "-o", tmp_path / "d.glb", "--camera").exit_code == 4
        with (tmp_path / "c.npz").open("rb") as stream, np.load(stream) as arrays:
            assert arrays["schema_version"] == 2
            assert np.isnan(arrays["confidence"]).all()


def test_what_is_called_absent_must_be_empty(open_hands, tmp_path):
    truth = two(open_hands, 1.0)[1]
    frames = [{"time": n / 72, "hands": {"left": xr_positions(truth, n)}} for n in range(FRAMES)]
    (tmp_path / "xr.json").write_text(json.dumps(frames))
    save_capture(import_file(tmp_path / "xr.json", open_hands), tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz") as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(str(arrays["meta"]))
    for change in (
        {"confidence": np.ones_like(arrays["confidence"])},
        {"joints_2d": np.ones_like(arrays["joints_2d"])},
        {"meta": json.dumps({**meta, "absent": ["joints_2d", "confidence"]})},
        {"meta": json.dumps({**meta, "absent": ["camera"]})},
        {"meta": json.dumps({**meta, "absent": ["hands"]})},
        {"meta": json.dumps({**meta, "intrinsics": None, "footage": {**meta["footage"], "kind": "video"}})},
    ):
        np.savez(tmp_path / "d.npz", **{**arrays, **change})
        with pytest.raises(CaptureFileError):
            load_capture(tmp_path / "d.npz")
