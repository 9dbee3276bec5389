"""DaHyF Hands: hands from footage, keyed on rigs that line up with it.

Operators are thin, panels only draw, version differences live in `compat`. The core, which needs machine learning
packages, runs as another process: this package meets it in the capture file and in a line protocol only.
"""

import atexit

import bpy

from . import (
    clean_properties,
    command_line,
    compat,
    confidence_bar,
    footage,
    job,
    mapping,
    panels,
    preferences,
    preview,
    properties,
)
from .operators import capture, captures, clean, import_capture, modal_job
from .operators import environment as environment_operators
from .operators import retarget as retarget_operators
from .operators import settings_presets as preset_operators

MODULES = (
    job,
    footage,
    mapping,
    preview,
    properties,
    clean_properties,
    preferences,
    modal_job,
    capture,
    captures,
    preset_operators,
    environment_operators,
    import_capture,
    clean,
    retarget_operators,
    panels,
    confidence_bar,
    command_line,
)


def register() -> None:
    """Add everything to Blender."""
    for module in MODULES:
        for cls in getattr(module, "CLASSES", ()):
            bpy.utils.register_class(cls)
        if hasattr(module, "register"):
            module.register()
    if compat.IS_PYTHON_MODULE:
        # Blender 4.2 then ends after the interpreter, and crashes over classes that are still there.
        atexit.register(unregister)


def unregister() -> None:
    """Take everything out again, in the opposite order; a second time there is nothing left to do."""
    atexit.unregister(unregister)
    if not hasattr(bpy.types.Scene, "dahyf_hands"):
        return
    for module in reversed(MODULES):
        if hasattr(module, "unregister"):
            module.unregister()
        for cls in reversed(getattr(module, "CLASSES", ())):
            bpy.utils.unregister_class(cls)
