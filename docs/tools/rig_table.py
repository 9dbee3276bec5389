"""Writes docs/rigs.md: the result of retargeting onto each known rig.

Usage: PYTHONPATH=.:blender_tests .env/bpy-5.0/bin/python docs/tools/rig_table.py -o docs/rigs.md

Exits with 1 if a result is wrong: another bone, a wrong side, a finger off by a degree, a wrist off by a degree without
a warning, or another refusal.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import bpy
from capture_factory import capture_arrays, write_capture
from known_rigs import DATA, FACTS, RIGIFY, build, end_bones, expected_bones, shown_hands
from rig_outcome import Outcome, outcome

from addon.backend.capture_file import Capture, read_capture
from addon.retarget.mapping.automatic import find_hands, preset_of
from addon.retarget.rest import rest_bones

CLOSE = 1.0
"""Largest angle that counts as right, in degrees."""

PAGE = """\
# Rigs

`docs/tools/rig_table.py` wrote this page in Blender {version}. A capture of two hands is retargeted onto each
rig with the default settings. Then the bones of the rig are measured in the world.
`blender_tests/test_known_rigs.py` checks the same facts in every Blender: which bone is which joint, or the words with
which a rig is refused.

- **as it is**: the result with the rig's own bone names. The mapping is checked bone by bone against
  `blender_tests/rig_facts.json`.
- **fingers**: the largest angle in degrees between a finger's segment and the captured one, relative to the palm.
- **wrist**: the angle in degrees between the palm and the captured one, in the world. If *Human Wrist* limits it, a
  warning says so.
- **without names**: the mapping that is found when all bones are renamed to numbers.
- **what is said**: warnings, or the refusal.

{table}

{counts}
"""


def main() -> None:
    """Retarget onto all rigs, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="page to write")
    chosen = parser.parse_args()
    if not DATA.exists():
        sys.exit("rig_table: the folder of test rigs is missing. Set DAHYF_TEST_DATA to a folder that has it.")
    rows, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        capture = read_capture(write_capture(Path(folder) / "clip.npz", capture_arrays(frames=5)))
        for name, rigs in FACTS.items():
            for rig_name in rigs:
                cells, right = row(name, rig_name, capture)
                rows.append([name.replace("traps/", ""), rig_name, *cells])
                wrong += not right
    head = ["rig", "armature", "as it is", "fingers", "wrist", "without names", "what is said"]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))
    counts = f"{len(rows)} armatures, {wrong} wrong."
    chosen.output.write_text(PAGE.format(version=bpy.app.version_string, table=table, counts=counts), "utf-8")
    print(counts)
    sys.exit(bool(wrong))


def row(name: str, rig_name: str, capture: Capture) -> tuple[list[str], bool]:
    """The cells of one armature, and whether its result is right."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    try:
        rigs = build(name)
    except LookupError as error:
        return ["not there", "", "", "", str(error)], True
    rig = rigs[0] if name.startswith(RIGIFY) else next(rig for rig in rigs if rig.name == rig_name)
    facts = FACTS[name][rig_name]
    refused = facts.get("refused", "")
    result = outcome(rig, capture, *(() if refused else (end_bones(facts), shown_hands(facts))))
    if refused or result.refusal:
        right = bool(refused) and refused in result.refusal
        return ["refused" if right else "WRONG", "", "", unnamed(rig, {}), sentence(result.refusal)], right
    mapped = dict(result.bones) == expected_bones(facts)
    said = any("wrist" in warning or "hand" in warning for warning in result.warnings)
    right = mapped and result.finger_angle < CLOSE and (result.wrist_angle < CLOSE or said)
    return [
        f"{hands(result)} by {result.preset if result.preset != rig_name else 'names and shape'}"
        if mapped
        else "WRONG",
        f"{result.finger_angle:.2f}",
        f"{result.wrist_angle:.2f}",
        unnamed(rig, expected_bones(facts)),
        sentence(" ".join(result.warnings)),
    ], right


def hands(result: Outcome) -> str:
    """Which hands have bones: `both hands`, or `the left hand`."""
    sides = [side.lower() for side in ("LEFT", "RIGHT") if f"{side}_HAND" in result.bones]
    return "both hands" if len(sides) > 1 else f"the {sides[0]} hand"


def unnamed(rig: bpy.types.Object, expected: dict[str, str]) -> str:
    """The mapping that is found when the rig's bones have numbers for names, against the expected one."""
    bones = rest_bones(rig)
    names = {name: f"Bone.{number:03}" for number, name in enumerate(bones)}
    renamed = {
        names[name]: replace(bone, name=names[name], parent=names.get(bone.parent or ""))
        for name, bone in bones.items()
    }
    found = preset_of("rig", find_hands(renamed)).bones
    if not found:
        return "refused"
    wanted = {joint: names[bone] for joint, bone in expected.items() if not joint.endswith("HAND_IK")}
    return (
        "the same" if dict(found) == wanted else f"{sum(found.get(j) == b for j, b in wanted.items())} of {len(wanted)}"
    )


def sentence(text: str) -> str:
    """A message as a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
