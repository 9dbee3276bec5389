"""Rigs made by others: the right bones and sides, fingers as captured, or a refusal with a reason."""

import re

import bpy
import pytest
from conftest import MakeCapture
from known_rigs import FACTS, RIGIFY, build, end_bones, expected_bones, shown_hands
from rig_outcome import outcome

CLOSE = 1.0
"""Degrees."""

CASES = [(name, rig) for name, rigs in FACTS.items() for rig in rigs]


@pytest.mark.parametrize(("name", "rig_name"), CASES, ids=["-".join(case) for case in CASES])
def test_known_rig(name: str, rig_name: str, make_capture: MakeCapture) -> None:
    facts = FACTS[name][rig_name]
    rig = found_rig(name, rig_name)
    refused = facts.get("refused")
    known = () if refused else (end_bones(facts), shown_hands(facts))
    result = outcome(rig, make_capture(frames=3), *known)
    if refused:
        assert re.search(re.escape(refused), result.refusal), result
        assert rig.animation_data is None or rig.animation_data.action is None
        return
    assert not result.refusal
    assert dict(result.bones) == expected_bones(facts)
    assert result.finger_angle < CLOSE
    assert result.wrist_angle < CLOSE or any("wrist" in warning or "hand" in warning for warning in result.warnings)


def found_rig(name: str, rig_name: str) -> bpy.types.Object:
    """The armature of that name, or a skip with the reason."""
    try:
        rigs = build(name)
    except FileNotFoundError as error:
        pytest.skip(f"no rigs of others: {error.filename}; set DAHYF_TEST_DATA to a folder that has them")
    except LookupError as error:
        pytest.skip(str(error))
    return rigs[0] if name.startswith(RIGIFY) else next(rig for rig in rigs if rig.name == rig_name)
