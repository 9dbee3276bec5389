"""Mark Motion as Asset: Actions of the selected hands in the Asset Browser."""

import bpy

from ..backend.summary import counted
from ..cleaning import recleaning
from ..narrowing import OperatorResult
from ..scene import nla_layers
from .clean import missing_hand
from .poll_message import allows

TAG = "hand capture"


class DAHYF_HANDS_OT_mark_assets(bpy.types.Operator):
    """Mark the captured motion of the selected hands as assets, which the Asset Browser shows"""

    bl_idname = "dahyf_hands.mark_assets"
    bl_label = "Mark Motion as Asset"
    bl_options = {"REGISTER", "UNDO"}

    preview: bpy.props.BoolProperty(
        name="Preview", description="Make a preview picture of each asset, which takes a moment", default=False
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_hand(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        marked = 0
        for hand in recleaning.hand_rigs(context):
            action = nla_layers.base_action(hand)
            if action is None or action.library is not None:
                continue
            mark(action, hand[recleaning.SIDE])
            marked += 1
            if self.preview:
                action.asset_generate_preview()
        if not marked:
            self.report({"WARNING"}, "The selected hands have no captured motion of their own")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Marked {counted(marked, 'Action')} as assets")
        return {"FINISHED"}


def mark(action: bpy.types.Action, side: str) -> None:
    """Make an Action an asset with tags for its side; one that is an asset keeps its own data."""
    if action.asset_data is None:
        action.asset_mark()
    data = action.asset_data
    if data is not None:
        for tag in (TAG, side):
            data.tags.new(tag, skip_if_exists=True)


CLASSES = (DAHYF_HANDS_OT_mark_assets,)
