"""The list of clips of a batch: a CSV or JSON file, or a folder. docs/schemas/batch.schema.json has the fields."""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from dahyf_core.batch.tasks import CleaningChanges, TimelineFrame
from dahyf_core.camera import Lens
from dahyf_core.capture.job import Text, spec_of
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.errors import SettingsError, detail
from dahyf_core.footage import Deinterlacing
from dahyf_core.footage.pictures import PICTURE_SUFFIXES
from dahyf_core.pose import EstimatorName
from dahyf_core.shared.limits import HANDS, JSON_BYTES, RATE
from dahyf_core.shared.strict_json import read_json, read_text

REMEDY: Final = "docs/batch.md describes manifests."
LARGEST: Final = 100_000
"""Rows of a manifest."""
SHOWN_ERRORS: Final = 10
VIDEO_SUFFIXES: Final = frozenset(
    [
        ".3gp",
        ".asf",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".webm",
        ".wmv",
    ]
)

OutputName = Literal["bvh", "csv", "glb", "json", "mano", "usda", "usdc", "preview", "sheet", "report", "blend", "rig"]
DEFAULT_OUTPUTS: Final[tuple[OutputName, ...]] = ("report",)
LensSpec: Any = spec_of(Lens)


class Row(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One clip. clip: as `dahyf capture` takes it, relative to the manifest's folder. name: of the folder and the files
    of its outputs. outputs: what is made of the capture. scene: the .blend file that it is imported into.
    rig_file, rig, preset: a character's .blend file, the name of its armature, and the preset of its bones."""

    clip: Text
    name: Text | None = None
    hands: Annotated[int, Meta(ge=1, le=HANDS)] = 2
    lens: LensSpec = msgspec.field(default_factory=LensSpec)
    range: Text | None = None
    rate: Annotated[str, Meta(pattern=r"^\d{1,9}(\.\d{1,9}|/\d{1,9})?$")] | None = None
    sequence: bool = False
    deinterlace: Deinterlacing = "auto"
    mirrored: bool = False
    estimator: EstimatorName = "dahyf"
    network: Text | None = None
    hand_model: Text | None = None
    cleaning: CleaningChanges = msgspec.field(default_factory=CleaningChanges)
    outputs: tuple[OutputName, ...] = DEFAULT_OUTPUTS
    scene: Text | None = None
    rig_file: Text | None = None
    rig: Text | None = None
    preset: Text | None = None
    sides: Literal["both", "left", "right"] = "both"
    wrist: Literal["rotation", "position", "none"] = "rotation"
    arm: Literal["auto", "follow", "stay"] = "auto"
    space: Literal["world", "camera"] = "world"
    mirror: bool = False
    start_frame: TimelineFrame = 1


class JsonManifest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A manifest as JSON. defaults: fields of all rows that do not have them."""

    version: Annotated[int, Meta(ge=1, le=1)] = 1
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    clips: list[dict[str, Any]]


@dataclass(frozen=True)
class Clip:
    """A row with its number, from 1, and its name, which no other has. folder: base of its relative paths."""

    number: int
    name: str
    row: Row
    folder: Path


def read_manifest(path: Path, settings: Mapping[str, str], without: Path | None = None) -> list[Clip]:
    """The clips of a manifest.

    settings: values by the names of columns, for all rows that do not have their own. without: a folder that is left
    out when `path` is a folder. Raises SettingsError, which names the rows and columns that are wrong.
    """
    raw: Iterable[tuple[str, dict[str, Any]]]
    if path.is_dir():
        raw = [(f"clip {row['clip']}", row) for row in _in_folder(path, without)]
        folder = path
    elif path.suffix.lower() == ".json":
        raw, folder = _of_json(path), path.parent
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raw, folder = _of_csv(path), path.parent
    else:
        raise SettingsError(f"There is no manifest {path}.", "Give a CSV or JSON file, or a folder with clips.")
    given = _nested(settings)
    rows, errors = [], []
    for place, document in raw:
        try:
            rows.append((place, _row(_merged(given, document))))
        except ValueError as error:
            errors.append(f"{place}, {error}")
    if not rows and not errors:
        raise SettingsError(f"{path} has no clips.", REMEDY)
    names = _names([row for _, row in rows])
    errors += [f"{place}, name: {reason}" for (place, _), (_, reason) in zip(rows, names, strict=True) if reason]
    if errors:
        more = f"; and {len(errors) - SHOWN_ERRORS} more" if len(errors) > SHOWN_ERRORS else ""
        raise SettingsError(f"{path} has {len(errors)} bad rows: {'; '.join(errors[:SHOWN_ERRORS])}{more}.", REMEDY)
    return [
        Clip(number, name, row, folder.absolute())
        for number, ((_, row), (name, _)) in enumerate(zip(rows, names, strict=True), 1)
    ]


def parse_settings(texts: Sequence[str]) -> dict[str, str]:
    """COLUMN=VALUE, ... by column. Raises SettingsError."""
    pairs = [text.partition("=") for text in texts]
    if bad := next((text for text, (_, equals, _) in zip(texts, pairs, strict=True) if not equals), None):
        raise SettingsError(f"{bad!r} is not of the form COLUMN=VALUE.", REMEDY)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _of_json(path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        document = read_json(path, JSON_BYTES)
        manifest = msgspec.convert({"clips": document} if isinstance(document, list) else document, JsonManifest)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise SettingsError(f"The manifest {path} is not understood: {detail(error)}.", REMEDY) from error
    _check_length(path, len(manifest.clips))
    return [(f"row {number}", _merged(manifest.defaults, row)) for number, row in enumerate(manifest.clips, 1)]


def _of_csv(path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        text = read_text(path, JSON_BYTES).removeprefix("\ufeff")
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (OSError, ValueError, csv.Error) as error:
        raise SettingsError(f"The manifest {path} is not understood: {detail(error)}.", REMEDY) from error
    _check_length(path, len(lines) - 1)
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    if "clip" not in header:
        raise SettingsError(f"The manifest {path} has no column clip in its first line.", REMEDY)
    if double := [name for name, count in Counter(header).items() if count > 1 and name]:
        raise SettingsError(f"The manifest {path} has the column {double[0]} twice.", REMEDY)
    found = []
    for number, (line, cells) in enumerate(lines[1:], 1):
        if len(cells) > len(header):
            raise SettingsError(
                f"Line {line} of {path} has {len(cells)} cells, and the first line {len(header)}.", REMEDY
            )
        pairs = zip(header, (cell.strip() for cell in cells), strict=False)
        found.append((f"row {number} (line {line})", _nested({name: cell for name, cell in pairs if cell and name})))
    return found


def _in_folder(path: Path, without: Path | None) -> list[dict[str, Any]]:
    """Rows for the videos and the image sequences below a folder, with names by their places."""
    found = []
    excluded = without.resolve() if without else None
    for top, folders, files in os.walk(path):
        folder = Path(top)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (folder / name).resolve() != excluded
        )
        place = folder.relative_to(path)
        suffixes = {Path(name).suffix.lower() for name in files if not name.startswith(".")}
        for name in sorted(files):
            if Path(name).suffix.lower() in VIDEO_SUFFIXES and not name.startswith("."):
                found.append({"clip": str(place / name), "name": (place / Path(name).stem).as_posix()})
        if folder != path and suffixes & PICTURE_SUFFIXES and not suffixes & VIDEO_SUFFIXES:
            found.append({"clip": str(place), "name": place.as_posix()})
    _check_length(path, len(found))
    taken = Counter(row["name"].casefold() for row in found)
    for row in found:
        if taken[row["name"].casefold()] > 1:
            row["name"] = Path(row["clip"]).as_posix()
    return found


def _check_length(path: Path, rows: int) -> None:
    if rows > LARGEST:
        raise SettingsError(f"{path} has {rows} clips; at most {LARGEST} are read.", "Split it.")


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """Texts by dotted names as values in tables: cleaning.finger_hz is a field of cleaning."""
    result: dict[str, Any] = {}
    for name, text in flat.items():
        *tables, last = name.split(".")
        holder = result
        for table in tables:
            holder = holder.setdefault(table, {})
            if not isinstance(holder, dict):
                break
        if isinstance(holder, dict):
            holder[last] = _value(name, text)
    return result


def _value(name: str, text: str) -> Any:
    """A cell as the value that its column has in JSON."""
    if name in ("outputs", "lens.pinhole", "lens.distortion"):
        return [part for part in re.split(r"[\s,;|]+", text) if part]
    if name == "cleaning.threshold_overrides":
        return [re.split(r"[:=]", part) for part in text.split()]
    if name == "lens":
        return {"fov_degrees": text}
    return text


def _merged(defaults: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with the fields of the defaults that it lacks; tables are merged field by field."""
    result = dict(defaults)
    for name, value in row.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = {**result[name], **value} if both else value
    return result


def _row(document: Mapping[str, Any]) -> Row:
    """A checked row. Raises ValueError with the column and what is wrong."""
    document = dict(document)
    if isinstance(document.get("lens"), int | float):
        document["lens"] = {"fov_degrees": document["lens"]}
    try:
        row = msgspec.convert(document, Row, strict=False)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$")
        raise ValueError(f"{place.strip('`.') or 'columns'}: {text}") from error
    for column, check in (
        ("lens", lambda: Lens(**msgspec.structs.asdict(row.lens))),
        ("cleaning", lambda: msgspec.convert(msgspec.to_builtins(row.cleaning), CleaningSettings)),
        ("rate", lambda: _check_rate(row.rate)),
    ):
        try:
            check()
        except SettingsError as error:
            raise ValueError(f"{column}: {error.reason.rstrip('.')}") from error
    if (row.rig_file is None) != (row.rig is None):
        raise ValueError("rig: rig_file and rig, the name of its armature, belong together")
    if "rig" in row.outputs and row.rig_file is None:
        raise ValueError("outputs: rig needs rig_file and rig")
    return row


def _check_rate(rate: str | None) -> None:
    try:
        value = Fraction(rate) if rate else Fraction(25)
    except ZeroDivisionError:
        value = Fraction(0)
    if not RATE[0] <= value <= RATE[1]:
        raise SettingsError(f"{rate} is no frame rate.", REMEDY)


def _names(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The name of each row, and what is wrong with it, if anything.

    Without a name of its own, a row has that of its clip; with the suffix, where several clips have the same otherwise.
    """
    stems = Counter(_stem(row).casefold() for row in rows)
    names = [
        row.name or (_stem(row) if stems[_stem(row).casefold()] == 1 else PurePosixPath(row.clip).name) for row in rows
    ]
    counts = Counter(name.casefold() for name in names)
    return [(name, _wrong(name) or ("another row has it too" if counts[name.casefold()] > 1 else "")) for name in names]


def _stem(row: Row) -> str:
    return re.sub(r"[#%]\w*", "", Path(row.clip).stem).rstrip("._- ") or Path(row.clip).parent.name


def _wrong(name: str) -> str:
    parts = PurePosixPath(name).parts
    bad = not parts or any(part.startswith((".", "/")) or re.search(r'[\x00-\x1f<>:"|?*\\]', part) for part in parts)
    return f"{name!r} cannot be the name of a folder" if bad else ""
