"""Exported files: all formats that are wanted, each whole or not at all."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import bpy

from ..errors import OutputError, SettingsError
from ..narrowing import present
from .baked_scene import bake, discard
from .formats import FORMATS, Format, Unit, Up
from .motion import Motion, read_motion
from .subject import Subject, deforming_bones


@dataclass(frozen=True)
class ExportOptions:
    """How files are written.

    program: a name in PROGRAMS, whose axes and unit they get. up, unit: other axes and unit. rate: frames per second;
    None for the scene's. first_frame: number of the first exported frame; None for the scene's. all_bones: also export
    bones that deform nothing, such as the controls of a rig.
    """

    program: str = "ANY"
    up: Up | None = None
    unit: Unit | None = None
    rate: Fraction | None = None
    first_frame: int | None = None
    all_bones: bool = False


def format_of(path: Path) -> Format:
    """The format of a file's suffix. Raises SettingsError."""
    suffix = path.suffix.lower()
    suffix = ".usdc" if suffix in (".usd", ".usda", ".usdz") else suffix
    for known in FORMATS.values():
        if known.suffix == suffix:
            return known
    raise SettingsError(
        f"There is no format {suffix or 'without a suffix'}.",
        f"Use one of {', '.join(known.suffix for known in FORMATS.values())}.",
    )


def export_files(
    subject: Subject,
    paths: Sequence[Path],
    options: ExportOptions,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write the subject's motion over the scene's range in the formats of the paths' suffixes.

    BVH files hold one skeleton: of several, each gets a file with its name added. Returns the written files. Raises
    SettingsError, ExportError and OutputError; files written before stay.
    """
    for path in paths:
        format_of(path).convention(options.program, options.up, options.unit)
        if not path.parent.is_dir():
            raise OutputError(f"The folder {path.parent} does not exist.", "Choose another one.")
    motion = read_motion(present(bpy.context.scene), subject, options.rate, options.first_frame, progress)
    written = []
    for path in paths:
        for part, target in parts_of(subject, path):
            write_file(part, motion, target, options)
            written.append(target)
    return written


def parts_of(subject: Subject, path: Path) -> list[tuple[Subject, Path]]:
    """What goes into which file: all into one, or each armature into its own where a file can only hold one."""
    if format_of(path) is not FORMATS["BVH"]:
        return [(subject, path)]
    alone = [Subject((armature,), ()) for armature in subject.armatures]
    if len(alone) == 1:
        return [(alone[0], path)]
    return [(part, path.with_stem(f"{path.stem}_{part.armatures[0].name}")) for part in alone]


def write_file(subject: Subject, motion: Motion, path: Path, options: ExportOptions) -> None:
    """Write one file, by way of a folder beside it. Raises ExportError and OutputError."""
    file_format = format_of(path)
    convention = file_format.convention(options.program, options.up, options.unit)
    kept = {
        each: {bone.name for bone in each.data.bones} if options.all_bones else deforming_bones(each)  # type: ignore[union-attr]
        for each in subject.armatures
    }
    before = present(bpy.context.scene)
    try:
        with tempfile.TemporaryDirectory(prefix=".dahyf-", dir=path.parent) as folder:
            baked = bake(subject, motion, file_format.space(convention), kept)
            try:
                file_format.write(baked, Path(folder) / path.name, convention)
            finally:
                discard(baked, before)
            (Path(folder) / path.name).replace(path)
    except (RuntimeError, OSError) as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: Exception) -> OutputError:
    """The error for a file that cannot be written."""
    words = str(getattr(error, "strerror", None) or error).removeprefix("Error: ").strip().splitlines()
    return OutputError(
        f"The file {path} cannot be written: {words[-1].rstrip('.') if words else 'Blender gave no reason'}.",
        "Check the folder's permissions and the free space.",
    )
