"""Panels: they only draw. Blender shows them in the order in which they are registered, that of the work."""

from . import clean, presets, retarget, sidebar

CLASSES = (*presets.CLASSES, *sidebar.CLASSES, *clean.CLASSES, *retarget.CLASSES)
