"""Panels: they only draw."""

from . import sidebar

CLASSES = sidebar.CLASSES
