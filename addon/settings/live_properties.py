"""The settings of Live."""

from collections.abc import Sequence
from pathlib import Path

import bpy

from ..narrowing import attach
from ..scene.references import absolute
from . import capture_properties

SOURCES = (
    ("CAMERA", "Camera", "A camera of this computer"),
    ("FOOTAGE", "Footage", "The clip of the Footage section, which plays as if a camera filmed it now"),
)


class DAHYF_HANDS_PG_live(bpy.types.PropertyGroup):
    """Settings of one scene."""

    source: bpy.props.EnumProperty(name="Source", description="Where the live pictures come from", items=SOURCES)
    camera: bpy.props.IntProperty(
        name="Camera", description="Number of the camera. The first one is 0", default=0, min=0, max=99
    )
    mirror: bpy.props.BoolProperty(
        name="Mirror", description="Show hands as a mirror does: your right hand moves the left one", default=True
    )
    record: bpy.props.BoolProperty(
        name="Record",
        description="When live ends, import a capture of all that was seen, smoothed over the whole take",
    )
    show_picture: bpy.props.BoolProperty(
        name="Picture", description="Show the camera's picture with the joints over it, in the sidebar", default=True
    )


PROPERTY = "dahyf_hands_live"
PICTURE_WIDTH = 240


def settings_of(scene: bpy.types.Scene) -> DAHYF_HANDS_PG_live:
    """The live settings of a scene."""
    settings: DAHYF_HANDS_PG_live = getattr(scene, PROPERTY)
    return settings


def obstacle(scene: bpy.types.Scene) -> str | None:
    """Why live cannot start with these settings, or None."""
    if settings_of(scene).source == "FOOTAGE":
        return capture_properties.footage_obstacle(capture_properties.settings_of(scene))
    return None


def arguments(scene: bpy.types.Scene, template: Path, recording: Path) -> Sequence[str]:
    """The arguments of `dahyf` for these settings and those of the sections Footage, Lens and Capture."""
    settings, capture = settings_of(scene), capture_properties.settings_of(scene)
    clip = [str(absolute(capture.footage)), "--loop"] if settings.source == "FOOTAGE" else []
    return [
        "live",
        *(clip or ["--camera", str(settings.camera)]),
        *(["--mirror"] if settings.mirror else []),
        *(["--record", str(recording)] if settings.record else []),
        *(["--picture", str(PICTURE_WIDTH)] if settings.show_picture else []),
        *("--max-hands", str(capture.max_hands), "--template", str(template), "--json"),
        *capture_properties.lens_arguments(capture),
    ]


CLASSES = (DAHYF_HANDS_PG_live,)


def register() -> None:
    """Attach the settings to scenes."""
    attach(bpy.types.Scene, PROPERTY, DAHYF_HANDS_PG_live)


def unregister() -> None:
    """Detach the settings from scenes."""
    delattr(bpy.types.Scene, PROPERTY)
