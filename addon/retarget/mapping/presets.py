"""Presets: which bone of a rig is which joint, as JSON files. No bpy here.

    {"name": "Mixamo", "source": "where the names come from", "bones": {"LEFT_HAND": "mixamorig:LeftHand", ...},
     "ik_switches": {"LEFT": {"bone": "upper_arm_parent.L", "property": "IK_FK", "value": 0.0}},
     "poles": {"LEFT": {"bone": "upper_arm_ik_target.L",
                        "switch": {"bone": "upper_arm_parent.L", "property": "pole_vector", "value": 1.0}}}}

`ik_switches` is for rigs with LEFT_HAND_IK or RIGHT_HAND_IK: the custom property, and its value, that make the arm
follow that control. `poles`: the pole target of the elbow, and the switch that enables it. Everything but `bones` may
be left out.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ...backend.json_files import write_json
from ...errors import RetargetError
from ...shared.names import SIDES
from ...shared.presets import RETARGET
from ...shared.rig_joints import FINGERS, finger_joints, hand_joint, side_joints, side_of
from ...shared.strict_json import read_json

SHIPPED: Final = Path(__file__).resolve().parents[2] / "presets"
SUFFIX: Final = ".json"

FEWEST_FINGERS: Final = 2
"""With fewer fingers, palm and back of the hand cannot be told apart."""

MOST_NAMED: Final = 6
"""Most bones that a sentence lists."""

NAMESPACES: Final = re.compile(r"^(?:.*:|character\d+_)")
BIPED: Final = re.compile(r"^(?:valvebiped_)?bip0*\d+_")


@dataclass(frozen=True)
class IkSwitch:
    """A custom property of a bone, and its value that makes the arm follow the hand's IK control."""

    bone: str
    property: str
    value: float


@dataclass(frozen=True)
class Pole:
    """The pole target of the elbow in IK, and the switch that enables it."""

    bone: str
    switch: IkSwitch | None


@dataclass(frozen=True)
class Preset:
    """bones: joint (`RIGHT_INDEX_PROXIMAL`) to bone name. ik_switches and poles: by side, `left` or `right`.

    source: where the names come from. notes: sentences on how it fits the rig that it was chosen for.
    """

    name: str
    bones: Mapping[str, str]
    source: str = ""
    ik_switches: Mapping[str, IkSwitch] = field(default_factory=dict)
    poles: Mapping[str, Pole] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_preset(path: Path) -> Preset:
    """Read and check a preset file. Nothing in it is executed. Raises RetargetError."""
    try:
        if not path.exists():
            raise RetargetError(f"The preset {path} does not exist.", "Check the path.")
        return parsed(path.stem, read_json(path))
    except OSError as error:
        raise RetargetError(f"The preset {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except ValueError as error:
        raise RetargetError(f"The preset {path} is damaged: {error}.", "Save it again, or choose another.") from error


def parsed(fallback_name: str, content: Any) -> Preset:
    """A preset from parsed JSON. Raises ValueError where it does not fit the schema."""
    RETARGET.check(content, "it")
    bones = content["bones"]
    doubled = sorted(bone for bone in set(bones.values()) if list(bones.values()).count(bone) > 1)
    if doubled:
        raise ValueError(f"the bone {doubled[0]} is used for two joints")
    switches = {side.lower(): ik_switch(switch) for side, switch in content.get("ik_switches", {}).items()}
    poles = {side.lower(): pole(found) for side, found in content.get("poles", {}).items()}
    return Preset(content.get("name", fallback_name), bones, content.get("source", ""), switches, poles)


def pole(content: Mapping[str, Any]) -> Pole:
    """A pole from its JSON table."""
    return Pole(content["bone"], ik_switch(content["switch"]) if "switch" in content else None)


def ik_switch(content: Mapping[str, Any]) -> IkSwitch:
    """An IK switch from its JSON table."""
    return IkSwitch(content["bone"], content["property"], float(content["value"]))


def write_preset(preset: Preset, path: Path) -> None:
    """Write a preset, whole or not at all. Raises RetargetError."""
    content = {
        "name": preset.name,
        "source": preset.source,
        "bones": dict(preset.bones),
        "ik_switches": {side.upper(): asdict(switch) for side, switch in preset.ik_switches.items()},
        "poles": {
            side.upper(): {key: value for key, value in asdict(pole).items() if value is not None}
            for side, pole in preset.poles.items()
        },
    }
    try:
        write_json(path, {key: value for key, value in content.items() if value})
    except OSError as error:
        raise RetargetError(
            f"The preset {path} cannot be written: {error.strerror}.", "Choose another folder."
        ) from error


def preset_files(*folders: Path) -> dict[str, Path]:
    """Preset files by identifier, the file's name without its suffix. Files in later folders replace earlier ones."""
    return {path.stem: path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))}


def fitted(preset: Preset, bone_names: Collection[str]) -> Preset:
    """The preset reduced to joints whose bones the rig has, with the rig's own bone names.

    Namespace, separators, capitals and the number of a Biped may differ: a second Mixamo character has `mixamorig1:`
    instead of `mixamorig:`. If two bones match, neither is used.
    """
    by_plain_name: dict[str, str | None] = {}
    for name in bone_names:
        by_plain_name[plain(name)] = None if plain(name) in by_plain_name else name
    bones = {}
    for joint, bone in preset.bones.items():
        found = bone if bone in bone_names else by_plain_name.get(plain(bone))
        if found is not None:
            bones[joint] = found
    poles = {side: pole for side, pole in preset.poles.items() if pole.bone in bone_names}
    return replace(preset, bones=bones, poles=poles)


def plain(bone: str) -> str:
    """A bone's name without its namespace, in lower case, with one separator between words."""
    name = re.sub(r"[\s._-]+", "_", NAMESPACES.sub("", bone.lower()))
    return BIPED.sub("bip_", name)


def usable(preset: Preset) -> Preset:
    """The preset reduced to hands that have the hand's bone and two fingers."""
    hands = [side for side in SIDES if hand_joint(side) in preset.bones]
    joints = {joint for side in hands if finger_count(preset, side) >= FEWEST_FINGERS for joint in side_joints(side)}
    return replace(preset, bones={joint: bone for joint, bone in preset.bones.items() if joint in joints})


def finger_count(preset: Preset, side: str) -> int:
    """How many fingers of a hand have bones."""
    return sum(any(joint in preset.bones for joint in finger_joints(side, finger)) for finger in FINGERS)


def best_preset(presets: Iterable[Preset], bone_names: Collection[str]) -> Preset | None:
    """The preset with the most hand bones in the rig, of several the one that lacks fewest; None if no hand fits.

    A hand counts only with its own bone and two fingers. The notes name bones that the rig lacks. If two presets fit
    equally well but disagree on which hand is left and right, the result is None.
    """
    found = []
    for preset in presets:
        has = usable(fitted(preset, bone_names))
        if has.bones:
            exact = sum(preset.bones[joint] == bone for joint, bone in has.bones.items())
            found.append(((len(has.bones), len(has.bones) / len(preset.bones), exact), noted(has, preset)))
    if not found:
        return None
    best, chosen = max(found, key=lambda scored: scored[0])
    equals = [preset for score, preset in found if score == best]
    sides = [{bone: side_of(joint) for joint, bone in preset.bones.items()} for preset in equals]
    contradict = any(one.get(bone, side) != side for one in sides for other in sides for bone, side in other.items())
    return None if contradict else chosen


def noted(found: Preset, whole: Preset) -> Preset:
    """The fitted preset, with a note on bones that the rig's hands lack."""
    there = [side for side in SIDES if hand_joint(side) in found.bones]
    lacking = [
        whole.bones[joint]
        for side in there
        for joint in side_joints(side)
        if joint in whole.bones and joint not in found.bones
    ]
    if not lacking:
        return found
    more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
    note = f"The preset {whole.name} fits only in part: the rig has no {', '.join(lacking[:MOST_NAMED])}{more}."
    return replace(found, notes=(*found.notes, note))
