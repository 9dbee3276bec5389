"""DaHyF Hands: hands from footage, keyed on rigs that line up with it.

Operators are thin, panels only draw, version differences live in `compat`. The core, which needs machine learning
packages, runs as another process: this package meets it in the capture file and in a line protocol only.
"""

import atexit
import sys
from types import ModuleType

import bpy

from . import command_line, compat, keymap, panels
from .backend import job
from .cleaning import confidence_bar
from .live import session
from .operators import (
    assets,
    bad_spans,
    capture,
    captures,
    choose_footage,
    clean,
    file_drop,
    finding,
    import_capture,
    import_result,
    modal_job,
    threshold_overrides,
)
from .operators import environment as environment_operators
from .operators import export as export_operators
from .operators import live as live_operators
from .operators import retarget as retarget_operators
from .operators import settings_presets as preset_operators
from .operators import tracks as track_operators
from .panels import menus
from .retarget.mapping import corrected
from .retarget.writing import preview
from .scene import footage
from .settings import (
    capture_properties,
    clean_properties,
    display_properties,
    export_properties,
    live_properties,
    preferences,
)

MODULES = (
    job,
    footage,
    corrected,
    preview,
    capture_properties,
    clean_properties,
    display_properties,
    export_properties,
    live_properties,
    session,
    preferences,
    modal_job,
    choose_footage,
    finding,
    capture,
    captures,
    preset_operators,
    environment_operators,
    import_capture,
    import_result,
    file_drop,
    clean,
    bad_spans,
    assets,
    threshold_overrides,
    track_operators,
    retarget_operators,
    export_operators,
    live_operators,
    panels,
    menus,
    keymap,
    confidence_bar,
    command_line,
)


registered: list[ModuleType] = []


def register() -> None:
    """Add everything to Blender."""
    for module in MODULES:
        for cls in getattr(module, "CLASSES", ()):
            bpy.utils.register_class(cls)
        if hasattr(module, "register"):
            module.register()
        registered.append(module)
    if compat.IS_PYTHON_MODULE:
        package = f"{__name__}."
        atexit.register(leave, [module for name, module in sys.modules.items() if f"{name}.".startswith(package)])


def unregister() -> None:
    """Remove everything from Blender, in the opposite order. Does nothing a second time."""
    while registered:
        module = registered.pop()
        if hasattr(module, "unregister"):
            module.unregister()
        for cls in reversed(getattr(module, "CLASSES", ())):
            bpy.utils.unregister_class(cls)


def leave(modules: list[ModuleType]) -> None:
    """Let Blender quit before Python does. Blender 4.2 crashes if it quits later.

    Blender quits when the last reference to its module `bpy` is gone. It keeps the callbacks of properties, even of
    unregistered classes, and their globals would hold that module until Python itself has quit.
    """
    unregister()
    for module in modules:
        vars(module).pop("bpy", None)
