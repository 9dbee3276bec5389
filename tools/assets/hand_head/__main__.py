"""Learn the head that tells hands from what is taken for them; tools/assets/build_hand_head sets up what this needs."""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from features import open_trunk, write_shard
from learning import load, report, train
from mining import mine
from patches import LabelledHands, Material
from safetensors.torch import load_file, save_file

from dahyf_core.network import DaHyF, NetworkConfig
from dahyf_core.network.export import export, round_to_half
from dahyf_core.network.verification import HandHead
from dahyf_core.shipped import asset

SHARDS = {
    "photographed": 10,
    "judged": 2,
    "ghost": 7,
    "drawn": 1,
    "beside": 3,
    "wrong": 3,
    "erased": 2,
    "elsewhere": 2,
    "thing": 1,
}
"""Number of shards of each kind of patch."""
THREADS = 2


def main() -> None:
    """Cut patches, keep what the trunk says of them, train the head, and write it into the network that ships."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("work", type=Path, help="folder for what is computed; a stopped run goes on from it")
    parser.add_argument("--hands", type=Path, required=True, help="photographs, index.json and mediapipe_labels.npz")
    parser.add_argument("--backgrounds", type=Path, required=True, help="the photographs that judged.json speaks of")
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="folders of photographs without hands")
    parser.add_argument("--things", type=Path, required=True, help="pictures of things, PNG, with their coverage")
    arguments = parser.parse_args()
    shards = arguments.work / "features"
    shards.mkdir(parents=True, exist_ok=True)
    material = Material(
        LabelledHands.read(arguments.hands),
        [arguments.backgrounds, *arguments.others],
        mine([arguments.backgrounds], arguments.work / "ghosts.json", THREADS),
        [read_thing(path) for path in sorted(arguments.things.glob("*.png"))],
        arguments.backgrounds,
    )
    trunk = open_trunk(THREADS)
    for kind, count in SHARDS.items():
        for number in range(count):
            write_shard(shards, material, trunk, kind, number)
            print(f"{kind}: {number + 1} of {count} shards", flush=True)
    data = load(shards)
    head = train(data)
    round_to_half(head)
    report(head, data, arguments.work / "report.json")
    ship(head)


def read_thing(path: Path) -> np.ndarray:
    """(H, W, 4) RGB and coverage."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA), np.uint8)


def ship(head: HandHead) -> None:
    """Write the head, and the network that ships with it; the network's other outputs stay as they are."""
    save_file({name: weight.contiguous() for name, weight in head.state_dict().items()}, HEAD)
    network = DaHyF(NetworkConfig(), pretrained=False)
    weights = load_file(asset(f"{LITE}.safetensors"))
    network.load_state_dict({name: as_learned(weight) for name, weight in weights.items()})
    export(network.eval(), asset(f"{LITE}.onnx"), hand_head=head)


HEAD = asset("hand_head.safetensors")
LITE = "dahyf_lite"


def as_learned(weight: torch.Tensor) -> torch.Tensor:
    return weight.float() if weight.is_floating_point() else weight


if __name__ == "__main__":
    main()
