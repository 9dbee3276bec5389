"""Drawn clips: a seed gives the same pictures, the truth lies on the drawn hands, and they do what their kind says."""

from pathlib import Path

import av
import numpy as np
import pytest

from dahyf_core.errors import DatasetError, SettingsError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis.clips import CLIP_KINDS, ClipSettings, ClipTruth, draw_clip, draw_clips

SMALL = ClipSettings(width=160, height=96, frames=20, rate=10)
MODEL = load_hand_model()


def pictures_of(clip: Path) -> np.ndarray:
    with av.open(str(clip)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One clip of each kind, each third in skin, grey and gloves."""
    finishes = ("skin", "grey", "glove")
    wanted = [(kind, finishes[number % 3], 0) for number, kind in enumerate(CLIP_KINDS)]
    try:
        paths = list(draw_clips(tmp_path_factory.mktemp("clips"), wanted, MODEL, SMALL))
    except SettingsError as error:
        pytest.skip(f"no pictures can be drawn on this machine: {error}")
    return dict(zip(CLIP_KINDS, paths, strict=True))


@pytest.mark.parametrize("kind", CLIP_KINDS)
def test_clip_and_truth_fit_together(clips, kind):
    truth, pictures = ClipTruth.load(clips[kind]), pictures_of(clips[kind])
    assert pictures.shape == (20, 96, 160, 3)
    assert truth.joints_2d.shape == (*truth.shown.shape, 2) == (len(truth.side), 20, 21, 2)
    assert len(set(truth.side)) == len(truth.side) == (1 if kind == "waving" else 2)


def test_a_waving_hand_is_where_the_truth_says(clips):
    truth, pictures = ClipTruth.load(clips["waving"]), pictures_of(clips["waving"]).astype(float)
    hand, frame, joint = np.nonzero(truth.shown)
    x, y = np.rint(truth.joints_2d[hand, frame, joint]).astype(int).T
    changed = np.abs(pictures[frame, y, x] - pictures[0, y, x]).max(axis=-1)  # the first frame shows none
    assert np.median(changed) > 3 * np.median(np.abs(pictures[-1] - pictures[0]).max(axis=-1))


def test_the_same_seed_draws_the_same_clip_and_another_seed_another(clips, tmp_path):
    again, other = tmp_path / "again.mp4", tmp_path / "other.mp4"
    draw_clip(again, "crossing", MODEL, "skin", 0, SMALL)
    draw_clip(other, "crossing", MODEL, "skin", 1, SMALL)
    first, second, third = (pictures_of(clip).astype(float) for clip in (clips["crossing"], again, other))
    assert np.abs(first - second).mean() < 3 < np.abs(first - third).mean() / 3  # the encoder rounds as it likes
    np.testing.assert_array_equal(ClipTruth.load(again).joints_2d, ClipTruth.load(clips["crossing"]).joints_2d)
    assert not np.allclose(ClipTruth.load(other).joints_2d, ClipTruth.load(again).joints_2d, atol=5)


def test_hands_do_what_their_kind_says(clips):
    wrists = {kind: ClipTruth.load(path).joints_2d[:, :, 0] for kind, path in clips.items()}
    apart = {kind: wrist[0] - wrist[1] for kind, wrist in wrists.items() if len(wrist) == 2}
    assert len(set(np.sign(apart["crossing"][:, 0]))) == 2  # each on either side of the other
    gaps = np.linalg.norm(apart["washing"], axis=-1)
    assert gaps[[0, -1]].min() > 3 * gaps[6:14].max()
    gap = apart["clapping"][:, 0]
    assert (gap > 0).all()
    assert gap.max() > 2 * gap.min()
    away = ~ClipTruth.load(clips["leaving"]).shown.any(axis=2)
    assert away.any(axis=1).all()  # each leaves
    assert not away[:, [0, -1]].any()  # and was there before, and is after
    reach = np.ptp(wrists["resting"], axis=1).max(axis=1)
    assert reach.min() < 0.2 * reach.max()


def test_grey_clips_have_no_colour(clips):
    pictures = pictures_of(clips["washing"]).astype(int)
    assert np.ptp(pictures, axis=-1).mean() < 2 < np.ptp(pictures_of(clips["crossing"]).astype(int), axis=-1).mean()


def test_a_missing_or_strange_truth_is_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match="is not the truth of a drawn clip"):
        ClipTruth.load(tmp_path / "none.mp4")
