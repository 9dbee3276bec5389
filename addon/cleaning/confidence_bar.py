"""The confidence of the selected hands, as coloured bars in the time editors, so that bad spans are easy to find."""

from typing import Final

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from ..narrowing import buffer_of, present
from ..scene import nla_layers
from ..settings import clean_properties
from . import flagged_spans, recleaning

SPACES: Final = (bpy.types.SpaceDopeSheetEditor, bpy.types.SpaceGraphEditor, bpy.types.SpaceNLA)
GOOD, DOUBTFUL, BAD, MADE_UP = np.array(
    [(0.25, 0.70, 0.30, 0.9), (0.75, 0.75, 0.20, 0.9), (0.85, 0.20, 0.15, 0.9), (0.90, 0.55, 0.15, 0.9)], np.float32
)
BAR_HEIGHT, RULER_HEIGHT = 6, 23
"""In pixels at a user interface scale of 1; the ruler is the strip of frame numbers above."""
FARTHEST: Final = 10_000
"""Frames over which pixels per frame are measured. They are many, as Blender rounds positions to whole pixels."""

_handles: list[tuple[type[bpy.types.Space], object]] = []


def cells(action: bpy.types.Action, threshold: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """For each key of captured motion: first and last frame of its cell (N, 2), and the cell's colour (N, 4)."""
    keys = flagged_spans.confidence_keys(action)
    middles = (keys.frames[:-1] + keys.frames[1:]) / 2
    half = keys.step / 2
    starts = np.concatenate([keys.frames[:1] - half, middles])
    ends = np.concatenate([middles, keys.frames[-1:] + half])
    ends[keys.before_gap] = keys.frames[keys.before_gap] + half
    starts[1:][keys.before_gap[:-1]] = keys.frames[1:][keys.before_gap[:-1]] - half
    above = np.clip((keys.confidence - threshold) / max(1 - threshold, 1e-6), 0, 1)[:, None]
    colours = DOUBTFUL + (GOOD - DOUBTFUL) * above.astype(np.float32)
    colours[keys.confidence < threshold] = BAD
    colours[~keys.seen] = MADE_UP
    return np.column_stack([starts, ends]), colours


def draw() -> None:
    """Draw a bar for each selected hand, below the frame ruler of the editor that Blender draws now."""
    context = bpy.context
    settings = clean_properties.settings_of(present(context.scene))
    if not settings.show_confidence:
        return
    scale = present(context.preferences).system.ui_scale
    top = present(context.region).height - RULER_HEIGHT * scale
    for hand in recleaning.hand_rigs(context):
        action = nla_layers.base_action(hand)
        if action is not None:
            draw_bar(present(context.region), top - BAR_HEIGHT * scale, top - scale, *cells(action, settings.threshold))
            top -= BAR_HEIGHT * scale


def draw_bar(
    region: bpy.types.Region, bottom: float, top: float, stretches: NDArray[np.floating], colours: NDArray[np.floating]
) -> None:
    """Draw coloured cells (N, 2), in frames, between two heights of an editor, in pixels."""
    start, _ = region.view2d.view_to_region(0, 0, clip=False)
    end, _ = region.view2d.view_to_region(FARTHEST, 0, clip=False)
    x = start + stretches * (end - start) / FARTHEST
    corners = np.empty((len(x), 4, 2), np.float32)
    corners[:, :, 0] = x[:, (0, 1, 1, 0)]
    corners[:, :, 1] = (bottom, bottom, top, top)
    triangles = (4 * np.arange(len(x))[:, None, None] + np.array([(0, 1, 2), (0, 2, 3)])).reshape(-1, 3)
    shader = gpu.shader.from_builtin("FLAT_COLOR")
    batch = batch_for_shader(
        shader,
        "TRIS",
        {"pos": buffer_of(corners.reshape(-1, 2)), "color": buffer_of(colours.repeat(4, axis=0))},
        indices=triangles.astype(np.int32),
    )
    gpu.state.blend_set("ALPHA")
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def register() -> None:
    """Add the bars to every time editor."""
    _handles.extend((space, space.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")) for space in SPACES)


def unregister() -> None:
    """Remove the bars from all editors."""
    for space, handle in _handles:
        space.draw_handler_remove(handle, "WINDOW")
    _handles.clear()
