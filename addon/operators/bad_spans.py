"""Bad spans: markers on the timeline, and a click to the worst one of a hand."""

import bpy

from ..backend.summary import counted
from ..cleaning import recleaning, span_markers
from ..narrowing import OperatorResult, present
from ..scene import scene_import
from ..settings import clean_properties
from .captures import NO_HANDS, captures
from .clean import missing_hand
from .poll_message import allows


class DAHYF_HANDS_OT_mark_bad_spans(bpy.types.Operator):
    """Put a timeline marker at the start of each bad span of the selected hands, in place of former ones"""

    bl_idname = "dahyf_hands.mark_bad_spans"
    bl_label = "Mark Bad Spans"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_hand(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = present(context.scene)
        threshold = clean_properties.settings_of(scene).threshold
        marked = span_markers.mark(scene, recleaning.hand_rigs(context), threshold)
        self.report({"INFO"}, f"Marked {counted(marked, 'bad span')}")
        return {"FINISHED"}


class DAHYF_HANDS_OT_clear_span_markers(bpy.types.Operator):
    """Remove the timeline markers of bad spans. Other markers stay"""

    bl_idname = "dahyf_hands.clear_span_markers"
    bl_label = "Clear Span Markers"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        removed = span_markers.clear(present(context.scene))
        self.report({"INFO"}, f"Removed {counted(removed, 'marker')}")
        return {"FINISHED"} if removed else {"CANCELLED"}


class DAHYF_HANDS_OT_jump_to_worst_span(bpy.types.Operator):
    """Select this hand, and go to the start of its longest bad span"""

    bl_idname = "dahyf_hands.jump_to_worst_span"
    bl_label = "Jump to Worst Span"
    bl_options = {"REGISTER", "UNDO"}

    hand: bpy.props.StringProperty(
        name="Hand", description="Name of the hand's rig. Not set: the active one", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, None if captures(present(context.scene)) else NO_HANDS)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene, view_layer = present(context.scene), present(context.view_layer)
        chosen = scene.objects.get(self.hand) if self.hand else recleaning.rig_of(view_layer.objects.active)
        if chosen is None or not recleaning.is_hand_rig(chosen):
            self.report({"ERROR"}, "Select a captured hand first")
            return {"CANCELLED"}
        span = span_markers.worst_span(chosen, clean_properties.settings_of(scene).threshold)
        if span is None:
            self.report({"INFO"}, f"{chosen.name} has no bad span")
            return {"CANCELLED"}
        scene_import.leave_mode(context)
        scene_import.select(view_layer, [chosen])
        scene.frame_set(int(span[0]), subframe=span[0] % 1)
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_mark_bad_spans, DAHYF_HANDS_OT_clear_span_markers, DAHYF_HANDS_OT_jump_to_worst_span)
