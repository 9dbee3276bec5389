"""Presets: which bone of a rig is which joint, as JSON files. No bpy here.

    {"name": "Mixamo", "source": "where the names come from", "bones": {"LEFT_HAND": "mixamorig:LeftHand", ...},
     "ik_switches": {"LEFT": {"bone": "upper_arm_parent.L", "property": "IK_FK", "value": 0.0}}}

`ik_switches` is for rigs with LEFT_HAND_IK or RIGHT_HAND_IK: the custom property, and its value, that make the arm
follow that control. Everything but `bones` may be left out.
"""

import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..errors import RetargetError
from .joints import SIDES, all_joints

SHIPPED: Final = Path(__file__).resolve().parent.parent / "presets"
SUFFIX: Final = ".json"
LARGEST_FILE: Final = 1_000_000


@dataclass(frozen=True)
class IkSwitch:
    """A custom property of a bone, and the value of it that makes the arm follow the hand's control."""

    bone: str
    property: str
    value: float


@dataclass(frozen=True)
class Preset:
    """bones: joint (`RIGHT_INDEX_PROXIMAL`) to bone name. ik_switches: by side. source: where the names come from."""

    name: str
    bones: Mapping[str, str]
    source: str = ""
    ik_switches: Mapping[str, IkSwitch] = field(default_factory=dict)


def read_preset(path: Path) -> Preset:
    """Read and check a preset file. Nothing in it is executed. Raises RetargetError."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("it is too large")
        return parsed(path.stem, json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise RetargetError(f"The preset {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RetargetError(f"The preset {path} is damaged: {error}.", "Save it again, or choose another.") from error


def parsed(fallback_name: str, content: Any) -> Preset:
    """A preset from what JSON holds. Raises ValueError, TypeError, KeyError or AttributeError for anything else."""
    bones = content["bones"]
    if not isinstance(bones, dict):
        raise ValueError("its bones are no table")
    unknown = sorted(set(bones) - set(all_joints()))
    if unknown:
        raise ValueError(f"{unknown[0]} is no joint of a hand")
    if not all(isinstance(bone, str) and bone for bone in bones.values()):
        raise ValueError("a bone has no name")
    doubled = sorted(bone for bone in set(bones.values()) if list(bones.values()).count(bone) > 1)
    if doubled:
        raise ValueError(f"the bone {doubled[0]} stands for two joints")
    switches = {
        side.lower(): IkSwitch(str(switch["bone"]), str(switch["property"]), float(switch["value"]))
        for side, switch in content.get("ik_switches", {}).items()
    }
    if not set(switches) <= set(SIDES):
        raise ValueError("an IK switch is of neither side")
    return Preset(str(content.get("name", fallback_name)), bones, str(content.get("source", "")), switches)


def write_preset(preset: Preset, path: Path) -> None:
    """Write a preset, whole or not at all. Raises RetargetError."""
    content = {
        "name": preset.name,
        "source": preset.source,
        "bones": dict(preset.bones),
        "ik_switches": {
            side.upper(): {"bone": switch.bone, "property": switch.property, "value": switch.value}
            for side, switch in preset.ik_switches.items()
        },
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False) as file:
            json.dump({key: value for key, value in content.items() if value}, file, indent=2, ensure_ascii=False)
            file.write("\n")
        Path(file.name).replace(path)
    except OSError as error:
        raise RetargetError(
            f"The preset {path} cannot be written: {error.strerror}.", "Choose another folder."
        ) from error


def preset_files(*folders: Path) -> dict[str, Path]:
    """Presets by identifier, the file's name without its suffix; later folders take the place of earlier ones."""
    return {path.stem: path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))}


def fitted(preset: Preset, bone_names: Collection[str]) -> Preset:
    """The preset with the joints alone whose bones the rig has, under the rig's own names.

    A namespace before a colon may differ: a second Mixamo character has `mixamorig1:` where the first has `mixamorig:`.
    """
    by_plain_name = {plain(name): name for name in bone_names}
    bones = {
        joint: bone if bone in bone_names else by_plain_name[plain(bone)]
        for joint, bone in preset.bones.items()
        if bone in bone_names or plain(bone) in by_plain_name
    }
    return Preset(preset.name, bones, preset.source, preset.ik_switches)


def plain(bone: str) -> str:
    """A bone's name without its namespace."""
    return bone.rpartition(":")[2]


def best_preset(presets: Iterable[Preset], bone_names: Collection[str]) -> Preset | None:
    """The preset all of whose bones the rig has, the one with the most bones of several; None when none fits."""
    return max(complete(presets, bone_names), key=lambda preset: len(preset.bones), default=None)


def complete(presets: Iterable[Preset], bone_names: Collection[str]) -> Iterator[Preset]:
    """The presets all of whose bones the rig has."""
    for preset in presets:
        found = fitted(preset, bone_names)
        if len(found.bones) == len(preset.bones):
            yield found
