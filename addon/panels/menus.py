"""The menu of the 3D View with every operator. Blender's search (F3) finds only operators that are in a menu."""

import bpy

from ..narrowing import present

OPERATORS = (
    ("choose_footage", "capture", "import_capture", "import_result", "cancel", "dismiss_error"),
    ("show_footage", "draw_box"),
    ("select_hands", "set_up_scene", "split_here", "join_hands", "drop_hand"),
    ("clean", "add_range", "add_correction_layer", "jump_to_bad_span", "jump_to_worst_span"),
    ("mark_bad_spans", "clear_span_markers", "mark_assets"),
    ("preview_retarget", "retarget", "remove_retarget", "make_override", "save_preset"),
    ("export", "live"),
    ("save_settings", "set_up_environment", "check_environment", "show_report"),
)
"""In the order of the work."""


class DAHYF_HANDS_MT_operators(bpy.types.Menu):
    """Every operator of DaHyF Hands"""

    bl_label = "DaHyF Hands"

    def draw(self, _context: bpy.types.Context) -> None:
        for number, group in enumerate(OPERATORS):
            if number:
                present(self.layout).separator()
            for name in group:
                present(self.layout).operator(f"dahyf_hands.{name}")


def draw_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the submenu at the end of the Object and Pose menus."""
    present(menu.layout).separator()
    present(menu.layout).menu(DAHYF_HANDS_MT_operators.__name__)


def register() -> None:
    """Add the submenu to both menus."""
    for menu in (bpy.types.VIEW3D_MT_object, bpy.types.VIEW3D_MT_pose):
        menu.append(draw_entry)


def unregister() -> None:
    """Remove the submenu from both menus."""
    for menu in (bpy.types.VIEW3D_MT_object, bpy.types.VIEW3D_MT_pose):
        menu.remove(draw_entry)


CLASSES = (DAHYF_HANDS_MT_operators,)
