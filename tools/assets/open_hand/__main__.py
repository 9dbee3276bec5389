"""Write the open hand's asset; tools/assets/build_hand_model sets up what this needs."""

import argparse
from pathlib import Path

import numpy as np
from geometry import build_geometry
from learning import learn_from_photographs

from dahyf_core.hand_model import load_hand_model

ASSET = Path(__file__).parents[3] / "dahyf_core" / "assets" / "open_hand.npz"
LEARNED = ("mediapipe_offsets", "mediapipe_offset_directions", "pose_mean", "pose_covariance", "joint_limits")
SEED = 0


def main() -> None:
    """Rebuild the geometry; learn the rest from a folder of labels, or keep what the present asset has learned."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("labels", nargs="?", type=Path, help="folder with mediapipe_labels.npz")
    folder = parser.parse_args().labels
    geometry = build_geometry(SEED)
    with np.load(ASSET, allow_pickle=False) as present:
        learned = {name: present[name] for name in LEARNED}
    _write(geometry | learned)
    if folder is not None:
        _write(geometry | learn_from_photographs(load_hand_model("open_hand"), folder, SEED))
    print(f"{ASSET}: {ASSET.stat().st_size / 1e3:.0f} kB")


def _write(arrays: dict[str, np.ndarray]) -> None:
    single = {name: a.astype(np.float32 if a.dtype.kind == "f" else np.int32) for name, a in sorted(arrays.items())}
    unfinished = ASSET.with_suffix(".part.npz")
    np.savez_compressed(unfinished, **single)
    unfinished.replace(ASSET)


if __name__ == "__main__":
    main()
