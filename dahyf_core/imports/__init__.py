"""Results of other tools as captures. docs/import.md says what each file becomes."""

from dahyf_core.imports.convert import import_file
from dahyf_core.imports.motion import ImportOptions
from dahyf_core.imports.registry import IMPORTERS, Importer

__all__ = ["IMPORTERS", "ImportOptions", "Importer", "import_file"]
