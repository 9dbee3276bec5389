"""Files dropped on Blender: a clip becomes the footage, a capture file is imported."""

import bpy

from ..narrowing import movie_suffixes, present
from .choose_footage import DAHYF_HANDS_OT_choose_footage
from .import_capture import DAHYF_HANDS_OT_import_capture

PLACES = ("VIEW_3D", "SEQUENCE_EDITOR", "FILE_BROWSER")
"""Editors that take the files. Others keep what they do with them."""


def takes_files(context: bpy.types.Context) -> bool:
    """Whether files dropped here are offered to the add-on."""
    return context.area is not None and present(context.area).type in PLACES


class DAHYF_HANDS_FH_footage(bpy.types.FileHandler):
    """A clip becomes the footage"""

    bl_idname = "DAHYF_HANDS_FH_footage"
    bl_label = "Footage of Hands"
    bl_import_operator = DAHYF_HANDS_OT_choose_footage.bl_idname
    bl_file_extensions = ";".join(sorted(movie_suffixes()))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return takes_files(context)


class DAHYF_HANDS_FH_capture(bpy.types.FileHandler):
    """A capture file is imported"""

    bl_idname = "DAHYF_HANDS_FH_capture"
    bl_label = "Captured Hands"
    bl_import_operator = DAHYF_HANDS_OT_import_capture.bl_idname
    bl_file_extensions = ".npz"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return takes_files(context)


CLASSES = (DAHYF_HANDS_FH_footage, DAHYF_HANDS_FH_capture)
