"""How hands look over the footage: opacity and wire of their skins, in the viewport alone."""

import bpy

from ..narrowing import attach
from ..scene import skin_look


class DAHYF_HANDS_PG_display(bpy.types.PropertyGroup):
    """Settings of one scene."""

    opacity: bpy.props.FloatProperty(
        name="Hand Opacity",
        description="How much captured hands hide the footage in Solid shading. Renders do not change",
        subtype="FACTOR",
        default=1.0,
        min=0.0,
        max=1.0,
        update=lambda settings, _context: show(settings.id_data),
    )
    wire: bpy.props.BoolProperty(
        name="Hand Wire",
        description="Draw the edges of captured hands over their skin in the viewport",
        update=lambda settings, _context: show(settings.id_data),
    )


PROPERTY = "dahyf_hands_display"


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_display:
    """The display settings of a scene."""
    settings: DAHYF_HANDS_PG_display = getattr(scene, PROPERTY)
    return settings


def show(scene: bpy.types.Scene) -> None:
    """Give the captured hands of a scene its opacity and wire."""
    settings = settings_of(scene)
    skin_look.show(scene, settings.opacity, settings.wire)


CLASSES = (DAHYF_HANDS_PG_display,)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_display)


def unregister() -> None:
    """Detach the settings from scenes."""
    delattr(bpy.types.Scene, PROPERTY)
