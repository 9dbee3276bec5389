"""Inside a Blender window: opens the sidebar on the add-on's tab, sets the footage, and says how far things are.

Usage: blender --python open_sidebar.py -- FOLDER CLIP. FOLDER gets `button`, where to click on the screen, and `state`:
ready, running (the core has seen frames), imported.
"""

import sys
from pathlib import Path

import bpy

BUTTON = (144, 321)
"""Place of Capture Hands in the sidebar as it opens, pixels from its upper left corner."""

folder, clip = sys.argv[sys.argv.index("--") + 1 :]
ticks = iter(range(10**9))


def tick() -> float:
    """Called again and again by Blender's timer."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    sidebar = next(region for region in area.regions if region.type == "UI")
    count = next(ticks)
    if count == 0:
        area.spaces.active.show_region_ui = True
        bpy.context.scene.dahyf_hands.footage = clip
    elif count < 4:
        sidebar.active_panel_category = "DaHyF Hands"
    elif count == 4:
        left, top = window.x + sidebar.x, window.height - sidebar.y - sidebar.height
        Path(folder, "button").write_text(f"{left + BUTTON[0]} {top + BUTTON[1]}\n")
    else:
        Path(folder, "state").write_text(state())
    area.tag_redraw()
    return 0.2


def state() -> str:
    """How far things are."""
    job = next(module for name, module in sys.modules.items() if name.endswith("dahyf_hands.job"))
    if any(obj.type == "ARMATURE" for obj in bpy.data.objects):
        return "imported"
    return "running" if getattr(job._current, "pace", "") else "ready"


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=0.5)
