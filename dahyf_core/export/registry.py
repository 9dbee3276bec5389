"""The export formats by name and suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from dahyf_core.capture import Capture, replacing
from dahyf_core.errors import SettingsError
from dahyf_core.export.bvh import write_bvh
from dahyf_core.export.gltf import write_glb
from dahyf_core.export.hamer import write_hamer
from dahyf_core.export.json_file import write_json
from dahyf_core.export.mano import write_mano
from dahyf_core.export.options import ExportOptions
from dahyf_core.export.table import write_csv
from dahyf_core.export.usd import write_usd

Write = Callable[[Capture, BinaryIO, ExportOptions, str], None]


@dataclass(frozen=True)
class Exporter:
    """One format.

    write: writes a capture to an open file, with options and the file's suffix. options: names of the ExportOptions
    that it supports. module: the package that it needs, from the optional dependencies called `extra`.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Write
    options: frozenset[str] = frozenset()
    module: str | None = None
    extra: str | None = None


EXPORTERS: dict[str, Exporter] = {}
"""Exporters by name."""


def register(exporter: Exporter) -> None:
    """Add a format. Raises ValueError if its name or a suffix is taken."""
    taken = {suffix for other in EXPORTERS.values() for suffix in other.suffixes}
    if exporter.name in EXPORTERS or taken & set(exporter.suffixes):
        raise ValueError(f"{exporter.name} or one of {exporter.suffixes} is taken")
    EXPORTERS[exporter.name] = exporter


def suffixes() -> tuple[str, ...]:
    """Suffixes of all formats."""
    return tuple(suffix for exporter in EXPORTERS.values() for suffix in exporter.suffixes)


def exporter_of(path: Path, options: ExportOptions) -> Exporter:
    """The format of a file's suffix.

    Raises SettingsError for an unknown suffix, for options that the format does not support, and if its optional
    dependencies are not installed.
    """
    suffix = path.suffix.lower()
    found = next((each for each in EXPORTERS.values() if suffix in each.suffixes), None)
    if found is None:
        raise SettingsError(
            f"There is no format {suffix or 'without a suffix'}.", f"Use one of {', '.join(suffixes())}."
        )
    if ignored := sorted(options.given - found.options):
        can = ", ".join(sorted(found.options)) or "none"
        raise SettingsError(
            f"The format {found.name} does not support the option {ignored[0]}.",
            f"Leave it out; the format supports {can}.",
        )
    if found.module is not None and find_spec(found.module) is None:
        raise SettingsError(
            f"The format {found.name} needs the package {found.module}, which is not installed.",
            f"Install its extra: pip install 'dahyf-hands[{found.extra}]'.",
        )
    return found


def export_capture(capture: Capture, path: Path, options: ExportOptions = ExportOptions()) -> None:  # noqa: B008 (frozen)
    """Write a capture's cleaned hands in the format of the path's suffix, whole or not at all.

    Raises OutputError; raises SettingsError like `exporter_of` and for a capture that the format cannot store. Warns of
    what is left out.
    """
    exporter = exporter_of(path, options)
    with replacing(path) as stream:
        exporter.write(capture, stream, options, path.suffix.lower())


MOVING = frozenset({"rate"})
AXES = frozenset({"up", "unit"})
CAMERA = frozenset({"camera"})

for each in (
    Exporter("json", (".json",), write_json),
    Exporter("csv", (".csv",), write_csv),
    Exporter("mano", (".npz",), write_mano),
    Exporter("hamer", (".pkl",), write_hamer),
    Exporter("bvh", (".bvh",), write_bvh, MOVING | AXES),
    Exporter("gltf", (".glb",), write_glb, MOVING | CAMERA, "pygltflib", "export"),
    Exporter("usd", (".usda", ".usdc", ".usd"), write_usd, MOVING | AXES | CAMERA, "pxr", "usd"),
):
    register(each)
