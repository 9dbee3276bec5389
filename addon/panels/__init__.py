"""Panels, which only draw. Blender shows them in the order of registration: footage, lens, capture, clean, retarget."""

from . import clean, presets, retarget, sidebar

CLASSES = (*presets.CLASSES, *sidebar.CLASSES, *clean.CLASSES, *retarget.CLASSES)
