#!/usr/bin/env python3
"""Learn where MediaPipe's landmark network sees its keypoints on the open hand, and write that into the asset.

The network looks at renders of known pose, drawn over the photographs in FOLDER; the "mediapipe" keypoints move to
where it puts its image points. Run it after `tools/assets/build_hand_model LABELS`, whose keypoints come from world
points alone: those leave the size of the hand and the zero of its flexion open, and put the wrist 13 mm into the palm.

The thumb of the "freihand" set follows: the open hand's rings of skin put the last joint of the thumb 9 mm too far out.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dahyf_core.hand_model import HandModel, KeypointSet, load_hand_model
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork
from dahyf_core.shipped import asset
from dahyf_core.synthesis import Generator, SynthesisSettings, check_with_teacher, observed_keypoints

RENDERS = 2000
SEED = 77
THUMB = [1, 2, 3]
"""The joints of the thumb among the 21 keypoints."""
UNOCCLUDED = replace(SynthesisSettings(), second_hand=0, pinched_object=0, obstacle=0, grasp=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="photographs without hands")
    parser.add_argument("--poses", type=Path, help="poses to draw, as `dahyf annotate` writes them")
    arguments = parser.parse_args()
    model = load_hand_model()
    estimator = LandmarkEstimator(LandmarkNetwork(), {"right": model, "left": model.mirrored()})
    with Generator(model, arguments.folder, arguments.poses, seed=SEED, settings=UNOCCLUDED) as generator:
        batch = generator.batch(range(RENDERS))
    checked = check_with_teacher(estimator, batch)
    visible = batch.labels.visible & (checked.presence > 0.5)[:, None]
    print(f"before: {np.median(checked.error[visible]):.1f} px of a patch from the labels, median")
    keypoints = with_size(model, observed_keypoints(model, batch.labels, checked))
    moved = np.linalg.norm(keypoints.offsets - model.keypoint_sets["mediapipe"].offsets, axis=1)
    print(f"moved: {1e3 * moved.mean():.1f} mm on average, {1e3 * moved.max():.1f} mm at most")
    write(keypoints)


def with_size(model: HandModel, keypoints: KeypointSet) -> KeypointSet:
    """The same keypoints, whose offsets grow with the hand as its bones do."""
    growth = np.tensordot(model.joints, model.joint_directions, 2) / (model.joints**2).sum()
    return replace(keypoints, offset_directions=keypoints.offsets[..., None] * growth)


def write(keypoints: KeypointSet) -> None:
    """Change the keypoints in the asset: all of "mediapipe", and the joints of the thumb of "freihand"."""
    path = asset("open_hand.npz")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["mediapipe_offsets"] = keypoints.offsets.astype(np.float32)
    arrays["mediapipe_offset_directions"] = keypoints.offset_directions.astype(np.float32)
    for part in ("offsets", "offset_directions"):
        arrays[f"freihand_{part}"][THUMB] = arrays[f"mediapipe_{part}"][THUMB]
    unfinished = path.with_suffix(".part.npz")
    np.savez_compressed(unfinished, **arrays)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
