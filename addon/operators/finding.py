"""Help to find hands: boxes around them and a region to look in, drawn on the footage behind the camera."""

from pathlib import Path
from typing import Any, Final, cast

import blf
import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from ..narrowing import OperatorResult, present, view_of
from ..scene import camera_view, views
from ..scene.camera_view import Rectangle, ShownPicture
from ..scene.references import absolute
from ..settings import capture_properties
from .poll_message import allows

LEAST: Final = {"BOX": 8.0, "REGION": 32.0}
"""Smallest side of what is drawn, in pixels of the footage, as in the core."""

KIND_ITEMS: Final = (
    ("BOX", "Box", "A box around a hand in the current frame"),
    ("REGION", "Region", "The only part of the picture in which hands are looked for"),
)
COLOURS: Final = {"BOX": (0.25, 0.85, 0.45, 1.0), "REGION": (0.95, 0.75, 0.2, 1.0)}
HINTS: Final = {
    "BOX": "Drag a box around one hand, from wrist to finger tips. Esc cancels",
    "REGION": "Drag over the part of the picture to look in. Esc cancels",
}
FONT: Final = 0
LINE: Final = 2.0
Place = tuple[float, float]

_drag: tuple[str, Place | None, Place | None] | None = None
"""What is being drawn: its kind, and where the drag began and is now, in pixels of the region."""
_handle: Any = None


def chosen_footage(context: bpy.types.Context) -> Path | None:
    """The footage that the panel has."""
    settings = capture_properties.settings_of(present(context.scene))
    return absolute(settings.footage) if settings.footage else None


def obstacle(context: bpy.types.Context) -> str | None:
    """Why nothing can be drawn on the footage, or None."""
    settings = capture_properties.settings_of(present(context.scene))
    wrong = capture_properties.footage_obstacle(settings)
    return wrong or camera_view.obstacle(present(context.scene), chosen_footage(context))


class DAHYF_HANDS_OT_show_footage(bpy.types.Operator):
    """Look at the chosen footage through a camera, to draw on it. A capture replaces this camera by its own"""

    bl_idname = "dahyf_hands.show_footage"
    bl_label = "Show Footage"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = capture_properties.settings_of(present(context.scene))
        unknown = None if all(settings.footage_size) else "Blender cannot show this footage"
        return allows(cls, capture_properties.footage_obstacle(settings) or unknown)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = present(context.scene)
        settings = capture_properties.settings_of(scene)
        path = absolute(settings.footage)
        is_still = settings.footage_first == settings.footage_last == 0
        size = tuple(settings.footage_size)
        try:
            camera_view.show(scene, path, size, settings.footage_rate, settings.start_frame, is_still)
        except RuntimeError as error:
            self.report({"ERROR"}, f"Blender cannot show the footage: {error}")
            return {"CANCELLED"}
        views.look_through_camera([context.window.screen] if context.window else [], scene.render)
        return {"FINISHED"}


class DAHYF_HANDS_OT_draw_box(bpy.types.Operator):
    """Draw on the footage behind the camera: a box around a hand, from which it is followed forwards and backwards,
    or the only part of the picture in which hands are looked for"""

    bl_idname = "dahyf_hands.draw_box"
    bl_label = "Draw Box"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(name="Kind", description="What is drawn", items=KIND_ITEMS)
    x: bpy.props.FloatProperty(name="X", description="Left edge, in pixels of the footage")
    y: bpy.props.FloatProperty(name="Y", description="Upper edge, in pixels of the footage")
    width: bpy.props.FloatProperty(name="Width", description="Width, in pixels of the footage", min=0)
    height: bpy.props.FloatProperty(name="Height", description="Height, in pixels of the footage", min=0)

    _start: Place | None = None
    _region: bpy.types.Region | None = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, obstacle(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Look through the camera, and wait for the drag."""
        area = context.area
        if area is None or area.type != "VIEW_3D":
            self.report({"ERROR"}, "Draw in a 3D View")
            return {"CANCELLED"}
        if present(view_of(area).region_3d).view_perspective != "CAMERA":
            views.look_through_camera([present(context.window).screen], present(context.scene).render)
        self._region = next(region for region in area.regions if region.type == "WINDOW")
        self._start = None
        present(context.window).cursor_modal_set("CROSSHAIR")
        self._show(context, None)
        present(context.window_manager).modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Follow the drag; what is let go too small is drawn again. Zooming and panning go on."""
        region = present(self._region)
        place = (float(event.mouse_x - region.x), float(event.mouse_y - region.y))
        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            self._end(context)
            return {"CANCELLED"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            self._start = place
        elif event.type == "MOUSEMOVE" or (event.type == "LEFTMOUSE" and self._start is None):
            self._show(context, place)
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE" and self._start is not None:
            return self._let_go(context, place)
        elif event.type in ("MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"):
            return {"PASS_THROUGH"}
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = present(context.scene)
        settings = capture_properties.settings_of(scene)
        if min(self.width, self.height) < LEAST[self.kind]:
            self.report({"ERROR"}, f"Draw at least {LEAST[self.kind]:.0f} pixels of the footage wide and high")
            return {"CANCELLED"}
        width, height = settings.footage_size
        if width and not (-self.width < self.x < width and -self.height < self.y < height):
            self.report({"ERROR"}, f"That is outside the footage of {width} x {height} pixels")
            return {"CANCELLED"}
        settings.drawn_on = settings.footage
        if self.kind == "REGION":
            settings.region = (self.x, self.y, self.width, self.height)
            return {"FINISHED"}
        frame = camera_view.picture_number(scene, settings.footage_first)
        if not settings.footage_first <= frame <= settings.footage_last:
            self.report({"ERROR"}, f"The scene's frame {scene.frame_current} shows no frame of the footage")
            return {"CANCELLED"}
        box = settings.boxes.add()
        box.frame, box.x, box.y, box.width, box.height = frame, self.x, self.y, self.width, self.height
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the drag, for example because another file is opened."""
        self._end(context)

    def _let_go(self, context: bpy.types.Context, place: Place) -> OperatorResult:
        shown = shown_in(context, present(self._region))
        drawn = shown.box(present(self._start), place) if shown else Rectangle(0, 0, 0, 0)
        self._start = None
        if min(drawn.width, drawn.height) < LEAST[self.kind]:
            self._show(context, place)
            return {"RUNNING_MODAL"}
        self._end(context)
        self.x, self.y, self.width, self.height = drawn.x, drawn.y, drawn.width, drawn.height
        return self.execute(context)

    def _show(self, context: bpy.types.Context, place: Place | None) -> None:
        global _drag
        _drag = (self.kind, self._start, place)
        present(context.area).tag_redraw()

    def _end(self, context: bpy.types.Context) -> None:
        global _drag
        _drag = None
        if context.window is not None:
            context.window.cursor_modal_restore()
        if context.area is not None:
            context.area.tag_redraw()


class DAHYF_HANDS_OT_remove_box(bpy.types.Operator):
    """Remove this box"""

    bl_idname = "dahyf_hands.remove_box"
    bl_label = "Remove Box"
    bl_options = {"UNDO", "INTERNAL"}

    number: bpy.props.IntProperty(name="Number", description="Position of the box in the list, from 0", min=0)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        boxes = capture_properties.settings_of(present(context.scene)).boxes
        if self.number >= len(boxes):
            self.report({"ERROR"}, f"There is no box {self.number}: the list has {len(boxes)}, counted from 0")
            return {"CANCELLED"}
        boxes.remove(self.number)
        return {"FINISHED"}


class DAHYF_HANDS_OT_go_to_box(bpy.types.Operator):
    """Go to the frame in which this box was drawn"""

    bl_idname = "dahyf_hands.go_to_box"
    bl_label = "Go to Box"
    bl_options = {"UNDO", "INTERNAL"}

    number: bpy.props.IntProperty(name="Number", description="Position of the box in the list, from 0", min=0)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = present(context.scene)
        settings = capture_properties.settings_of(scene)
        if self.number >= len(settings.boxes):
            self.report({"ERROR"}, f"There is no box {self.number}: the list has {len(settings.boxes)}")
            return {"CANCELLED"}
        number = settings.boxes[self.number].frame
        scene.frame_set(camera_view.scene_frame(scene, number, settings.footage_first))
        return {"FINISHED"}


class DAHYF_HANDS_OT_clear_region(bpy.types.Operator):
    """Look for hands in the whole picture again"""

    bl_idname = "dahyf_hands.clear_region"
    bl_label = "Whole Picture"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        capture_properties.settings_of(present(context.scene)).region = (0, 0, 0, 0)
        return {"FINISHED"}


def shown_in(context: bpy.types.Context, region: bpy.types.Region) -> ShownPicture | None:
    """Where the footage is on the main region of the area."""
    view = view_of(present(context.area)).region_3d
    return camera_view.shown_picture(present(context.scene), region, present(view))


def draw() -> None:
    """Draw the boxes of the current frame, the region, and what is being drawn, over the footage in a 3D View."""
    context = bpy.context
    scene = present(context.scene)
    settings = capture_properties.settings_of(scene)
    if not (settings.boxes or settings.region[2] or _drag):
        return
    shown = shown_in(context, present(context.region))
    if shown is None or obstacle(context) is not None:
        return
    frame = camera_view.picture_number(scene, settings.footage_first)
    if settings.region[2]:
        draw_rectangle(shown, Rectangle(*settings.region), COLOURS["REGION"], "Look In")
    for box in settings.boxes:
        if box.frame == frame:
            name = capture_properties.box_title(box)
            draw_rectangle(shown, Rectangle(box.x, box.y, box.width, box.height), COLOURS["BOX"], name)
    if _drag is not None:
        kind, start, place = _drag
        write(HINTS[kind], 60, 40)
        if start is not None and place is not None:
            drawn = shown.box(start, place)
            draw_rectangle(shown, drawn, COLOURS[kind], f"{drawn.width:.0f} x {drawn.height:.0f} px")


def draw_rectangle(shown: ShownPicture, box: Rectangle, colour: tuple[float, ...], text: str) -> None:
    """The outline of a box of the footage's pixels, and a text above it."""
    corners = [(box.x, box.y), (box.x + box.width, box.y), (box.x + box.width, box.y + box.height)]
    corners += [(box.x, box.y + box.height), (box.x, box.y)]
    places = [shown.place(*corner) for corner in corners]
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in places]})
    shader.bind()
    shader.uniform_float("viewportSize", cast(Any, gpu.state).viewport_get()[2:])
    shader.uniform_float("lineWidth", LINE)
    shader.uniform_float("color", colour)
    gpu.state.blend_set("ALPHA")
    batch.draw(shader)
    gpu.state.blend_set("NONE")
    write(text, min(x for x, _ in places), max(y for _, y in places) + 6)


def write(text: str, x: float, y: float) -> None:
    """A text with a dark shadow, at a place of the region."""
    scale = present(bpy.context.preferences).system.ui_scale or 1.0
    blf.enable(FONT, blf.SHADOW)
    blf.shadow(FONT, 3, 0, 0, 0, 1)
    blf.size(FONT, 13 * scale)
    blf.color(FONT, 1, 1, 1, 1)
    blf.position(FONT, x, y, 0)
    blf.draw(FONT, text)
    blf.disable(FONT, blf.SHADOW)


def register() -> None:
    """Add the boxes to all 3D Views."""
    global _handle
    _handle = bpy.types.SpaceView3D.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    """Remove the boxes from all 3D Views."""
    bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")


CLASSES = (
    DAHYF_HANDS_OT_show_footage,
    DAHYF_HANDS_OT_draw_box,
    DAHYF_HANDS_OT_remove_box,
    DAHYF_HANDS_OT_go_to_box,
    DAHYF_HANDS_OT_clear_region,
)
