"""Amplitudes of photographs mixed into drawings: shapes stay, spectra change."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dahyf_core.camera import Intrinsics
from dahyf_core.datasets import AmplitudeMixing, Augmentation, Sample
from dahyf_core.datasets.amplitude import mixed_amplitude
from dahyf_core.errors import DatasetError
from dahyf_core.training.batches import PatchSource

RANDOM = np.random.default_rng(0)


def blobs(count: int) -> np.ndarray:
    picture = cv2.resize(RANDOM.uniform(60, 190, (count, count, 3)), (224, 224), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 255).astype(np.uint8)


def amplitude(picture: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft2(picture.astype(float), axes=(0, 1)))


def test_nothing_of_another_or_all_of_its_own_changes_nothing():
    patch, other = blobs(6), blobs(40)
    assert np.abs(mixed_amplitude(patch, amplitude(other), 0.0).astype(int) - patch).max() <= 1
    assert np.abs(mixed_amplitude(patch, amplitude(patch), 1.0).astype(int) - patch).max() <= 1


def test_amplitudes_move_towards_the_photograph_and_shapes_stay():
    patch, other = blobs(6), blobs(40)
    mixed = mixed_amplitude(patch, amplitude(other), 0.4)
    far, near = (
        np.abs(np.log(amplitude(each) + 100) - np.log(amplitude(other) + 100)).mean() for each in (patch, mixed)
    )
    assert near < 0.9 * far
    assert np.corrcoef(patch.ravel(), mixed.ravel())[0, 1] > 0.8


def test_a_share_of_patches_is_mixed_and_a_seed_repeats_it(tmp_path: Path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), blobs(30))
    mixing, patch = AmplitudeMixing(tmp_path, 0.5, share=0.5), blobs(6)
    drawn = [mixing(patch, np.random.default_rng(seed)) for seed in range(30)]
    changed = [not np.array_equal(each, patch) for each in drawn]
    assert 5 < sum(changed) < 25
    assert np.array_equal(drawn[7], mixing(patch, np.random.default_rng(7)))


def test_training_mixes_what_it_cuts(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "0.png"), blobs(30))
    camera = Intrinsics(300.0, 300.0, 112.0, 112.0, 224, 224, source="unknown")
    joints = RANDOM.uniform(60, 160, (21, 2))
    hands: list[Sample] = [Sample(image=blobs(6), intrinsics=camera, source="x", side="right", joints_2d=joints)]
    plain, mixed = (
        PatchSource(hands, Augmentation(), 0.0, mixing).batch(np.array([0]), np.random.default_rng(0))
        for mixing in (None, AmplitudeMixing(tmp_path, 1.0, share=1.0))
    )
    assert (plain.inputs[0].float() - mixed.inputs[0].float()).abs().mean() > 1
    assert (plain.labels.joints_2d == mixed.labels.joints_2d).all()


def test_folders_without_photographs_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match="holds no pictures"):
        AmplitudeMixing(tmp_path, 0.5)
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(DatasetError, match=r"text\.jpg"):
        AmplitudeMixing(tmp_path, 0.5)
