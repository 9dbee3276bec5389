"""Panels, which only draw. Blender shows them in the order of registration: footage, lens, capture, finding, clean,
retarget, export, live."""

from . import clean, export, finding, live, presets, retarget, sidebar

CLASSES = (
    *presets.CLASSES,
    *sidebar.CLASSES,
    *finding.CLASSES,
    *clean.CLASSES,
    *retarget.CLASSES,
    *export.CLASSES,
    *live.CLASSES,
)
