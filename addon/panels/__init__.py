"""Panels: they only draw."""

from . import clean, sidebar

CLASSES = (*sidebar.CLASSES, *clean.CLASSES)
