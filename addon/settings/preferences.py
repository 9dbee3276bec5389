"""Preferences: which interpreter runs the core, and the private environment that can be made for it."""

from pathlib import Path

import bpy

from .. import extension
from ..backend import environment, job


class DAHYF_HANDS_AP_preferences(bpy.types.AddonPreferences):
    """Shown in Preferences > Add-ons."""

    bl_idname = extension.IDENTIFIER

    interpreter: bpy.props.StringProperty(
        name="Core Interpreter",
        description="Python that has the core installed; empty: the private environment that Set Up makes",
        subtype="FILE_PATH",
    )
    base_python: bpy.props.StringProperty(
        name="Base Python",
        description="Python 3.11 or newer that the private environment is made with; empty: the one Blender brings",
        subtype="FILE_PATH",
    )
    bundle: bpy.props.StringProperty(
        name="Offline Bundle",
        description="Folder of wheels to install from without a network",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """The settings, the state of the environment, and the buttons that change it."""
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        draw_state(column, self)
        for name in ("interpreter", "base_python", "bundle"):
            column.prop(self, name)
        row = column.row(align=True)
        row.operator("dahyf_hands.set_up_environment", icon="IMPORT")
        row.operator("dahyf_hands.check_environment", icon="CHECKMARK")
        row.operator("dahyf_hands.show_report", icon="TEXT")


def draw_state(layout: bpy.types.UILayout, preferences: DAHYF_HANDS_AP_preferences) -> None:
    """One line on the environment: working on it, ready, or what is missing."""
    if job.is_running():
        layout.label(text=job.draw_progress(layout))
    elif (interpreter := core_interpreter(preferences)) is None:
        layout.label(text="The core is not installed yet: press Set Up.", icon="INFO")
    else:
        layout.label(text=f"The core runs in {interpreter}", icon="CHECKMARK")


def environment_folder(create: bool = False) -> Path:
    """The folder of the private environment."""
    return extension.user_folder("environment", create)


def preferences_of(context: bpy.types.Context) -> DAHYF_HANDS_AP_preferences:
    """This add-on's preferences."""
    return context.preferences.addons[extension.IDENTIFIER].preferences


def core_interpreter(preferences: DAHYF_HANDS_AP_preferences) -> Path | None:
    """The interpreter that runs the core, or None when there is none yet."""
    return environment.core_interpreter(bpy.path.abspath(preferences.interpreter), environment_folder())


CLASSES = (DAHYF_HANDS_AP_preferences,)
