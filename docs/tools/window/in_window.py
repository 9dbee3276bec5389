"""Inside a Blender window: does what is not a click, step by step, and says how far things are.

Usage: blender --python in_window.py -- FOLDER CLIP. FOLDER/order names the step to do: one of STEPS. FOLDER/state gets
the last step's name and how far things are (ready, running: the core has seen frames, imported, previewing,
retargeted), FOLDER/corner the place of the sidebar's upper left corner on the screen.
"""

import sys
from pathlib import Path
from typing import Any

import addon_utils
import bpy
from mathutils import Euler, Vector

FRAME = 30
SEEN = 20
"""The frame that is looked at, and how many captured ones are waited for."""

SHOWN = ("DEF", "Fingers", "Arm.R (FK)")
"""Of the character's collections of bones."""

CHARACTER, LOOKED_AT = Vector((0.58, 0.05, -1.12)), Vector((0.26, 0.0, 0.1))
"""In metres from the captured wrist: the character, whose arm hangs beside it; and what is looked at."""

folder, clip = sys.argv[sys.argv.index("--") + 1 :]
done = "nothing"


def tick() -> float:
    """Called again and again by Blender's timer."""
    global done
    order = Path(folder, "order")
    wanted = order.read_text().strip() if order.exists() else done
    if wanted != done:
        STEPS[wanted]()
        done = wanted
    area = view()
    sidebar = next(region for region in area.regions if region.type == "UI")
    window = bpy.context.window_manager.windows[0]
    left, top = window.x + sidebar.x, window.height - sidebar.y - sidebar.height
    Path(folder, "corner").write_text(f"{left} {top}\n")
    Path(folder, "state").write_text(f"{done} {state()}\n")
    (sidebar if state() == "running" else area).tag_redraw()
    return 0.2


def view() -> bpy.types.Area:
    """The 3D View."""
    screen = bpy.context.window_manager.windows[0].screen
    return next(area for area in screen.areas if area.type == "VIEW_3D")


def empty_scene() -> None:
    """No object, and the sidebar is there."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    view().spaces.active.show_region_ui = True


def show_tab() -> None:
    """The add-on's tab of the sidebar, which Blender must have drawn before."""
    sidebar = next(region for region in view().regions if region.type == "UI")
    sidebar.active_panel_category = "DaHyF Hands"


def choose_footage() -> None:
    bpy.context.scene.dahyf_hands.footage = clip


def add_character() -> None:
    """The human that Rigify generates, beside the captured hand, and chosen as what is retargeted to."""
    addon_utils.enable("rigify", default_set=True)
    with bpy.context.temp_override(**viewport()):
        bpy.ops.object.armature_human_metarig_add()
        metarig = bpy.context.object
        bpy.ops.pose.rigify_generate()
        metarig.hide_set(True)
        character = bpy.context.object
        character.select_set(False)
        character.display_type = "SOLID"
    bpy.context.scene.dahyf_hands.retarget_target = character
    bpy.context.scene.frame_set(FRAME)
    for collection in character.data.collections_all:
        collection.is_visible = collection.name in SHOWN
    seen = view().spaces.active.region_3d
    seen.view_perspective = "PERSP"
    seen.view_rotation = Euler((1.5, 0.0, -0.15)).to_quaternion()
    captured = next(obj for obj in bpy.data.objects if obj.get("dahyf_side"))
    wrist = captured.matrix_world @ captured.pose.bones[0].head
    bpy.context.scene.camera.hide_set(True)
    character.location = wrist + CHARACTER
    seen.view_location = wrist + LOOKED_AT
    seen.view_distance = 0.95


def play() -> None:
    """Slowly through the frames that are left."""
    scene = bpy.context.scene

    def advance() -> float | None:
        scene.frame_set(scene.frame_current + 3)
        return 0.25 if scene.frame_current < scene.frame_end - 3 else None

    bpy.app.timers.register(advance)


def viewport() -> dict[str, Any]:
    """What operators must be told that run from a timer."""
    area = view()
    region = next(region for region in area.regions if region.type == "WINDOW")
    return {"window": bpy.context.window_manager.windows[0], "area": area, "region": region}


STEPS = {
    "empty": empty_scene,
    "tab": show_tab,
    "footage": choose_footage,
    "character": add_character,
    "play": play,
}


def state() -> str:
    """How far things are."""
    job, preview = (
        next(module for name, module in sys.modules.items() if name.endswith(f"dahyf_hands.{part}"))
        for part in ("backend.job", "retarget.writing.preview")
    )
    scene = bpy.context.scene
    target = scene.dahyf_hands.retarget_target
    if preview.previewing(scene):
        return "previewing"
    if target and target.animation_data and target.animation_data.action:
        return "retargeted"
    if any(obj.get("dahyf_side") for obj in bpy.data.objects):
        return "imported"
    return "running" if job._current and job._current.done > SEEN else "ready"


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=0.5)
