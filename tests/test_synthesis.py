"""Synthetic hands: the same numbers give the same pictures, labels are exact, and a teacher of real hands agrees."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli_runner import run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dahyf_core.datasets import PhotoLabels, split_of
from dahyf_core.errors import DatasetError, OutputError, SettingsError
from dahyf_core.geometry import matrix_from_axis_angle
from dahyf_core.hand_model import DENSE_VERTICES, HandModel, dense_points, load_hand_model
from dahyf_core.hand_model.dense_points import farthest_points
from dahyf_core.pose import LandmarkEstimator
from dahyf_core.pose.baseline import LandmarkNetwork
from dahyf_core.synthesis import (
    Batch,
    Generator,
    Labels,
    SynthesisSettings,
    SyntheticHands,
    TeacherCheck,
    check_with_teacher,
    observed_keypoints,
    picture_camera,
    write_set,
)
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.grasps import draw_grasp
from dahyf_core.synthesis.hand import Hand
from dahyf_core.synthesis.inpainting import LONG_SIDE, inpaint_hands, inpainted_picture
from dahyf_core.synthesis.jewellery import RingMaker
from dahyf_core.synthesis.materials import draw_glove
from dahyf_core.synthesis.poses import FEWEST_FITS, MOST_OVERLAP, FittedPoses, PoseSampler
from dahyf_core.synthesis.skins import load_skins
from dahyf_core.synthesis.solids import ALONG, Solid
from dahyf_core.synthesis.spectrum import fine_detail
from dahyf_core.synthesis.surface import VertexNormals, border_loop, describe_surface, fill_with_spheres
from dahyf_core.synthesis.surroundings import load_surroundings
from dahyf_core.synthesis.visibility import JointSkin, seen_points

MODEL = load_hand_model()
MIRROR = np.array([-1.0, 1.0, 1.0])
PLAIN = SynthesisSettings(size=192, second_hand=0, pinched_object=0, obstacle=0, grasp=0, fist=0, along_forearm=0)


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four pictures of soft blobs."""
    folder = tmp_path_factory.mktemp("backgrounds")
    random = np.random.default_rng(0)
    for number in range(4):
        blobs = cv2.resize(random.uniform(40, 200, (6, 8, 3)), (320, 240), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number}.jpg"), np.clip(blobs, 0, 255).astype(np.uint8))
    return folder


def create_generator(backgrounds: Path, seed: int = 0, chosen: SynthesisSettings = PLAIN) -> Generator:
    try:
        return Generator(MODEL, backgrounds, seed=seed, settings=chosen)
    except SettingsError as error:
        pytest.skip(f"no pictures can be drawn on this machine: {error}")


@pytest.fixture(scope="module")
def generator(backgrounds: Path) -> Iterator[Generator]:
    with create_generator(backgrounds) as generator:
        yield generator


@pytest.fixture(scope="module")
def batch(generator: Generator) -> Batch:
    return generator.batch(range(80))


def own_model(labels: Labels, row: int) -> HandModel:
    return MODEL if labels.side[row] == "right" else MODEL.mirrored()


def test_a_number_gives_the_same_picture_in_any_order(generator, backgrounds):
    rich = SynthesisSettings(size=128, second_hand=1, obstacle=1, sleeve=1, band=1)
    with create_generator(backgrounds, 3, rich) as first, create_generator(backgrounds, 3, rich) as second:
        files, labels = zip(*(first.jpeg(index) for index in (0, 1, 2)), strict=True)
        for index in (2, 0):
            file, label = second.jpeg(index)
            assert np.array_equal(file, files[index])
            for name, values in label.arrays().items():
                assert np.array_equal(values, labels[index].arrays()[name]), name


def test_seeds_and_numbers_give_different_pictures(generator, backgrounds, batch):
    assert not np.array_equal(batch.pictures[0], batch.pictures[1])
    with create_generator(backgrounds, seed=1) as other:
        assert not np.array_equal(other.batch(range(1)).pictures[0], batch.pictures[0])


def test_both_sides_are_shown(batch):
    assert set(batch.labels.side) == {"left", "right"}


def test_labels_are_the_hand_models_and_project_onto_each_other(batch):
    labels = batch.labels
    for row in range(len(labels)):
        one = slice(row, row + 1)
        model = own_model(labels, row)
        posed = model.skeleton(labels.pose[one], labels.shape[one], labels.translation[one])
        camera = picture_camera(labels, row, PLAIN.size)
        for name in ("own", "mediapipe", "freihand"):
            joints = getattr(labels, f"joints_3d_{name}")[row]
            assert np.allclose(model.keypoints(posed, name)[0], joints, atol=1e-5)
            assert np.allclose(camera.project(joints), getattr(labels, f"joints_2d_{name}")[row], atol=0.02)


def test_the_picture_is_the_stated_square_of_its_frame(batch):
    labels = batch.labels
    x, y, side = labels.crop.T
    in_frame = labels.joints_2d_own * (side / PLAIN.size)[:, None, None]
    in_frame += np.stack([x - side / 2, y - side / 2], axis=-1)[:, None]
    focal = labels.pinhole[:, :1] * side[:, None] / PLAIN.size
    rays = labels.joints_3d_own[..., :2] / labels.joints_3d_own[..., 2:]
    assert np.allclose(in_frame, rays * focal[:, None] + labels.frame_size[:, None] / 2, atol=0.05)


def test_left_hands_are_mirrored_right_hands(batch):
    labels = batch.labels[batch.labels.side == "left"]
    posed = MODEL.skeleton(labels.pose * -MIRROR, labels.shape, labels.translation * MIRROR)
    assert np.allclose(MODEL.keypoints(posed), labels.joints_3d_own * MIRROR, atol=1e-5)


def test_hands_are_drawn_where_the_labels_say(backgrounds):
    """Black hands on white: the picture is dark at visible joints, but for fingers thinner than a pixel."""
    white = backgrounds.parent / "white"
    white.mkdir(exist_ok=True)
    cv2.imwrite(str(white / "white.png"), np.full((64, 64, 3), 255, np.uint8))
    with create_generator(white, chosen=replace(PLAIN, sleeve=0, band=0)) as generator:
        sampler, renderer, labels = generator._sampler, generator._renderer, []
        for index in range(48):
            random = np.random.default_rng(index)
            sampled = sampler.draw(random, np.full((192, 192, 3), 255, np.uint8))
            coverage = renderer.render(sampled.scene).colour[..., 3]
            scale = len(coverage) / PLAIN.size
            fx, fy, cx, cy = sampled.scene.pinhole
            joints = sampled.hand.keypoints("own")
            pixels = joints[:, :2] / joints[:, 2:] * (fx, fy) + (cx, cy)
            x, y = np.clip(np.rint((pixels + 0.5) * scale - 0.5).astype(int), 0, len(coverage) - 1).T
            labels.append(coverage[y, x] > 0)
    assert np.mean(labels) > 0.97


def test_a_network_for_photographs_agrees(batch):
    """It sees hands, of the side that the labels say, near where the labels say."""
    checked = check_with_teacher(LandmarkEstimator(LandmarkNetwork(threads=1), {}), batch)
    shown = batch.labels.visible.sum(axis=1) >= 12
    present = shown & (checked.presence > 0.5)
    assert present.sum() > 0.8 * shown.sum()
    assert np.mean(checked.side_score[present] > 0.5) > 0.7
    assert np.median(checked.error[present][batch.labels.visible[present]]) < 14


def test_keypoints_are_found_where_a_judge_sees_them(batch):
    keypoints = MODEL.keypoint_sets["mediapipe"]
    moved = replace(keypoints, offsets=keypoints.offsets + np.random.default_rng(0).normal(0, 0.006, (21, 3)))
    labels, seen = batch.labels, []
    elsewhere = replace(MODEL, keypoint_sets={"mediapipe": moved})
    for row in range(len(labels)):
        one = slice(row, row + 1)
        model = elsewhere if labels.side[row] == "right" else elsewhere.mirrored()
        posed = model.skeleton(labels.pose[one], labels.shape[one], labels.translation[one])
        seen.append(picture_camera(labels, row, PLAIN.size).project(model.keypoints(posed, "mediapipe")[0]))
    count = len(labels)
    checked = TeacherCheck(np.ones(count), np.ones(count), np.array(seen), np.zeros((count, 21)), np.ones(count))
    assert np.allclose(observed_keypoints(MODEL, labels, checked).offsets, moved.offsets, atol=2e-4)


def test_a_set_is_written_resumed_extended_and_read(generator, tmp_path):
    write_set(generator, tmp_path / "set", 3)
    path = tmp_path / "set" / "00000.npz"
    written = path.stat().st_mtime_ns
    write_set(generator, tmp_path / "set", 3)
    assert path.stat().st_mtime_ns == written
    write_set(generator, tmp_path / "set", 5)

    hands = SyntheticHands(tmp_path / "set", MODEL, keypoints="freihand")
    assert len(hands) == len(set(hands.sources)) == 5
    (everything,) = hands.batches()
    sample = hands[4]
    assert np.array_equal(sample.image, generator.batch(range(4, 5)).pictures[0])
    assert np.allclose(sample.joints_2d, everything.labels.joints_2d_freihand[4], atol=0.02)
    assert np.allclose(sample.joints_3d, everything.labels.joints_3d_freihand[4], atol=1e-5)
    assert np.array_equal(sample.joint_visible, everything.labels.visible[4])
    assert np.array_equal(sample.dense_2d, everything.labels.dense_2d[4])
    assert np.array_equal(sample.dense_visible, everything.labels.dense_visible[4])


def test_shards_are_plain_arrays(generator, tmp_path):
    write_set(generator, tmp_path / "set", 2)
    with np.load(tmp_path / "set" / "00000.npz", allow_pickle=False) as shard:
        first, last = shard["jpeg_start"][:2]
        picture = cv2.imdecode(shard["jpeg"][first:last], cv2.IMREAD_COLOR)
        assert picture.shape == (PLAIN.size, PLAIN.size, 3)
        assert shard["index"].tolist() == [0, 1]


def test_another_recipe_does_not_mix_in(generator, backgrounds, tmp_path):
    write_set(generator, tmp_path / "set", 1)
    with create_generator(backgrounds, seed=9) as other, pytest.raises(OutputError, match="other settings or data"):
        write_set(other, tmp_path / "set", 1)


def test_bad_sets_are_named(generator, tmp_path):
    with pytest.raises(DatasetError, match="not a synthetic set"):
        SyntheticHands(tmp_path, MODEL)
    write_set(generator, tmp_path / "set", 1)
    with pytest.raises(DatasetError, match="another hand model"):
        SyntheticHands(tmp_path / "set", replace(MODEL, joints=MODEL.joints * 1.1))
    (tmp_path / "set" / "00000.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(DatasetError, match=r"00000\.npz is damaged"):
        SyntheticHands(tmp_path / "set", MODEL)


def test_backgrounds_that_are_no_pictures_are_named(generator, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    with create_generator(tmp_path) as other, pytest.raises(DatasetError, match=r"text\.jpg"):
        other.jpeg(0)


def test_fitted_poses_are_split_by_source_and_turned_to_the_right(tmp_path):
    random = np.random.default_rng(0)
    pose = random.normal(0, 0.3, (2000, 16, 3))
    pose[5] = np.nan
    side = np.where(random.random(2000) < 0.5, "left", "right")
    source = np.array([f"set/{number}" for number in range(2000)])
    np.savez(tmp_path / "fits.npz", pose=pose, side=side, source=source)
    fits = FittedPoses.load(tmp_path / "fits.npz", "val")
    mine = np.array([split_of(name) == "val" for name in source])
    mine[5] = False
    assert len(fits) == mine.sum() >= FEWEST_FITS
    first = np.flatnonzero(mine & (side == "left"))[0]
    assert any(np.allclose(each, pose[first] * -MIRROR) for each in fits.pose)


def test_a_file_without_poses_is_named(tmp_path):
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(DatasetError, match=r"other\.npz"):
        FittedPoses.load(tmp_path / "other.npz")


@example(seed=253173916, kind="fist")
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["prior", "gesture", "fist", "wide"]))
@settings(max_examples=25, deadline=None)
def test_poses_keep_the_joint_limits(seed, kind):
    """Wide poses and thumbs of fists pass those of the hand model by 15 degrees at most, others not at all."""
    fingers = SAMPLER.draw(np.random.default_rng(seed), kind).ravel()
    further = {"wide": 15.0, "fist": 15.0}.get(kind, 0.0)
    low, high = MODEL.joint_limits.T + np.radians([[-further], [further]])
    assert ((fingers >= low - 1e-9) & (fingers <= high + 1e-9)).all()
    if kind == "fist":
        low, high = MODEL.joint_limits[:36].T
        assert ((fingers[:36] >= low) & (fingers[:36] <= high)).all()


def test_wide_poses_are_free_where_others_are_tied_and_no_more_run_into_themselves():
    def drawn(kind: str) -> np.ndarray:
        random = np.random.default_rng(3)
        return np.array([SAMPLER.draw(random, kind) for _ in range(60)])

    wide, others = drawn("wide"), np.concatenate([drawn("gesture"), drawn("prior")])
    last, middle = wide[:, [2, 5, 8, 11], 2], wide[:, [1, 4, 7, 10], 2]
    tied = np.corrcoef(others[:, [2, 5, 8, 11], 2].ravel(), others[:, [1, 4, 7, 10], 2].ravel())[0, 1]
    assert np.corrcoef(last.ravel(), middle.ravel())[0, 1] < min(0.5, tied)
    assert wide[:, 0, 2].std() > others[:, 0, 2].std()
    assert np.linalg.norm(wide[:, 14], axis=-1).std() > 1.2 * np.linalg.norm(others[:, 14], axis=-1).std()
    deepest, usual = (max(map(SAMPLER.overlap, poses)) for poses in (wide, others))
    assert deepest <= max(usual, MOST_OVERLAP)


def test_grasping_fingers_reach_the_object_and_stay_out_of_it():
    random = np.random.default_rng(0)
    deepest, touching = [], []
    for _ in range(20):
        fingers, held = draw_grasp(MODEL, SPHERES, SAMPLER, random)
        pose = np.concatenate([np.zeros((1, 3)), fingers])
        posed = MODEL.skeleton(pose[None], np.zeros((1, 10)), np.zeros((1, 3)))
        turned = np.einsum("kij,kj->ki", posed.rotations[0, SPHERES.bones], SPHERES.centers)
        places = posed.joints[0, SPHERES.bones] + turned
        gaps = held.solid.distance((places - held.place) @ held.rotation) - SPHERES.radii
        nearest = [gaps[SPHERES.finger == finger].min() for finger in range(5)]
        deepest.append(min(nearest))
        touching.append(sum(gap < 0.01 for gap in nearest))
    assert np.quantile(deepest, 0.2) > -0.015
    assert np.mean(touching) > 2.5


@pytest.mark.parametrize("kind", ["box", "ellipsoid", "cylinder"])
def test_solids_are_closed_and_their_distance_is_zero_on_the_surface(kind):
    half_size = np.array([0.02, 0.02, 0.05])
    solid = Solid(kind, half_size, np.ones(ALONG))
    vertices, normals, faces = solid.mesh()
    corners = vertices[faces]
    volume = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    full = {"box": 8, "ellipsoid": 4 / 3 * np.pi, "cylinder": 2 * np.pi}[kind] * half_size.prod()
    assert volume == pytest.approx(full, rel=0.05)
    on_rim = vertices if kind != "cylinder" else vertices[np.linalg.norm(vertices[:, :2], axis=1) > 0]
    assert np.abs(solid.distance(on_rim)).max() < 1e-3
    assert solid.distance(np.zeros(3)) < 0 < solid.distance(np.array([0.1, 0.0, 0.0]))
    assert ((normals * vertices).sum(axis=-1) >= -1e-9).all()


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_forearm_closes_the_hand_up_to_the_elbow(side):
    model = load_hand_model(side=side)
    armed = ArmedHand(model)
    assert len(border_loop(armed.faces)) == armed.points_around
    shape = np.zeros(10)
    bend = np.array([0.0, 0.0, 0.5])
    vertices = np.concatenate([model.vertices - model.joints[0], armed.forearm(shape, bend)])
    edges = np.linalg.norm(vertices[armed.faces[:, 0]] - vertices[armed.faces[:, 1]], axis=1)
    assert edges.max() < 0.08
    turned = matrix_from_axis_angle(bend) @ (armed.forearm(shape, np.zeros(3))[-1])
    assert np.allclose(vertices[-1], turned)


def test_hands_are_erased_and_the_rest_stays():
    picture = np.full((480, 640, 3), 90, np.uint8)
    cv2.rectangle(picture, (500, 40), (620, 160), (200, 30, 30), -1)
    joints = np.random.default_rng(0).uniform((200, 200), (280, 330), (1, 21, 2))
    joints[0, 0], joints[0, 9] = (240, 330), (240, 260)
    cv2.fillConvexPoly(picture, cv2.convexHull(joints[0].astype(np.float32)).astype(int), (240, 190, 160))
    erased = inpainted_picture(picture, joints)
    assert max(erased.shape) == LONG_SIDE
    assert np.abs(erased[130, 120].astype(int) - 90).max() < 5
    assert erased[50, 280].tolist() == [200, 30, 30]
    assert inpainted_picture(picture, joints * 4 - 700) is None


SPHERES = fill_with_spheres(MODEL)
SURFACE = describe_surface(MODEL)
SAMPLER = PoseSampler(MODEL, SPHERES, None, free_thumbs=0.5)


def test_erased_photographs_are_written_once_for_each_source(tmp_path):
    rows = np.arange(3)
    joints = np.random.default_rng(0).uniform((200, 200), (280, 330), (3, 21, 2))
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((480, 640, 3), 90, np.uint8))
    unused = dict.fromkeys((field.name for field in fields(PhotoLabels)), rows)
    names = {"folder": tmp_path, "picture": np.array(["a.png", "a.png", "b.png"])}
    labels = PhotoLabels(**unused | names | {"source": np.array(["x/1", "x/1", "x/2"]), "joints_2d": joints})
    assert inpaint_hands(labels, tmp_path / "out") == 2
    assert sorted(path.name for path in (tmp_path / "out" / "x").iterdir()) == ["1.jpg", "2.jpg"]


def test_hands_across_a_wide_frame_show_themselves_the_same_way(backgrounds):
    with create_generator(backgrounds, chosen=replace(PLAIN, places=3)) as generator:
        labels = generator.batch(range(6)).labels
    for first in (0, 3):
        same = slice(first, first + 3)
        assert np.ptp(labels.pose[same, 1:], axis=0).max() < 1e-5
        middle = labels.joints_3d_own[same].mean(axis=1)
        angles = np.degrees(np.arctan2(np.linalg.norm(middle[:, :2], axis=1), middle[:, 2]))
        assert (np.diff(angles) > 10).all()
        assert 35 < angles[-1] < 43


@pytest.fixture
def fits(tmp_path: Path) -> Path:
    """A file of one pose, as often as makes a distribution."""
    pose = np.zeros((FEWEST_FITS, 16, 3))
    pose[:, 1:4] = (0.0, 0.0, 0.6)
    source = np.array([f"set/{number}" for number in range(FEWEST_FITS)])
    np.savez(tmp_path / "fits.npz", pose=pose, side=np.full(FEWEST_FITS, "right"), source=source)
    return tmp_path / "fits.npz"


@pytest.mark.usefixtures("generator")
def test_the_command_draws_what_it_is_told(backgrounds: Path, fits: Path, tmp_path: Path) -> None:
    def drawn(name: str, *options: object) -> SyntheticHands:
        told = ("--backgrounds", backgrounds, "--size", 64, *options)
        done = run("synth", "-o", tmp_path / name, *told)
        assert done.exit_code == 0, done.messages
        return SyntheticHands(tmp_path / name, MODEL)

    first, again, other = (drawn(str(row), "--count", 2, "--seed", seed) for row, seed in enumerate((3, 3, 4)))
    assert len(first) == 2
    np.testing.assert_array_equal(first[1].image, again[1].image)
    assert np.abs(first[1].image.astype(float) - other[1].image).max() > 0
    varied = drawn("fits", "--count", 2, "--seed", 3, "--poses", fits)
    assert np.abs(first[1].pose - varied[1].pose).max() > 0.01
    placed = drawn("placed", "--count", 3, "--seed", 3, "--places", 3)
    fingers = [placed[row].pose[1:] for row in range(3)]
    assert np.ptp(fingers, axis=0).max() < 1e-5


def test_dense_points_are_spread_over_the_hand_and_project_onto_the_pictures(batch):
    labels = batch.labels
    loop = border_loop(MODEL.faces)
    assert np.array_equal(farthest_points(MODEL.vertices, 128, DENSE_VERTICES[0], loop), DENSE_VERTICES)
    for row in range(len(labels)):
        one = slice(row, row + 1)
        model = own_model(labels, row)
        posed = model.skeleton(labels.pose[one], labels.shape[one], labels.translation[one])
        points = picture_camera(labels, row, PLAIN.size).project(dense_points(model, posed)[0])
        assert np.allclose(points, labels.dense_2d[row], atol=0.05)


def test_depths_are_counted_from_the_wrist_in_palms(batch):
    joints = batch.labels.joints_3d_mediapipe
    palm = np.linalg.norm(joints[:, 9] - joints[:, 0], axis=-1)
    assert np.allclose(batch.labels.depth * palm[:, None] + joints[:, :1, 2], joints[..., 2], atol=1e-5)


def wall(distance: float, size: int = 64) -> np.ndarray:
    """A map of depths of something flat."""
    return np.full((size, size), distance, np.float32)


@pytest.mark.parametrize(("turned", "expected"), [(0.0, 0), (np.pi, 1)])
def test_a_flat_hand_shows_its_skin_unless_something_is_before_it(turned, expected):
    """The flat hand, seen along its palm's normal, hides half of its skin behind itself and all of it behind a wall."""
    pose = np.zeros((1, 16, 3))
    pose[0, 0] = matrix_axis(turned)
    posed = MODEL(pose, np.zeros((1, 10)), [[0.08, 0.0, 0.6]])
    points = posed.vertices[0]
    normals = VertexNormals(MODEL.faces, len(points))(points)
    pixels = points[:, :2] / points[:, 2:] * 100 + 32
    joints = MODEL.keypoints(posed, "freihand")[0]
    skin = JointSkin(MODEL)
    free = seen_points(points, normals, pixels, wall(20.0))
    assert 0.35 < free.mean() < 0.6
    assert (free @ SURFACE.finger[:, 3] > 0) == (expected == 0)
    assert skin.seen(joints, points, normals, free).all()
    hidden = seen_points(points, normals, pixels, wall(0.3))
    assert not hidden.any()
    assert not skin.seen(joints, points, normals, hidden).any()


def matrix_axis(turned: float) -> np.ndarray:
    """The back of the hand towards the camera, then turned about the fingers."""
    return (Rotation.from_rotvec([turned, 0.0, 0.0]) * Rotation.from_rotvec([-np.pi / 2, 0.0, 0.0])).as_rotvec()


def test_what_lies_behind_something_nearer_is_hidden(backgrounds):
    """Visible points lie at the depth that was drawn; of those that face the camera, hidden ones lie behind it."""
    with create_generator(backgrounds, chosen=replace(PLAIN, obstacle=1)) as generator:
        for index in range(12):
            sampled = generator._sampler.draw(np.random.default_rng(index), np.full((192, 192, 3), 90, np.uint8))
            depth = generator._renderer.render(sampled.scene).depth
            label = generator._label(index, sampled, depth)
            z = sampled.scene.hands[0].vertices[DENSE_VERTICES, 2]
            places = np.rint((label.dense_2d[0] + 0.5) * len(depth) / PLAIN.size - 0.5).astype(int)
            x, y = np.clip(places, 1, len(depth) - 2).T
            around = np.stack([depth[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)])
            seen = label.dense_visible[0]
            assert (z[seen] < around.max(axis=0)[seen] + 0.003).all()
            assert (z[seen] > around.min(axis=0)[seen] - 0.003).all()


def test_sets_of_an_older_form_are_refused_by_name(generator, tmp_path):
    write_set(generator, tmp_path / "set", 1)
    recipe = tmp_path / "set" / "recipe.json"
    recipe.write_text(recipe.read_text().replace('"version": 2', '"version": 1'))
    with pytest.raises(DatasetError, match="version 1"):
        SyntheticHands(tmp_path / "set", MODEL)


def test_the_atlas_unfolds_the_whole_hand():
    atlas = load_skins()
    assert set(atlas.place) == set(range(len(MODEL.vertices)))
    assert np.array_equal(np.sort(atlas.place[atlas.faces], axis=1), np.sort(MODEL.faces, axis=1))
    assert 0 < atlas.uv.min() < atlas.uv.max() < 1
    covered = cv2.resize(atlas.colours[4:, ..., 3].max(axis=0), (64, 64), interpolation=cv2.INTER_AREA)
    assert covered.min() == 255  # gloves with fingers leave nothing bare


@pytest.mark.parametrize("side", ["right", "left"])
def test_what_is_drawn_is_the_mesh_with_its_seams(side):
    armed = ArmedHand(load_hand_model(side=side))
    assert np.array_equal(np.sort(armed.drawn[armed.drawn_faces], axis=1), np.sort(armed.faces, axis=1))
    vertices = np.concatenate([armed.model.vertices, armed.forearm(np.zeros(10), np.zeros(3)) + armed.model.joints[0]])
    first, second, third = (vertices[armed.drawn[armed.drawn_faces[:, corner]]] for corner in range(3))
    normals = VertexNormals(armed.faces, len(vertices))(vertices)[armed.drawn[armed.drawn_faces[:, 0]]]
    assert np.mean((np.cross(second - first, third - first) * normals).sum(axis=-1) > 0) > 0.99  # outward


def test_only_the_shipped_hand_has_skins():
    with pytest.raises(ValueError, match="no skins"):
        ArmedHand(replace(MODEL, name="mano"))


def test_gloves_and_skins_change_the_picture_and_not_the_labels(backgrounds):
    with create_generator(backgrounds) as generator:
        sampled = generator._sampler.draw(np.random.default_rng(0), np.full((192, 192, 3), 90, np.uint8))
        mesh = sampled.scene.hands[0]
        looks = [replace(mesh, skin=replace(mesh.skin, layer=layer, detail=1.0)) for layer in (0, 3)]
        looks.append(replace(mesh, glove=draw_glove(np.random.default_rng(0))))
        drawn = [generator._renderer.render(replace(sampled.scene, hands=(look,))) for look in looks]
    assert all(np.array_equal(each.depth, drawn[0].depth) for each in drawn)
    on_hand = drawn[0].colour[..., 3] > 0
    for each in drawn[1:]:
        assert np.abs(each.colour[on_hand].astype(int) - drawn[0].colour[on_hand])[:, :3].mean() > 2


def test_rings_sit_on_fingers():
    random, maker = np.random.default_rng(0), RingMaker(MODEL)
    for side in ("right", "left"):
        armed = ArmedHand(load_hand_model(side=side))
        for _ in range(8):
            pose = SAMPLER.draw(random, "gesture")
            hand = Hand.create(armed, "gesture", pose, np.zeros(10), np.zeros(3), random.normal(0, 1, 3), None)
            skin = hand.vertices()[: len(MODEL.vertices)]
            ring = maker.draw(random, hand).vertices
            distance = np.linalg.norm(ring[:, None] - skin, axis=-1).min(axis=1)
            assert distance.max() < 0.009
            assert np.linalg.norm(np.ptp(ring, axis=0)) < 0.06


def test_surroundings_light_about_as_much_as_a_lamp():
    places = load_surroundings()
    assert len(places) >= 15
    assert np.allclose(np.linalg.norm(places.lamp_directions, axis=-1), 1, atol=1e-3)
    mean = places.sky[:, 0] * 0.282095 + 0.3 * places.lamp_colours.sum(axis=1)
    assert np.allclose(mean @ [0.3, 0.6, 0.1], 1, atol=0.05)
    assert (places.reflections >= 0).all()


def test_fine_detail_is_lost_by_blur_and_near_that_of_photographs(batch):
    picture = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    sharp, soft, softer = (fine_detail(cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.3, 1.0, 2.0))
    assert sharp > soft + 0.5 > softer + 1.0
    middle = np.median([fine_detail(cv2.resize(each, (224, 224))) for each in batch.pictures])
    assert -0.6 < middle < 1.4  # photographs: +0.4, sharp ones: +1.0
