"""Entries in Preferences > Keymap without keys, so that anyone can give the operators their own."""

from typing import Any, Final, cast

import bpy

from .narrowing import present

NAMES: Final = (
    "capture",
    "clean",
    "retarget",
    "preview_retarget",
    "live",
    "jump_to_worst_span",
    "mark_bad_spans",
    "split_here",
    "draw_box",
)
"""Operators that are used often while looking at the 3D View."""
DIRECTIONS: Final = (True, False)
"""`jump_to_bad_span` has an entry for the next span and one for the previous."""

_entries: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    """Add the entries below 3D View. Blender has no keymaps without a window."""
    keys = present(bpy.context.window_manager).keyconfigs.addon
    if keys is None:
        return
    keymap = keys.keymaps.new(name="3D View", space_type="VIEW_3D")
    for name in NAMES:
        _entries.append((keymap, keymap.keymap_items.new(f"dahyf_hands.{name}", "NONE", "PRESS")))
    for forward in DIRECTIONS:
        entry = keymap.keymap_items.new("dahyf_hands.jump_to_bad_span", "NONE", "PRESS")
        cast(Any, entry.properties).next = forward
        _entries.append((keymap, entry))


def unregister() -> None:
    """Remove the entries."""
    while _entries:
        keymap, entry = _entries.pop()
        keymap.keymap_items.remove(entry)
