"""Captured hands on animators' rigs.

`solve` says by which principle and does the maths. `choice` says which bone is which joint: by `presets`, the rig's own
`human_map`, or `automatic` (`bone_names`, `skeleton`, `sides`, `named_hands`, `shaped_hands`), on the rig's `controls`.
`source` reads what was captured, `retiming` lays it on frames, `mirror` and `space` put it before a camera, `target`
reads the rig; `wrist` and `plan` work out the keys, `writing` writes them, `results` knows what was there before.
"""

from .choice import AUTOMATIC, available_presets, choose_preset, preset_titles, save_preset, user_folder
from .linked import check_not_linked, linked_reason, make_override
from .plan import Plan, plan_retarget
from .presets import Preset
from .retiming import timed
from .source import CAPTURE_PROPERTY, Source, capture_sources, is_captured, of_sides, scene_sources
from .space import Space, placed
from .wrist import Arm, Wrist, WristChoice
from .writing import Retargeted, has_result, remove, retarget, set_aside, summary, write

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
