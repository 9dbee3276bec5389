"""Preferences: the Python that runs the core, and the private environment that Set Up makes for it."""

from pathlib import Path
from typing import cast

import bpy

from .. import drawing, extension
from ..backend import environment
from ..narrowing import present


class DAHYF_HANDS_AP_preferences(bpy.types.AddonPreferences):
    """Shown in Preferences > Add-ons."""

    bl_idname = extension.IDENTIFIER

    interpreter: bpy.props.StringProperty(
        name="Core Interpreter",
        description="Python that has the core installed. Not set: the private environment that Set Up makes",
        subtype="FILE_PATH",
    )
    base_python: bpy.props.StringProperty(
        name="Base Python",
        description="Python 3.11 or newer from which Set Up makes the private environment. Not set: Blender's own",
        subtype="FILE_PATH",
    )
    bundle: bpy.props.StringProperty(
        name="Offline Bundle",
        description="Folder of wheels from which Set Up installs without a network. Each bundle is for one version of "
        "Python. A folder that holds several bundles works too",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """The settings, the state of the environment, and the buttons that change it."""
        column = drawing.split_column(self.layout)
        draw_core(column, context, self)
        column.separator()
        for name in ("interpreter", "base_python", "bundle"):
            column.prop(self, name)


def draw_core(layout: bpy.types.UILayout, context: bpy.types.Context, preferences: DAHYF_HANDS_AP_preferences) -> None:
    """Draw whether the core works, the buttons, and the result of the last one."""
    state = core_state(preferences)
    drawing.wrapped(layout, context, state.text, "CHECKMARK" if state.works else "INFO" if state.installed else "ERROR")
    drawing.draw_set_up(layout, context, bool(preferences.bundle), buttons=False)
    row = layout.row(align=True)
    row.operator("dahyf_hands.check_environment", icon="VIEWZOOM")
    row.operator("dahyf_hands.show_report", icon="TEXT")


def environment_folder(create: bool = False) -> Path:
    """The folder of the private environments: the one in use, and the next one while Set Up makes it."""
    return extension.user_folder("environment", create)


def preferences_of(context: bpy.types.Context) -> DAHYF_HANDS_AP_preferences:
    """This add-on's preferences."""
    return cast(DAHYF_HANDS_AP_preferences, present(context.preferences).addons[extension.IDENTIFIER].preferences)


def core_state(preferences: DAHYF_HANDS_AP_preferences) -> environment.State:
    """What is known of the core."""
    return environment.state(bpy.path.abspath(preferences.interpreter), environment_folder())


def core_interpreter(preferences: DAHYF_HANDS_AP_preferences) -> Path | None:
    """The interpreter that runs the core, or None without one."""
    return environment.core_interpreter(bpy.path.abspath(preferences.interpreter), environment_folder())


CLASSES = (DAHYF_HANDS_AP_preferences,)
