"""Other motion that acts on keyed bones: metacarpals and helpers between them, and older keys below the new ones."""

from collections.abc import Iterator, Mapping

import bpy
import numpy as np

from ... import compat
from ...narrowing import pose_of, rna_property
from ...scene.keys import Channel
from ..motion.source import Source
from ..playback import Played
from ..rest import RestBone
from ..rotations import FloatArray
from .solve import TargetHand

SAME_TURN = 1e-4
SAME_PLACE = 1e-6


def helpers(bones: Mapping[str, RestBone], hand: TargetHand) -> dict[str, tuple[str, str]]:
    """The finger bones below a metacarpal or helper, each with that and with its ancestor among the hand's bones."""
    return {bone: pair for bone, pair in parents_and_anchors(bones, hand).items() if pair[0] != pair[1]}


def helper_turns(
    played: Played, bones: Mapping[str, RestBone], source: Source, hand: TargetHand
) -> dict[str, FloatArray]:
    """Rotations of metacarpals and helpers that the scene animates, at the source's frames; see `finger_keys`.

    played: includes the bones of `helpers`.
    """
    rows = played.at(source.times.frames)
    turns: dict[str, FloatArray] = {}
    for bone, (parent, anchor) in helpers(bones, hand).items():
        above, below = (played.bones[name][rows, :3, :3] for name in (anchor, parent))
        turn = bones[anchor].orientation @ without_scale(np.linalg.inv(above) @ below) @ bones[parent].orientation.T
        if np.abs(turn - np.eye(3)).max() > SAME_TURN:
            turns[bone] = turn
    return turns


def parents_and_anchors(bones: Mapping[str, RestBone], hand: TargetHand) -> dict[str, tuple[str, str]]:
    """For each finger bone its parent, and its nearest ancestor among the hand's bones, which may be the same."""
    chains = [[bone for _, bone in sorted(chain.items())] for chain in hand.fingers.values() if chain]
    above = [ancestors(bones, chain[0].name) for chain in chains]
    shared = next((name for name in above[0] if all(name in others for others in above)), None)
    found = {}
    for chain, names in zip(chains, above, strict=True):
        anchor = hand.hand.name if hand.hand.name in names else shared
        for bone in chain:
            if bone.parent is not None and anchor in ancestors(bones, bone.name):
                found[bone.name] = (bone.parent, anchor)
            anchor = bone.name
    return found


def ancestors(bones: Mapping[str, RestBone], name: str) -> list[str]:
    """All bones above one, the nearest first."""
    found = []
    parent = bones[name].parent
    while parent is not None:
        found.append(parent)
        parent = bones[parent].parent
    return found


def without_scale(matrices: FloatArray) -> FloatArray:
    """(N, 3, 3) the rotations of matrices, without scale."""
    return matrices / np.linalg.norm(matrices, axis=-2, keepdims=True)


def neutral_channels(
    armature: bpy.types.Object, turned: set[str], fingers: set[str], hands: set[str]
) -> Iterator[Channel]:
    """One key per channel, so that older animation and poses without keys do not disturb the new keys.

    turned: all bones with rotation keys; their rotation mode is keyed. fingers: bones whose location and scale are
    keyed to rest. hands: bones whose scale is keyed to rest.
    """
    acting = {curve.data_path for curve in compat.playing_fcurves(armature)}
    for name in sorted(turned):
        bone = pose_of(armature).bones[name]
        path = bone.path_from_id("rotation_mode")
        if path in acting:
            modes = rna_property(bone, "rotation_mode").enum_items
            yield Channel(path, name, np.array([[float(modes[bone.rotation_mode].value)]]))
    for name in sorted(turned & (fingers | hands)):
        bone = pose_of(armature).bones[name]
        path = bone.path_from_id("scale")
        if path in acting or np.ptp(bone.scale[:]) > SAME_PLACE:
            yield Channel(path, name, np.ones((1, 3)), "AUTO_RGB")
    for name in sorted(turned & fingers):
        bone = pose_of(armature).bones[name]
        path = bone.path_from_id("location")
        if path in acting or (not bone.bone.use_connect and np.abs(bone.location[:]).max() > SAME_PLACE):
            yield Channel(path, name, np.zeros((1, 3)), "AUTO_RGB")
