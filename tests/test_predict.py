"""Hands in stills: what is answered, for which pictures and boxes, and what is refused."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli_runner import run
from footage_factory import write_picture
from made_up_mano import made_up_mano, write_pickle
from oracle_network import GREY_STEP, MODELS, OracleNetwork, TrueHand, grey_picture, write_png
from rendered_hands import hand_picture

import dahyf_core
from dahyf_core.camera import Intrinsics
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose import HandEstimates, HandObservations, shipped
from dahyf_core.stills import HandBox, Predictor, predictor, refinement
from dahyf_core.stills.boxes import checked_boxes

CAMERA = Intrinsics(800.0, 800.0, 320.0, 240.0, 640, 480)
HANDS = (
    (TrueHand("right", CAMERA),),
    (
        TrueHand("left", CAMERA, (0.12, 0.05, 0.7), turn=170),
        TrueHand("right", CAMERA, (-0.12, 0.05, 0.7), turn=-80),
    ),
    (TrueHand("left", CAMERA, turn=30),),
    (),
)
FIELDS = {
    "image": None,
    "box": (4,),
    "side": None,
    "confidence": (),
    "joints_3d": (21, 3),
    "joints_2d": (21, 2),
    "joints_2d_projected": (21, 2),
    "pose": (16, 3),
    "shape": (10,),
    "translation": (3,),
    "focal": (),
}


@pytest.fixture
def network(monkeypatch) -> OracleNetwork:
    """What `Predictor.create` runs."""
    network = OracleNetwork(HANDS)
    monkeypatch.setattr(shipped, "DahyfNetwork", lambda model, threads: network)
    monkeypatch.setattr(predictor, "HandDetector", lambda: network)
    return network


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> list[str]:
    """Paths of the pictures of HANDS, relative to the working folder."""
    monkeypatch.chdir(tmp_path)
    return [write_png(f"{number}.png", grey_picture(number, CAMERA)) for number in range(len(HANDS))]


def asked(image: str, hand: TrueHand, **known) -> dict:
    return {"image": image, "box": hand.box, "focal": CAMERA.fx, **known}


def everything(pictures) -> tuple[list[dict], list[TrueHand]]:
    """A box for each hand, the first picture's once more at the end."""
    pairs = [(image, hand) for image, hands in zip(pictures, HANDS, strict=True) for hand in hands]
    pairs.append(pairs[0])
    return [asked(*pair) for pair in pairs], [hand for _, hand in pairs]


@dataclass(frozen=True)
class Pointing:
    """An estimator of stills that no network is behind: a flat hand in the middle of each patch."""

    hand_models: Mapping[Side, HandModel] = field(default_factory=lambda: MODELS)
    name: str = "pointing"
    provider: str = "none"
    weights: str = ""

    def observe(self, image, crops):
        joints = np.tile(crops.center[:, None], (1, 21, 1))
        count = len(crops)
        return HandObservations(crops, joints, *np.ones((2, count)), np.zeros((count, 0), np.float32), np.ones(count))

    def observe_all(self, pictures):
        return [self.observe(*picture) for picture in pictures]

    def solve(self, observations, side):
        raise NotImplementedError

    def merge(self, views, side):
        model, still = self.hand_models[side], np.array([[0.0, 0.0, 0.5]])
        joints = model.keypoints(model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), still), "mediapipe")
        located = views.joints_2d[:1]
        return HandEstimates(np.zeros((1, 16, 3)), np.zeros((1, 10)), still, located, located, joints, np.full(1, 0.5))


def test_any_estimator_that_knows_stills_will_do(network, pictures):
    (box,) = checked_boxes([asked(pictures[0], HANDS[0][0])], "the boxes")
    ((answer,),) = Predictor(Pointing(), network).in_boxes([box])
    assert (answer.side, answer.confidence) == ("right", 0.5)
    np.testing.assert_array_equal(answer.translation, [0.0, 0.0, 0.5])


class TestBoxes:
    def test_each_is_answered_in_order_with_the_hand_in_it(self, network, pictures):
        boxes, hands = everything(pictures)
        answers = dahyf_core.predict(boxes=boxes)
        assert [answer["image"] for answer in answers] == [box["image"] for box in boxes]
        for answer, box, hand in zip(answers, boxes, hands, strict=True):
            np.testing.assert_allclose(answer["box"], box["box"], atol=1e-6)
            assert answer["side"] == hand.side
            assert answer["confidence"] > 0.9
            turned = angle_between(*map(matrix_from_axis_angle, (answer["pose"], hand.pose)))
            assert turned.max() < 1e-3
            np.testing.assert_allclose(answer["joints_2d"], hand.joints_2d, atol=1e-3)
            np.testing.assert_allclose(answer["joints_3d"], hand.keypoints("freihand"), atol=1e-4)
            np.testing.assert_allclose(answer["translation"], hand.translation, atol=1e-4)

    def test_answers_have_the_documented_fields(self, network, pictures):
        boxes, _ = everything(pictures)
        for answer in dahyf_core.predict(boxes=boxes[:2]):
            assert list(answer) == list(FIELDS)
            for name, shape in FIELDS.items():
                assert shape is None or np.shape(answer[name]) == shape
            json.dumps(answer)
        (answer,) = dahyf_core.predict(boxes=boxes[:1], vertices=True)
        model = MODELS["right"]
        posed = model([answer["pose"]], [answer["shape"]], [answer["translation"]])
        np.testing.assert_allclose(answer["vertices"], posed.vertices[0], atol=1e-5)

    def test_a_side_that_is_given_is_trusted(self, network, pictures):
        answers = dahyf_core.predict(boxes=[asked(pictures[0], HANDS[0][0], side=side) for side in ("right", "left")])
        assert [answer["side"] for answer in answers] == ["right", "left"]
        assert all(part.mirrored.all() for part in network.seen[0][1:])

    @pytest.mark.parametrize("principal", [None, [100.0, 300.0]])
    @pytest.mark.parametrize("focal", [None, 1500.0])
    def test_the_camera_is_the_one_that_is_given(self, network, pictures, focal, principal):
        entry = {"image": pictures[0], "box": HANDS[0][0].box, "focal": focal, "principal": principal}
        (answer,) = dahyf_core.predict(boxes=[entry])
        assert answer["focal"] == (focal or 800.0)
        camera = Intrinsics(answer["focal"], answer["focal"], *(principal or (320.0, 240.0)), 640, 480)
        np.testing.assert_allclose(camera.project(answer["joints_3d"]), answer["joints_2d_projected"], atol=0.02)
        np.testing.assert_allclose(answer["joints_2d"], HANDS[0][0].joints_2d, atol=1e-3)

    def test_a_hand_that_fills_its_picture_is_not_taken_to_be_at_the_lens(self, network, pictures):
        (answer,) = dahyf_core.predict(boxes=[{"image": pictures[0], "box": [0, 0, 640, 480]}])
        assert answer["focal"] == pytest.approx(3 * 640)

    def test_the_last_look_has_all_views(self, network, pictures):
        dahyf_core.predict(boxes=[asked(pictures[0], HANDS[0][0])])
        (crops,) = network.seen[-1]
        turns, scales = np.array(refinement.VIEWS).T
        np.testing.assert_allclose(np.degrees(crops.roll - crops.roll[0]), turns - turns[0], atol=1e-6)
        np.testing.assert_allclose(crops.side / crops.side[0], scales / scales[0])

    def test_joints_that_run_away_do_not_take_the_patch_along(self, network, pictures):
        network.lost = True
        (answer,) = dahyf_core.predict(boxes=[asked(pictures[0], HANDS[0][0])])
        left, top, width, height = HANDS[0][0].box
        for crops in network.seen:
            np.testing.assert_allclose(crops[0].center, [[left + width / 2, top + height / 2]] * len(crops[0]))
        assert np.isfinite(answer["joints_3d"]).all()

    @pytest.mark.parametrize(
        "box",
        [
            pytest.param([300, 200, 0, 0], id="empty"),
            pytest.param([300.5, 200.25, 1e-3, 2], id="tiny"),
            pytest.param([-500, -400, 60, 60], id="outside"),
            pytest.param([1e8, 1e8, 60, 60], id="far outside"),
            pytest.param([-1e7, -1e7, 3e7, 3e7], id="huge"),
            pytest.param([600, 440, 100, 100], id="partly outside"),
        ],
    )
    def test_a_box_never_lacks_an_answer(self, network, pictures, box):
        (answer,) = dahyf_core.predict(boxes=[{"image": pictures[0], "box": box}])
        assert answer["box"] == pytest.approx(box)
        assert all(np.isfinite(answer[name]).all() for name, shape in FIELDS.items() if shape is not None)

    @pytest.mark.parametrize(
        ("kind", "suffix"),
        [
            *product(("grey", "alpha", "narrow"), (".png", ".jpg", ".tif", ".webp")),
            *product(("16 bit",), (".png", ".tif")),
        ],
    )
    def test_nor_does_an_odd_picture(self, network, tmp_path, kind, suffix):
        colours = np.full((48, 64, 3), GREY_STEP, np.uint8)
        picture = {
            "grey": colours[..., 0],
            "alpha": np.dstack([colours, colours[..., :1]]),
            "16 bit": colours.astype(np.uint16) << 8,
            "narrow": colours[:, :1],
        }[kind]
        image = write_png(tmp_path / f"odd{suffix}", picture)
        (answer,) = dahyf_core.predict(boxes=[{"image": image, "box": [10, 10, 30, 30]}])
        assert np.isfinite(answer["joints_3d"]).all()

    def test_boxes_lie_in_the_upright_picture(self, network, tmp_path):
        lying = cv2.imencode(".jpg", grey_picture(1, CAMERA))[1].tobytes()
        turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        image = tmp_path / "turned.jpg"
        image.write_bytes(lying[:2] + b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned + lying[2:])
        (answer,) = dahyf_core.predict(boxes=[{"image": str(image), "box": [200, 500, 50, 50], "focal": 900}])
        camera = Intrinsics(900.0, 900.0, 240.0, 320.0, 480, 640)
        np.testing.assert_allclose(camera.project(answer["joints_3d"]), answer["joints_2d_projected"], atol=0.02)

    def test_pictures_are_read_as_answers_are_taken(self, network, pictures):
        read = 0

        def endless():
            nonlocal read
            while True:
                read += 1
                yield HandBox(pictures[read % 2], tuple(HANDS[read % 2][0].box))

        answers = Predictor.create().in_boxes(endless())
        for taken in range(1, 41):
            assert len(next(answers)) == 1
            assert read <= taken + predictor.BATCH_HANDS + predictor.PICTURES_AHEAD + 3
        answers.close()

    def test_a_crowd_in_one_picture_is_looked_at_in_batches(self, network, pictures):
        boxes = [asked(pictures[1], hand) for hand in HANDS[1] * 10]
        assert [answer["side"] for answer in dahyf_core.predict(boxes=boxes)] == ["left", "right"] * 10
        assert max(map(len, network.seen)) <= predictor.BATCH_HANDS


class TestPictures:
    def test_hands_are_found_wherever_they_are(self, network, pictures):
        answers = dahyf_core.predict(pictures)
        assert [answer["image"] for answer in answers] == ["0.png", "1.png", "1.png", "2.png"]
        hands = [hand for hands in HANDS for hand in hands]
        for answer, hand in zip(answers, hands, strict=True):
            assert answer["side"] == hand.side
            np.testing.assert_allclose(answer["box"], hand.box, atol=0.01)
            np.testing.assert_allclose(answer["joints_2d"], hand.joints_2d, atol=0.01)

    def test_a_picture_without_hands_has_no_entry(self, network, pictures):
        assert dahyf_core.predict(pictures[3]) == []
        assert dahyf_core.predict([]) == []

    def test_a_path_may_be_a_path(self, network, pictures):
        assert dahyf_core.predict(Path(pictures[0])) == dahyf_core.predict([pictures[0]])


class TestCommand:
    def test_writes_what_python_gives(self, network, pictures):
        boxes, _ = everything(pictures)
        Path("boxes.json").write_text(json.dumps(boxes))
        result = run("predict", "--boxes", "boxes.json", "-o", "hands.json")
        assert result.exit_code == 0, result
        assert result.done["hands"] == len(boxes)
        assert result.of_type("progress")[-1]["done"] == result.done["frames"] == 4
        assert not result.of_type("warning")
        assert json.loads(Path("hands.json").read_text()) == dahyf_core.predict(boxes=boxes)

    def test_names_the_provider(self, network, pictures):
        result = run("predict", pictures[0], "-o", "hands.json")
        assert network.provider in result.of_type("status")[0]["text"]

    def test_vertices_are_written_when_asked_for(self, network, pictures):
        assert run("predict", *pictures, "-o", "hands.json", "--vertices").exit_code == 0
        answers = json.loads(Path("hands.json").read_text())
        assert [np.shape(answer["vertices"]) for answer in answers] == [MODELS["right"].vertices.shape] * 4

    def test_the_users_mano_tells_the_hands_that_the_network_found(self, network, pictures):
        write_pickle(Path("MANO_RIGHT.pkl"), made_up_mano())
        write_pickle(Path("MANO_LEFT.pkl"), made_up_mano("left"))
        mano = {side: load_hand_model(Path(f"MANO_{side.upper()}.pkl"), side) for side in ("right", "left")}
        for answer in dahyf_core.predict(pictures, hand_model="MANO_RIGHT.pkl", vertices=True):
            parameters = [np.array([answer[name]]) for name in ("pose", "shape", "translation")]
            posed = mano[answer["side"]](*parameters)
            np.testing.assert_allclose(answer["vertices"], posed.vertices[0], atol=3e-6)
            assert np.shape(answer["vertices"]) == (778, 3)

    def test_no_hands_are_an_empty_list_and_a_warning(self, network, pictures):
        result = run("predict", pictures[3], "-o", "hands.json")
        assert result.exit_code == 0
        assert "No hands" in result.of_type("warning")[0]["text"]
        assert json.loads(Path("hands.json").read_text()) == []

    def test_pictures_beside_boxes_are_warned_about_unless_boxes_are_in_them(self, network, pictures):
        Path("boxes.json").write_text(json.dumps([asked(pictures[0], HANDS[0][0])]))
        named = Path(pictures[0]).absolute(), pictures[1]
        result = run("predict", *named, "--boxes", "boxes.json", "-o", "hands.json")
        assert result.done["hands"] == 1
        assert [warning["text"] for warning in result.of_type("warning")] == ["1.png has no box and was left out."]

    def test_a_damaged_picture_is_named_and_nothing_is_written(self, network, pictures):
        Path("damaged.png").write_bytes(Path(pictures[0]).read_bytes()[:50])
        Path("hands.json").write_text("older")
        result = run("predict", *pictures, "damaged.png", "-o", "hands.json")
        assert result.exit_code == 3
        assert "damaged.png" in result.error["text"]
        assert Path("hands.json").read_text() == "older"
        assert not list(Path().glob(".*"))

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "mentioned"),
        [
            ((), 4, "No picture"),
            (("missing.png",), 3, "missing.png"),
            (("--boxes", "missing.json"), 8, "missing.json"),
            (("--boxes", "0.png"), 8, "0.png"),
            (("0.png", "-o", "hands.npz"), 4, "hands.npz"),
            (("0.png", "-o", "no/hands.json"), 7, "no"),
            (("0.png", "--hand-model", "none.pkl"), 5, "none.pkl"),
        ],
    )
    def test_errors_name_what_is_wrong(self, network, pictures, arguments, exit_code, mentioned):
        result = run("predict", "-o", "hands.json", *arguments)
        assert result.exit_code == exit_code
        assert mentioned in result.error["text"]
        assert not Path("hands.json").exists()


GOOD = {"image": "a.png", "box": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[{", "truncated"),
        (b"\xff\xfe", "JSON"),
        (b'{"image": "a.png"}', "Expected `array`"),
        (b"[[1, 2, 3, 4]]", "Expected `object`"),
        ([{"box": [1, 2, 3, 4]}], "missing required field `image`"),
        ([{"image": 7, "box": [1, 2, 3, 4]}], "`$[0].image`"),
        ([{"image": "a.png"}], "missing required field `box`"),
        ([GOOD | {"box": [1, 2, 3]}], "length 4"),
        ([GOOD | {"box": [1, 2, 3, "4"]}], "`$[0].box[3]`"),
        ([GOOD | {"box": [1, 2, 3, None]}], "`$[0].box[3]`"),
        ([GOOD | {"box": [1, 2, [3], 4]}], "`$[0].box[2]`"),
        (b'[{"image": "a.png", "box": [NaN, 2, 3, 4]}]', "JSON"),
        ([GOOD | {"box": [1, 2, 10**400, 4]}], "out of range"),
        ([GOOD | {"box": [1e308, 1e308, 10, 10]}], "`$[0].box[0]`"),
        ([GOOD | {"box": [1, 2, -3, 4]}], ">= 0.0"),
        ([GOOD | {"side": "both"}], "'both'"),
        ([GOOD | {"side": ["left"]}], "`$[0].side`"),
        ([GOOD | {"focal": "long"}], "`$[0].focal`"),
        ([GOOD | {"focal": 0}], "`$[0].focal`"),
        ([GOOD | {"focal": 1e-308}], "`$[0].focal`"),
        ([GOOD | {"principal": [1]}], "length 2"),
        ([GOOD, GOOD | {"principal": 3}], "`$[1].principal`"),
        (b"[" * 100_000, "The boxes"),
        (b'[{"image": "\\ud800", "box": [1, 2, 3, 4]}]', "The boxes"),
    ],
)
def test_wrong_boxes_are_refused_in_a_sentence(tmp_path, content, fault):
    path = tmp_path / "boxes.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    result = run("predict", "--boxes", path, "-o", tmp_path / "hands.json")
    assert result.exit_code == 8
    assert fault in result.error["text"]
    assert str(path) in result.error["text"]
    assert "\n" not in result.error["text"]
    assert not (tmp_path / "hands.json").exists()


def test_boxes_may_be_arrays_and_paths():
    (box,) = checked_boxes([{"image": Path("a.png"), "box": np.arange(4), "principal": np.ones(2)}], "the boxes")
    assert box == HandBox("a.png", (0.0, 1.0, 2.0, 3.0), principal=(1.0, 1.0))


def test_importing_the_core_stays_light():
    script = "import sys, dahyf_core; print([m for m in ('numpy', 'cv2', 'onnxruntime') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
    with pytest.raises(AttributeError, match="nothing"):
        _ = dahyf_core.nothing


class TestShippedNetwork:
    """The whole way, on drawn hands."""

    @pytest.fixture(scope="class")
    def picture(self, shipped_network):
        return hand_picture(0, 640, 480)

    def test_a_hand_is_found(self, picture, tmp_path):
        image = write_picture(tmp_path / "hand.png", picture)
        (answer,) = dahyf_core.predict(image)
        assert answer["side"] == "right"
        assert answer["confidence"] > 0.6

    def test_the_hand_in_a_mirror_is_the_mirrored_hand(self, picture, tmp_path):
        image = write_picture(tmp_path / "hand.png", picture)
        mirror = write_picture(tmp_path / "mirror.png", np.ascontiguousarray(picture[:, ::-1]))
        (found,) = dahyf_core.predict(image)
        x, y, width, height = found["box"]
        known = {"focal": 800.0, "principal": [319.5, 239.5]}
        here, there = dahyf_core.predict(
            boxes=[
                {"image": image, "box": [x, y, width, height], "side": "right", **known},
                {"image": mirror, "box": [639 - x - width, y, width, height], "side": "left", **known},
            ]
        )
        np.testing.assert_allclose(there["joints_3d"], np.array(here["joints_3d"]) * (-1, 1, 1), atol=1e-3)
        np.testing.assert_allclose(there["pose"], np.array(here["pose"]) * (1, -1, -1), atol=1e-2)
