"""Panels, which only draw. Blender shows them in the order of registration: footage, lens, capture, clean, retarget,
export, live."""

from . import clean, export, live, presets, retarget, sidebar

CLASSES = (*presets.CLASSES, *sidebar.CLASSES, *clean.CLASSES, *retarget.CLASSES, *export.CLASSES, *live.CLASSES)
