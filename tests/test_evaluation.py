"""Runs of estimators over labelled hands, and the files that benchmarks' servers take."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from cli_runner import run, say
from dataset_factory import (
    OPENGL,
    Truth,
    ho3d_joints,
    write_coco,
    write_freihand,
    write_hanco,
    write_ho3d,
    write_picture,
    write_rhd,
)
from made_up_mano import made_up_mano, write_pickle

from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.datasets import Sample
from dahyf_core.errors import DatasetError, SettingsError
from dahyf_core.evaluation import (
    METRICS,
    check_submission,
    facts_of,
    load_mano,
    open_benchmark,
    predict,
    score,
    worst_facts,
    write_submission,
    write_worst,
)
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side, load_hand_model, load_hand_models
from dahyf_core.hand_model.keypoints import TIPS
from dahyf_core.pose import HandEstimates, HandObservations, RefittedEstimator

CAMERA = Intrinsics(300.0, 300.0, 64.0, 64.0, 128, 128)
HANDS = load_hand_models()


def hand_of(index: int) -> tuple[Side, np.ndarray, np.ndarray, np.ndarray]:
    """Side, pose (1, 16, 3), shape (1, 10) and translation (1, 3)."""
    random = np.random.default_rng(index)
    pose = np.concatenate([random.normal(0, 1, (1, 3)), random.normal(0, 0.1, (15, 3))])
    return "left" if index % 2 else "right", pose[None], random.normal(0, 0.3, (1, 10)), np.array([[0.0, 0.0, 0.7]])


class MadeUpHands:
    """Labelled hands of both sides; the last picture has none. The level of a picture is its number."""

    def __init__(self, count: int) -> None:
        self.sources = [str(index) for index in range(count)]

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> Sample:
        image = np.full((128, 128, 3), index, np.uint8)
        if index == len(self) - 1:
            return Sample(image, CAMERA, str(index))
        side, pose, shape, translation = hand_of(index)
        model = HANDS[side]
        points = model.keypoints(model.skeleton(pose, shape, translation), "mediapipe")[0]
        known = np.ones(21, dtype=bool)
        pixels = CAMERA.project(points)
        return Sample(image, CAMERA, str(index), side, pixels, known, points, "mediapipe", pose[0], shape[0])


@dataclass(frozen=True)
class Knowing:
    """An estimator that knows the hand in each picture, by its level, and gives it changed."""

    hands: dict[Side, HandModel]
    hand_of: Callable[[int], tuple[Side, np.ndarray, np.ndarray, np.ndarray]]
    change: Callable[[np.ndarray], np.ndarray] = lambda pose: pose
    name: str = "knowing"
    provider: str = "none"

    def observe(self, image: np.ndarray, crops: Crops) -> HandObservations:
        level = np.full(len(crops), float(image[0, 0, 0]))
        located = np.broadcast_to(self.solve_level(level[0], crops.intrinsics).joints_2d, (len(crops), 21, 2))
        return HandObservations(
            crops, located, *np.ones((2, len(crops))), level[:, None].astype(np.float32), np.ones(len(crops))
        )

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        return self.solve_level(float(observations.payload[0, 0]), observations.crops.intrinsics)

    def solve_level(self, level: float, intrinsics: Intrinsics) -> HandEstimates:
        side, pose, shape, translation = self.hand_of(round(level))
        model, pose = self.hands[side], self.change(pose)
        points = model.keypoints(model.skeleton(pose, shape, translation), "mediapipe")
        pixels = intrinsics.project(points)
        return HandEstimates(pose, shape, translation, pixels, pixels, points, np.ones(1))


def turned_wrist(pose: np.ndarray) -> np.ndarray:
    """20 degrees about the camera's axis."""
    turn = matrix_from_axis_angle(np.array([0.0, 0.0, np.radians(20)]))
    changed = pose.copy()
    changed[:, 0] = axis_angle_from_matrix(turn @ matrix_from_axis_angle(pose[:, 0]))
    return changed


class TestScores:
    def test_the_truth_errs_by_nothing(self) -> None:
        scores = score(MadeUpHands(5), np.arange(5), Knowing(HANDS, hand_of), HANDS)
        metrics = facts_of(scores)["metrics"]
        assert set(metrics) == set(METRICS)
        for name, metric in metrics.items():
            best = 1.0 if metric["unit"] == "" else 0.0
            assert metric["mean"] == pytest.approx(best, abs=6e-3), name  # rounding misses the first of 100 thresholds

    def test_alignment_takes_out_a_turn_and_nothing_else_does(self) -> None:
        scores = score(MadeUpHands(5), np.arange(4), Knowing(HANDS, hand_of, turned_wrist), HANDS)
        metrics = facts_of(scores)["metrics"]
        assert metrics["pa_mpjpe"]["mean"] == pytest.approx(0.0, abs=1e-3)
        assert metrics["pa_mpvpe"]["mean"] == pytest.approx(0.0, abs=1e-3)
        assert metrics["wrist_rotation"]["mean"] == pytest.approx(20.0)
        assert metrics["mpjpe"]["mean"] > 10
        assert metrics["mpjpe"]["joints"]["wrist"] == 0.0
        assert metrics["mpjpe"]["joints"]["middle4"] > metrics["mpjpe"]["joints"]["middle1"]

    def test_only_what_is_labelled_counts(self) -> None:
        class Marked(MadeUpHands):
            def __getitem__(self, index: int) -> Sample:
                sample = super().__getitem__(index)
                seen = np.arange(21) != 3
                return replace(sample, visible=seen, joints_3d=np.full((21, 3), np.nan), pose=np.full((16, 3), np.nan))

        scores = score(Marked(4), np.arange(3), Knowing(HANDS, hand_of), HANDS)
        facts = facts_of(scores)
        assert set(facts["metrics"]) == {
            *("epe_located", "epe_projected", "epe_located_224", "epe_projected_224", "confidence")
        }
        assert facts["metrics"]["epe_located"]["joints"]["thumb3"] is None
        assert {"pa_mpjpe", "pa_mpvpe", "f_5", "wrist_rotation"} <= set(facts["not_labelled"])

    def test_worst_cases_are_told_and_drawn(self, tmp_path: Path) -> None:
        def one_bad(pose: np.ndarray) -> np.ndarray:
            changed = pose.copy()
            if np.array_equal(pose, hand_of(2)[1]):
                changed[:, 1:] += 0.5
            return changed

        dataset = MadeUpHands(8)
        scores = score(dataset, np.arange(8), Knowing(HANDS, hand_of, one_bad), HANDS)
        worst = worst_facts(scores, 3)
        assert worst[0]["index"] == 2
        assert worst[0]["pa_mpjpe"] > worst[1]["pa_mpjpe"]
        write_worst(scores, dataset, 7, tmp_path / "worst.png")
        assert cv2.imread(str(tmp_path / "worst.png")).shape[0] > 2 * 320


@pytest.fixture(scope="module")
def mano_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pickle(tmp_path_factory.mktemp("mano") / "MANO_RIGHT.pkl", made_up_mano())


@pytest.fixture(scope="module")
def mano(mano_file: Path) -> HandModel:
    return load_hand_model(mano_file)


def write_all(folder: Path, mano: HandModel) -> None:
    """Every set that can be read without a network."""
    write_freihand(folder / "freihand", mano, "evaluation")
    write_ho3d(folder / "ho3d", mano, ".png")
    write_hanco(folder / "hanco", mano)
    write_rhd(folder / "rhd", mano, "evaluation")
    write_coco(folder / "coco-wholebody")
    write_picture(folder / "backgrounds" / "12.png", 90)  # of the test split


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory, mano: HandModel) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    write_all(folder, mano)
    return folder


@pytest.fixture(scope="module")
def freihand(tmp_path_factory: pytest.TempPathFactory, mano: HandModel) -> tuple[Path, list[Truth]]:
    folder = tmp_path_factory.mktemp("freihand")
    return folder, write_freihand(folder, mano, "evaluation")


@pytest.fixture(scope="module")
def ho3d(tmp_path_factory: pytest.TempPathFactory, mano: HandModel) -> tuple[Path, list[Truth]]:
    folder = tmp_path_factory.mktemp("ho3d")
    return folder, write_ho3d(folder, mano, ".png")["evaluation"]


class TestCommand:
    @pytest.mark.parametrize(
        ("reader", "labelled"),
        [
            ("freihand", {"pa_mpjpe", "epe_located"}),
            ("ho3d", {"epe_located"}),
            ("hanco", {"pa_mpjpe", "epe_located"}),
            ("rhd", {"pa_mpjpe", "epe_located"}),
            ("coco-wholebody", {"epe_located"}),
            ("backgrounds", {"confidence_without_hand"}),
        ],
    )
    def test_measures_on_every_set(self, sets: Path, tmp_path: Path, reader: str, labelled: set[str]) -> None:
        output = tmp_path / "out.json"
        arguments = ("--data", reader, "--path", sets / reader, "--estimator", "baseline", "--limit", 2, "-o", output)
        done = run("evaluate", *arguments)
        assert done.exit_code == 0, done.messages
        results = json.loads(output.read_text())
        assert labelled <= set(results["metrics"])
        assert ("pa_mpjpe" in results["metrics"]) == ("pa_mpjpe" in labelled)
        assert results["data"]["reader"] == reader
        assert output.with_suffix(".png").is_file()

    def test_so_many_worst_cases_are_shown(self, sets: Path, tmp_path: Path) -> None:
        arguments = ("--data", "freihand", "--path", sets / "freihand", "--estimator", "baseline", "--limit", 3)
        shown = {}
        for count in (1, 2):
            output = tmp_path / f"{count}.json"
            assert run("evaluate", *arguments, "--worst", count, "-o", output).exit_code == 0
            shown[count] = json.loads(output.read_text())["worst"]
        assert [len(shown[count]) for count in (1, 2)] == [1, 2]
        assert shown[1] == shown[2][:1]

    def test_meshes_are_measured_with_the_users_mano(self, sets: Path, tmp_path: Path, mano_file: Path) -> None:
        arguments = ("--data", "freihand", "--path", sets / "freihand", "--estimator", "baseline", "--limit", 1)
        code, text, _ = say("evaluate", *arguments, "--hand-model", mano_file, "-o", tmp_path / "out.json")
        assert code == 0
        assert "PA-MPVPE" in text
        assert "pinky4" in text

    @pytest.mark.parametrize(("estimator", "exit_code"), [("dahyf", 5), ("baseline", 4)])
    def test_a_network_that_cannot_be_run_is_named(
        self, sets: Path, tmp_path: Path, estimator: str, exit_code: int
    ) -> None:
        arguments = ("--data", "rhd", "--path", sets / "rhd", "--estimator", estimator, "--model", tmp_path / "no.onnx")
        done = run("evaluate", *arguments, "-o", tmp_path / "out.json")
        assert done.exit_code == exit_code
        assert "no.onnx" in done.error["text"]

    def test_an_unknown_reader_is_named(self, tmp_path: Path) -> None:
        done = run("evaluate", "--data", "mnist", "--path", tmp_path, "-o", tmp_path / "out.json")
        assert done.exit_code == 4
        assert "mnist" in done.error["text"]
        assert "freihand" in done.error["remedy"]


class TestSubmission:
    @staticmethod
    def knowing(mano: HandModel, truth: list[Truth], step: int, shift: float) -> Knowing:
        """Knows the hands of pictures whose levels are a step apart, but for a shift in depth."""

        def known(level: int) -> tuple[Side, np.ndarray, np.ndarray, np.ndarray]:
            hand = truth[round(level / step)]
            at_origin = mano(hand.pose[None], hand.shape[None], np.zeros((1, 3))).joints[0]
            translation = hand.bones[0] - at_origin[0] + (0.0, 0.0, shift)
            return "right", hand.pose[None], hand.shape[None], translation[None]

        return Knowing({"right": mano}, known)

    def test_freihand_gets_its_own_labels_back(self, freihand: tuple[Path, list[Truth]], mano: HandModel) -> None:
        folder, truth = freihand
        dataset = open_benchmark("freihand", folder)
        joints, vertices = predict("freihand", dataset, self.knowing(mano, truth, 10, 0.0), mano)
        np.testing.assert_allclose(joints, [hand.joints for hand in truth], atol=1e-5)
        np.testing.assert_allclose(vertices, [hand.vertices for hand in truth], atol=1e-5)

    def test_ho3d_gets_its_order_and_axes_and_its_wrist(self, ho3d: tuple[Path, list[Truth]], mano: HandModel) -> None:
        folder, truth = ho3d
        dataset = open_benchmark("ho3d", folder)
        joints, vertices = predict("ho3d", dataset, self.knowing(mano, truth, 20, 0.1), mano)
        np.testing.assert_allclose(joints[:, :16], [ho3d_joints(hand)[:16] for hand in truth], atol=1e-5)
        tips = np.array([hand.vertices[[728, 353, 442, 576, 694]] for hand in truth])
        np.testing.assert_allclose(joints[:, 16:], tips @ OPENGL, atol=1e-5)
        np.testing.assert_allclose(vertices, [hand.vertices @ OPENGL for hand in truth], atol=1e-5)

    def test_the_published_truth_of_ho3d_is_not_looked_at(self, tmp_path: Path, mano: HandModel) -> None:
        truth = write_ho3d(tmp_path, mano, ".png")["evaluation"]
        estimator = self.knowing(mano, truth, 20, 0.1)
        before = predict("ho3d", open_benchmark("ho3d", tmp_path), estimator, mano)
        published = np.array([ho3d_joints(hand) for hand in truth])
        published[:, 1:] += 0.5
        (tmp_path / "evaluation_xyz.json").write_text(json.dumps(published.tolist()))
        after = predict("ho3d", open_benchmark("ho3d", tmp_path), estimator, mano)
        np.testing.assert_allclose(after[0], before[0], atol=1e-6)

    def test_a_written_file_is_accepted_and_is_what_servers_read(
        self, freihand: tuple[Path, list[Truth]], mano: HandModel, tmp_path: Path
    ) -> None:
        folder, truth = freihand
        file = tmp_path / "pred.zip"
        write_submission(np.array([hand.joints for hand in truth]), np.array([hand.vertices for hand in truth]), file)
        assert check_submission("freihand", file, folder) == 3
        with ZipFile(file) as archive:
            joints, vertices = json.loads(archive.read("pred.json"))
        np.testing.assert_allclose(joints, [hand.joints for hand in truth], atol=1e-6)
        assert np.shape(vertices) == (3, 778, 3)

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda joints, vertices: (joints[:2], vertices), "joints have the shape"),
            (lambda joints, vertices: (joints, vertices[:, :700]), "vertices have the shape"),
            (lambda joints, vertices: (1e3 * joints, 1e3 * vertices), "m long"),
            (lambda joints, vertices: (joints @ OPENGL, vertices @ OPENGL), "behind the camera"),
            (lambda joints, vertices: (joints[:, ::-1], vertices), "finger tips"),
            (lambda joints, vertices: (joints * np.nan, vertices), "not finite"),
        ],
    )
    def test_a_spoilt_file_is_refused_with_the_reason(
        self, freihand: tuple[Path, list[Truth]], tmp_path: Path, spoil: Callable, reason: str
    ) -> None:
        folder, truth = freihand
        file = tmp_path / "pred.zip"
        joints, vertices = (np.array([getattr(hand, name) for hand in truth]) for name in ("joints", "vertices"))
        write_submission(*spoil(joints, vertices), file)
        with pytest.raises(DatasetError, match=reason):
            check_submission("freihand", file, folder)

    def test_a_file_that_is_no_submission_is_refused(self, freihand: tuple[Path, list[Truth]], tmp_path: Path) -> None:
        folder, _ = freihand
        file = tmp_path / "pred.zip"
        for content in ("no zip", {"other.json": "[]"}, {"pred.json": "{"}, {"pred.json": "[[], [], []]"}):
            if isinstance(content, str):
                file.write_text(content)
            else:
                with ZipFile(file, "w") as archive:
                    for name, text in content.items():
                        archive.writestr(name, text)
            with pytest.raises(DatasetError, match="is not valid"):
                check_submission("freihand", file, folder)
        with pytest.raises(DatasetError, match="cannot be read"):
            check_submission("freihand", tmp_path / "nothing.zip", folder)

    @pytest.mark.parametrize("benchmark", ["freihand", "ho3d"])
    def test_command_writes_what_its_check_accepts(
        self, request: pytest.FixtureRequest, benchmark: str, mano_file: Path, tmp_path: Path
    ) -> None:
        folder, truth = request.getfixturevalue(benchmark)
        file = tmp_path / "pred.zip"
        arguments = ("--path", folder, "--estimator", "baseline", "-o", file)
        refused = run("submit", benchmark, *arguments)
        assert refused.exit_code == 4
        assert "778 vertices" in refused.error["text"]
        assert not file.exists()
        assert run("submit", benchmark, *arguments, "--hand-model", mano_file).done["hands"] == len(truth)
        assert run("check-submission", benchmark, file, "--path", folder).exit_code == 0


def test_mano_must_be_named() -> None:
    with pytest.raises(SettingsError, match="does not allow shipping it"):
        load_mano(None)


def test_another_hand_model_lies_where_the_estimators_own_lies(mano: HandModel) -> None:
    own = Knowing(HANDS, lambda level: hand_of(2 * level))
    refitted = RefittedEstimator(own, {"right": mano, "left": mano.mirrored()})
    crops = Crops(np.array([[64.0, 64.0]]), np.array([100.0]), np.zeros(1), np.zeros(1, bool), CAMERA)
    observations = refitted.observe(np.zeros((128, 128, 3), np.uint8), crops)
    expected, found = own.solve(observations, "right"), refitted.solve(observations, "right")
    posed = mano.skeleton(found.pose, found.shape, found.translation)
    np.testing.assert_allclose(mano.keypoints(posed, "mediapipe"), found.joints_3d, atol=1e-6)
    # The made-up file's tips are vertices of anywhere, and its wrist is not the open hand's.
    fingers = np.setdiff1d(np.arange(1, 21), TIPS)
    apart = np.linalg.norm(found.joints_3d - expected.joints_3d, axis=-1)[:, fingers]
    assert np.median(apart) < 0.005
    np.testing.assert_allclose(found.joints_2d_projected, CAMERA.project(found.joints_3d))
