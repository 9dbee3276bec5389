"""Captures as BVH (Biovision hierarchy): text, Euler angles, even frames."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.capture import Capture
from dahyf_core.export.options import ExportOptions
from dahyf_core.export.skeleton import SkeletonAnimation, animate, evened

POSITIONS = "Xposition Yposition Zposition"
ORDER: Final = "ZXY"
"""Rotations are about the bone's own axes in this order."""
ANGLES = " ".join(f"{axis}rotation" for axis in ORDER)
TOGETHER = "hands"
"""Name of the static root above the wrists of several hands, because many programs read only one root."""


def write_bvh(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write a BVH file. Bones have the scene's axes in the rest pose, as BVH requires. Raises SettingsError."""
    hands = evened(animate(capture, options.up or "y", options.unit or "cm", axes="scene", rate=options.rate))
    text = io.TextIOWrapper(stream, encoding="ascii", newline="\n", write_through=True)
    text.writelines(f"{line}\n" for line in _lines(hands))
    text.detach()


def _lines(hands: Sequence[SkeletonAnimation]) -> Iterator[str]:
    yield "HIERARCHY"
    if len(hands) == 1:
        yield from _joint(hands[0], 0, "ROOT", "")
    else:
        yield from (f"ROOT {TOGETHER}", "{", "\tOFFSET 0 0 0", f"\tCHANNELS 6 {POSITIONS} {ANGLES}")
        for hand in hands:
            yield from _joint(hand, 0, "JOINT", "\t")
        yield "}"
    yield "MOTION"
    yield f"Frames: {len(hands[0].times)}"
    yield f"Frame Time: {1 / float(hands[0].rate):.9f}"
    still = [np.zeros((len(hands[0].times), 6))] if len(hands) > 1 else []
    rows = np.concatenate([*still, *map(_channels, hands)], axis=1)
    yield from (" ".join(f"{value:.6f}" for value in row) for row in rows)


def _joint(hand: SkeletonAnimation, bone: int, kind: str, indent: str) -> Iterator[str]:
    """A bone and its descendants. The wrist's offset is zero and its position only in the channels: programs differ."""
    yield f"{indent}{kind} {hand.bones[bone]}"
    yield f"{indent}{{"
    inner = f"{indent}\t"
    yield f"{inner}OFFSET {_numbers(hand.rest_translations[bone] if bone else np.zeros(3))}"
    yield f"{inner}CHANNELS 3 {ANGLES}" if bone else f"{inner}CHANNELS 6 {POSITIONS} {ANGLES}"
    for child in np.flatnonzero(hand.parents == bone):
        yield from _joint(hand, int(child), "JOINT", inner)
    for tip in hand.tips[hand.tip_bones == bone]:
        yield from (f"{inner}End Site", f"{inner}{{", f"{inner}\tOFFSET {_numbers(tip)}", f"{inner}}}")
    yield f"{indent}}}"


def _channels(hand: SkeletonAnimation) -> Array:
    """(T, 3 + 3 J) in the order of the hierarchy, finger by finger."""
    from scipy.spatial.transform import Rotation

    frames, bones = hand.rotations.shape[:2]
    rotations = Rotation.from_quat(hand.rotations.reshape(-1, 4)[:, [1, 2, 3, 0]])
    angles = np.unwrap(rotations.as_euler(ORDER).reshape(frames, bones, 3), axis=0)
    return np.concatenate([hand.translations, np.degrees(angles)[:, _order(hand, 0)].reshape(frames, -1)], axis=1)


def _order(hand: SkeletonAnimation, bone: int) -> list[int]:
    children = np.flatnonzero(hand.parents == bone).tolist()
    return [bone, *(below for child in children for below in _order(hand, child))]


def _numbers(vector: Array) -> str:
    return " ".join(f"{value:.6f}" for value in vector)
