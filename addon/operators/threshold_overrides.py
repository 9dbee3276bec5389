"""Threshold overrides: other confidence thresholds for ranges of frames, added and removed."""

import bpy

from ..cleaning import flagged_spans, recleaning
from ..narrowing import OperatorResult, present
from ..scene import nla_layers
from ..settings import clean_properties


class DAHYF_HANDS_OT_add_range(bpy.types.Operator):
    """Set another confidence threshold for a range of frames"""

    bl_idname = "dahyf_hands.add_range"
    bl_label = "Add Range"
    bl_options = {"REGISTER", "UNDO"}

    start: bpy.props.IntProperty(name="Start", description="First frame of the range", default=1)
    end: bpy.props.IntProperty(name="End", description="Last frame of the range", default=1)
    threshold: bpy.props.FloatProperty(
        name="Threshold",
        description="Frames of the range with a lower confidence are lost. 0 keeps every frame, 1 hardly any",
        default=0.3,
        min=0,
        max=1,
        subtype="FACTOR",
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Fill in the bad span at the playhead, if there is one, and ask."""
        self.start, self.end = span_at_playhead(context)
        return present(context.window_manager).invoke_props_popup(self, event)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        if self.end < self.start:
            self.report({"ERROR"}, f"The range ends at frame {self.end}, before its start at frame {self.start}")
            return {"CANCELLED"}
        settings = clean_properties.settings_of(present(context.scene))
        found = {*clean_properties.parse_floors(settings.floors), (self.start, self.end, round(self.threshold, 3))}
        settings.floors = clean_properties.format_floors(sorted(found))
        return {"FINISHED"}


class DAHYF_HANDS_OT_remove_range(bpy.types.Operator):
    """Remove this range, so that its frames use the common threshold again"""

    bl_idname = "dahyf_hands.remove_range"
    bl_label = "Remove Range"
    bl_options = {"UNDO", "INTERNAL"}

    number: bpy.props.IntProperty(name="Number", description="Position of the range in the list, from 0", min=0)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = clean_properties.settings_of(present(context.scene))
        floors = clean_properties.parse_floors(settings.floors)
        if self.number >= len(floors):
            self.report({"ERROR"}, f"There is no range {self.number}: the list has {len(floors)}, counted from 0")
            return {"CANCELLED"}
        del floors[self.number]
        settings.floors = clean_properties.format_floors(floors)
        return {"FINISHED"}


def span_at_playhead(context: bpy.types.Context) -> tuple[int, int]:
    """The bad span of a selected hand at the current frame, or that frame alone."""
    scene = present(context.scene)
    frame, threshold = scene.frame_current, clean_properties.settings_of(scene).threshold
    for action in filter(None, map(nla_layers.base_action, recleaning.hand_rigs(context))):
        for start, end in flagged_spans.flagged_spans(action, threshold):
            if start <= frame <= end:
                return int(start), int(end)
    return frame, frame


CLASSES = (DAHYF_HANDS_OT_add_range, DAHYF_HANDS_OT_remove_range)
