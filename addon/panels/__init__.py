"""Panels, which only draw. Blender shows them in the order of registration: footage, lens, capture, clean, retarget,
export."""

from . import clean, export, presets, retarget, sidebar

CLASSES = (*presets.CLASSES, *sidebar.CLASSES, *clean.CLASSES, *retarget.CLASSES, *export.CLASSES)
