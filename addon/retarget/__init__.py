"""Retargeting captured hands to animators' rigs.

`motion`: the motion of the captured hands. `mapping`: which bone of the rig is which joint. `solving`: the rotations
and locations of its bones. `writing`: planning keys, writing them as an Action, and removing them again.
"""

from .mapping.choice import AUTOMATIC, available_presets, choose_preset, preset_titles, save_preset, user_folder
from .mapping.presets import Preset
from .motion.retiming import timed
from .motion.source import CAPTURE_PROPERTY, Source, capture_sources, is_captured, of_sides, scene_sources
from .motion.space import Space, placed
from .solving.wrist import Arm, Wrist, WristChoice
from .writing.linked import check_not_linked, linked_reason, make_override
from .writing.plan import Plan, plan_retarget
from .writing.write import Retargeted, has_result, remove, retarget, set_aside, summary, write

__all__ = (
    "AUTOMATIC",
    "CAPTURE_PROPERTY",
    "Arm",
    "Plan",
    "Preset",
    "Retargeted",
    "Source",
    "Space",
    "Wrist",
    "WristChoice",
    "available_presets",
    "capture_sources",
    "check_not_linked",
    "choose_preset",
    "has_result",
    "is_captured",
    "linked_reason",
    "make_override",
    "of_sides",
    "placed",
    "plan_retarget",
    "preset_titles",
    "remove",
    "retarget",
    "save_preset",
    "scene_sources",
    "set_aside",
    "summary",
    "timed",
    "user_folder",
    "write",
)
