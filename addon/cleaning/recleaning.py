"""Keying a newly cleaned capture on the existing rigs of its hands."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

import bpy
import numpy as np

from ..backend.capture_file import Capture, Hand, Skeleton, read_capture
from ..errors import AddonError, CaptureFileError
from ..narrowing import armature_of, holds, present
from ..scene import keys, nla_layers, references, rig, scene_import, timing
from ..scene.references import CAPTURE, DIGEST
from ..shared.names import WRIST

HAND = "dahyf_hand"
SIDE = "dahyf_side"
SWAPPED = "dahyf_swapped"
HIDE_MISSING = "dahyf_hide_missing"
CLEANING = "dahyf_cleaning"


def is_hand_rig(candidate: bpy.types.Object | None) -> TypeGuard[bpy.types.Object]:
    """Whether an object is the armature of a captured hand."""
    return (
        candidate is not None and candidate.type == "ARMATURE" and holds(candidate, CAPTURE) and holds(candidate, HAND)
    )


def hand_rigs(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected hands of the active hand's capture, the active one first. A skin counts as its armature."""
    active = rig_of(present(context.view_layer).objects.active)
    if active is None:
        return []
    selected = {rig_of(chosen) for chosen in present(context.view_layer).objects.selected} | {active}
    return sorted(
        (hand for hand in selected if hand is not None and hand[CAPTURE] == active[CAPTURE]),
        key=lambda hand: hand != active,
    )


def rig_of(chosen: bpy.types.Object | None) -> bpy.types.Object | None:
    """The object itself if it is a hand rig, or the hand rig whose skin it is."""
    if is_hand_rig(chosen):
        return chosen
    return chosen.parent if chosen is not None and is_hand_rig(chosen.parent) else None


def skin_of(armature: bpy.types.Object) -> bpy.types.Object | None:
    """The mesh that a hand rig deforms."""
    meshes = (child for child in armature.children if child.type == "MESH")
    return next((mesh for mesh in meshes if any(m.type == "ARMATURE" for m in mesh.modifiers)), None)


def read_origin(armature: bpy.types.Object) -> Capture:
    """The capture that a rig was made from, even if it or the .blend file has moved. Raises CaptureFileError."""
    capture = read_capture(references.find(armature))
    if capture.sha256 != armature[DIGEST]:
        raise CaptureFileError(
            f"{capture.path} is no longer the capture that {armature.name} was made from.", "Import it again."
        )
    return capture


def timeline_of(armature: bpy.types.Object) -> timing.Timeline:
    """The timeline on which a rig's capture was imported. Later changes of the scene do not matter."""
    return timing.Timeline(armature.get(timing.FIRST_FRAME, 1), armature.get(timing.TIMELINE_RATE))


def track_arguments(rigs: Iterable[bpy.types.Object], swap: bool) -> list[str]:
    """The `--swap` options of `dahyf clean` for hands that were captured as the wrong side."""
    swapped = {armature[HAND] for armature in rigs if bool(armature.get(SWAPPED)) != swap}
    return [word for hand in sorted(swapped) for word in ("--swap", str(hand))]


def rekey(
    context: bpy.types.Context, armature: bpy.types.Object, capture: Capture, settings: Mapping[str, Any]
) -> bpy.types.Object:
    """Key a cleaned hand on its rig in a new Action. Correction layers stay. Returns the rig.

    The previous Action stays in the file, unless cleaning made it and nobody edited it. A hand whose side has changed
    gets a new rig in place of the old one. Raises AddonError.
    """
    if armature[HAND] >= len(capture.hands):
        raise AddonError(f"{capture.path} has no hand {armature[HAND]}.", "Import the capture again.")
    hand = capture.hands[armature[HAND]]
    if hand.side != armature[SIDE]:
        armature = rebuild(context, armature, hand, capture.skeleton)
    frames = timeline_of(armature).frames(capture)
    previous = nla_layers.base_action(armature)
    placed = at_bones(armature, hand, capture.skeleton)
    name = f"{armature.name} clean"
    action = nla_layers.replace_base(armature, lambda: keys.key_hand(armature, placed, capture.skeleton, frames, name))
    action[CLEANING] = json.dumps(dict(settings))
    if previous is not None and holds(previous, CLEANING):
        discard(previous)
    if armature.get(HIDE_MISSING, True):
        rekey_visibility(armature, hand, frames)
    return armature


def at_bones(armature: bpy.types.Object, hand: Hand, skeleton: Skeleton) -> Hand:
    """The hand with its wrist in the same place on a rig whose bones were built from another cleaning's hand shape."""
    index = skeleton.names.index(WRIST)
    bone = armature_of(armature).bones[rig.bone_name(WRIST, hand.side)]
    offset = hand.joints[index] - np.array(bone.head_local)
    return replace(hand, translation=(hand.translation + offset).astype(hand.translation.dtype))


def rekey_visibility(armature: bpy.types.Object, hand: Hand, frames: np.ndarray) -> None:
    """Replace the keys that hide the skin where the hand is missing. Old keys stay only if somebody edited them."""
    skin = skin_of(armature)
    if skin is None:
        return
    previous = skin.animation_data.action if skin.animation_data else None
    if previous is not None and keys.is_untouched(previous):
        present(skin.animation_data).action = None
        skin.hide_viewport = skin.hide_render = False
        discard(previous)
    keys.key_visibility(skin, hand, frames, f"{skin.name} visibility")


def rebuild(context: bpy.types.Context, armature: bpy.types.Object, hand: Hand, skeleton: Skeleton) -> bpy.types.Object:
    """Replace a rig by one for the hand's other side. Returns the new rig."""
    built = build_beside(context, armature, hand, skeleton)
    built[SWAPPED] = not armature.get(SWAPPED, False)
    remove(armature)
    built.select_set(True)
    present(context.view_layer).objects.active = built
    return built


def build_beside(
    context: bpy.types.Context, armature: bpy.types.Object, hand: Hand, skeleton: Skeleton
) -> bpy.types.Object:
    """A rig for a hand at the place of another hand of its capture, with the same material and stored properties."""
    scene_import.leave_mode(context)
    skin = skin_of(armature)
    material = skin.active_material if skin else None
    name = armature.name.rpartition("_hand")[0] or armature.name
    built = rig.build_rig(context, hand, skeleton, armature.users_collection[0], name, material)
    built.armature.parent = armature.parent
    built.armature.matrix_parent_inverse = armature.matrix_parent_inverse
    built.armature.matrix_basis = armature.matrix_basis
    for key, value in armature.items():
        if key.startswith("dahyf_"):
            built.armature[key] = value
    built.armature[SIDE] = hand.side
    return built.armature


def remove(armature: bpy.types.Object) -> None:
    """Remove a hand's rig from the file, with its skin, data and Actions. Actions that somebody edited stay."""
    for part in filter(None, (skin_of(armature), armature)):
        actions, data = own_actions(part), part.data
        materials = set(filter(None, data.materials)) if isinstance(data, bpy.types.Mesh) else set()
        bpy.data.objects.remove(part)
        for action in actions:
            discard(action)
        if data is not None and not data.users:
            bpy.data.batch_remove([data])
        for material in materials:
            if not material.users:
                bpy.data.materials.remove(material)


def discard(action: bpy.types.Action) -> None:
    """Remove an Action that nobody edited and nothing plays. Keep any other in the file."""
    if keys.is_untouched(action) and action.users == int(action.use_fake_user):
        bpy.data.actions.remove(action)
    else:
        action.use_fake_user = True


def own_actions(part: bpy.types.Object) -> set[bpy.types.Action]:
    """The Actions of an object: the active one, and those of its NLA strips."""
    animation = part.animation_data
    if animation is None:
        return set()
    stripped = [strip.action for track in animation.nla_tracks for strip in track.strips]
    return set(filter(None, [animation.action, *stripped]))
