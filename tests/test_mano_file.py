"""MANO files, made up in the official layout: read as smplx reads them, and never run."""

import builtins
import os
import pickle

import numpy as np
import pytest
from made_up_mano import made_up_mano, write_npz, write_official_pickle, write_pickle

from dahyf_core.errors import ModelFileError
from dahyf_core.hand_model import KEYPOINT_BONES, TIPS, load_hand_model

FREIHAND_TIPS = [744, 320, 443, 555, 672]
MIRROR = np.array([-1, 1, 1])


def random_hands(count: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(0, 0.7, (count, 16, 3)), rng.normal(size=(count, 10)), rng.normal(size=(count, 3))


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("flat_hand_mean", [True, False])
def test_equals_smplx(tmp_path, side, flat_hand_mean):
    torch = pytest.importorskip("torch", reason="smplx needs the train extra")
    smplx = pytest.importorskip("smplx", reason="smplx needs the train extra")
    path = write_pickle(tmp_path / f"MANO_{side.upper()}.pkl", made_up_mano(side))
    reference = smplx.MANO(
        model_path=str(path),
        is_rhand=side == "right",
        use_pca=False,
        flat_hand_mean=flat_hand_mean,
        batch_size=4,
        dtype=torch.float64,
    )
    pose, shape, translation = random_hands()
    expected = reference(
        betas=torch.as_tensor(shape),
        global_orient=torch.as_tensor(pose[:, 0]),
        hand_pose=torch.as_tensor(pose[:, 1:].reshape(4, 45)),
        transl=torch.as_tensor(translation),
    )
    hand = load_hand_model(path, side, flat_hand_mean)
    posed = hand(pose, shape, translation)
    np.testing.assert_allclose(posed.vertices, expected.vertices.detach(), atol=1e-7)
    np.testing.assert_allclose(posed.joints, expected.joints.detach()[:, :16], atol=1e-7)
    np.testing.assert_array_equal(hand.faces, reference.faces)

    from dahyf_core.hand_model.torch_layer import TorchHandModel

    layer = TorchHandModel(hand)
    tensors = layer(*(torch.as_tensor(values, dtype=torch.float32) for values in (pose, shape, translation)))
    np.testing.assert_allclose(tensors.vertices, posed.vertices, atol=1e-5)
    np.testing.assert_allclose(layer.keypoints(tensors, "freihand"), hand.keypoints(posed, "freihand"), atol=1e-5)


@pytest.mark.parametrize("writer", [write_pickle, write_npz, write_official_pickle])
def test_every_form_of_the_file_reads_the_same(tmp_path, writer):
    arrays = made_up_mano()
    suffix = ".npz" if writer is write_npz else ".pkl"
    hand = load_hand_model(writer(tmp_path / f"MANO_RIGHT{suffix}", arrays))
    assert (hand.name, hand.side) == ("mano", "right")
    np.testing.assert_array_equal(hand.vertices, arrays["v_template"])
    np.testing.assert_array_equal(hand.shape_directions, arrays["shapedirs"])
    np.testing.assert_array_equal(hand.mean_pose, arrays["hands_mean"])
    np.testing.assert_allclose(hand.joints, arrays["J"])


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_is_read(tmp_path, protocol):
    arrays = made_up_mano()
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(pickle.dumps(arrays, protocol=protocol))
    np.testing.assert_array_equal(load_hand_model(path).pose_directions, arrays["posedirs"])


def test_big_endian_and_column_major_arrays_are_read(tmp_path):
    arrays = made_up_mano()
    unusual = arrays | {
        "v_template": np.asfortranarray(arrays["v_template"]).astype(">f8"),
        "weights": np.asfortranarray(arrays["weights"]),
    }
    hand = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", unusual))
    np.testing.assert_array_equal(hand.vertices, arrays["v_template"])
    np.testing.assert_array_equal(hand.weights, arrays["weights"])


def test_a_right_file_serves_as_a_left_hand(tmp_path):
    path = write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano())
    pose, shape, translation = random_hands()
    right, left = (load_hand_model(path, side, flat_hand_mean=False) for side in ("right", "left"))
    mirrored = left(pose * -MIRROR, shape, translation * MIRROR)
    np.testing.assert_allclose(mirrored.vertices, right(pose, shape, translation).vertices * MIRROR, atol=1e-12)


def test_left_shape_directions_are_mended(tmp_path):
    """The official left file carries the right hand's shape directions, unmirrored."""
    faulty = made_up_mano("left") | {"shapedirs": made_up_mano("right")["shapedirs"]}
    from_faulty = load_hand_model(write_pickle(tmp_path / "MANO_LEFT.pkl", faulty), "left")
    from_right = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()), "left")
    shape = np.linspace(-2, 2, 10)
    np.testing.assert_allclose(from_faulty.rest(shape).vertices, from_right.rest(shape).vertices, atol=1e-12)
    np.testing.assert_allclose(from_faulty.rest(shape).joints, from_right.rest(shape).joints, atol=1e-12)


def test_freihand_keypoints_are_joints_and_posed_tip_vertices(tmp_path):
    hand = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()))
    posed = hand(*random_hands())
    keypoints = hand.keypoints(posed, "freihand")
    np.testing.assert_allclose(keypoints[:, TIPS], posed.vertices[:, FREIHAND_TIPS], atol=1e-12)
    others = np.delete(np.arange(21), TIPS)
    np.testing.assert_allclose(keypoints[:, others], posed.joints[:, KEYPOINT_BONES[others]], atol=1e-12)


def test_mediapipe_keypoints_lie_off_the_joints_as_on_the_open_hand(tmp_path):
    mano, open_hand = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano())), load_hand_model()
    shift, open_shift = (
        hand.keypoint_sets["mediapipe"].offsets - hand.keypoint_sets["freihand"].offsets for hand in (mano, open_hand)
    )
    ratio = np.linalg.norm(shift) / np.linalg.norm(open_shift)
    assert 0.8 < ratio < 1.2
    np.testing.assert_allclose(shift, ratio * open_shift, atol=1e-12)


class Calls:
    """Pickles as a call of any function with any arguments."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


FORGED_DTYPE = b"\x80\x02cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb."
"""A dtype of objects that claims to hold none: numpy would take its bytes for pointers."""


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (Calls(os.system, "touch hacked"), "system"),
        (Calls(builtins.eval, "open('hacked', 'w')"), "eval"),
        (Calls(builtins.getattr, int, "mro"), "getattr"),
        (Calls(np.fromfile, "secret"), "fromfile"),
        (Calls(np.load, "secret"), "numpy"),
        (Calls(np.memmap, "hacked", "u1", "w+", 0, (8,)), "memmap"),
        ({"v_template": Calls(os.remove, "secret")}, "remove"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malicious_pickles_are_refused_by_name_and_not_run(tmp_path, monkeypatch, content, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(b"12345678")
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ModelFileError, match=named) as refusal:
        load_hand_model(path)
    assert str(path) in refusal.value.reason
    assert "official site" in refusal.value.remedy
    assert sorted(p.name for p in tmp_path.iterdir()) == ["MANO_RIGHT.pkl", "secret"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps(made_up_mano())[:-1000],
        pickle.dumps([1, 2, 3]),
        pickle.dumps({"v_template": np.array([None, {}], dtype=object)}),
        pickle.dumps({"v_template": np.zeros(3, dtype=[("a", "f8"), ("b", "O")])}),
        FORGED_DTYPE,
    ],
    ids=["empty", "text", "cut", "list", "objects", "records", "forged dtype"],
)
def test_damaged_pickles_are_refused(tmp_path, content):
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"MANO_RIGHT\.pkl"):
        load_hand_model(path)


def test_sparse_matrix_that_points_outside_is_refused(tmp_path):
    arrays = made_up_mano()
    arrays["J_regressor"].indices[0] = 10_000_000
    with pytest.raises(ModelFileError, match="out of bounds"):
        load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", arrays))


def test_npz_with_pickled_objects_is_refused(tmp_path):
    path = tmp_path / "MANO_RIGHT.npz"
    np.savez(path, v_template=np.array([Calls(os.system, "touch hacked")], dtype=object))
    with pytest.raises(ModelFileError, match="plain arrays"):
        load_hand_model(path)
    assert [p.name for p in tmp_path.iterdir()] == ["MANO_RIGHT.npz"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"v_template": np.zeros((6890, 3))}, r"v_template is \(6890, 3\)"),  # a body
        ({"shapedirs": np.full((778, 3, 10), np.nan)}, "shapedirs"),
        ({"hands_mean": np.array(["a"] * 45)}, "hands_mean"),
        ({"kintree_table": np.zeros((2, 16), np.uint32)}, "bones"),
        ({"f": np.full((1538, 3), 778)}, "faces"),
    ],
    ids=["body", "not finite", "text", "tree", "faces"],
)
def test_other_layouts_are_refused(tmp_path, changes, named):
    path = write_npz(tmp_path / "MODEL.npz", made_up_mano() | changes)
    with pytest.raises(ModelFileError, match=named) as refusal:
        load_hand_model(path)
    assert "MANO_RIGHT.pkl" in refusal.value.remedy


def test_missing_array_is_named(tmp_path):
    arrays = made_up_mano()
    del arrays["hands_mean"]
    with pytest.raises(ModelFileError, match="no hands_mean"):
        load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", arrays))


@pytest.mark.parametrize("name", ["nowhere.pkl", "folder", "MANO.obj"])
def test_paths_that_hold_no_model(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "MANO.obj").write_text("v 0 0 0")
    with pytest.raises(ModelFileError, match=name):
        load_hand_model(tmp_path / name)
