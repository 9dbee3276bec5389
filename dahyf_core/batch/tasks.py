"""A task: one stage of one clip as JSON. docs/schemas/task.schema.json is its schema, docs/batch.md its page."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dahyf_core.capture import replacing
from dahyf_core.capture.job import JobSpec, Text
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.errors import SettingsError, detail
from dahyf_core.files import is_file
from dahyf_core.shared.limits import PRESET_BYTES
from dahyf_core.shared.strict_json import parse_json

VERSION: Final = 1
REMEDY: Final = "docs/schemas/task.schema.json describes task files."

TimelineFrame = Annotated[int, Meta(ge=-1_048_574, le=1_048_574)]

CleaningChanges: Any = msgspec.defstruct(
    "CleaningChanges",
    [(each.name, get_type_hints(CleaningSettings)[each.name] | UnsetType, UNSET) for each in fields(CleaningSettings)],
    forbid_unknown_fields=True,
)
"""Cleaning settings, of which any may be left out: those stay as they are in the capture."""


class Task(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="stage"):
    """What every stage has. output: the file that it writes. Relative paths are relative to the task's folder."""

    version: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION
    output: Text

    @property
    def stage(self) -> str:
        """Name of the stage."""
        return str(self.__struct_config__.tag)

    @property
    def target(self) -> Path:
        """The output as a path."""
        return Path(self.output)

    @property
    def needs(self) -> Path | None:
        """The capture that the task reads, which another task may write."""
        return None


class CaptureTask(Task, tag="capture"):
    """Footage to a capture file. job: all settings, as `dahyf capture --job` takes them."""

    job: dict[str, Any]


class _OfCapture(Task):
    """capture: the capture file that the stage reads."""

    capture: Text

    @property
    def needs(self) -> Path:
        """The capture that the task reads, which another task may write."""
        return Path(self.capture)


class CleanTask(_OfCapture, tag="clean"):
    """A capture file cleaned again into another one. hand_model: the MANO file that it was captured with."""

    cleaning: CleaningChanges = msgspec.field(default_factory=CleaningChanges)
    hand_model: Text | None = None


class ExportTask(_OfCapture, tag="export"):
    """A file for another program, in the format of the output's suffix."""

    up: Literal["y", "z"] | None = None
    unit: Literal["m", "cm"] | None = None
    camera: bool = False


class PreviewTask(_OfCapture, tag="preview"):
    """The hands over the footage: a video (.mp4), or a picture (.png, .jpg) of so many frames."""

    frames: Annotated[int, Meta(ge=1, le=200)] = 12


class ReportTask(_OfCapture, tag="report"):
    """A page to judge the capture by (.html)."""


class ImportTask(_OfCapture, tag="import"):
    """A .blend file with the captured hands. file: the scene to import into; without it, an empty one."""

    file: Text | None = None
    start_frame: TimelineFrame = 1
    set_up_scene: Literal["auto", "always", "never"] = "auto"


class RetargetTask(_OfCapture, tag="retarget"):
    """A .blend file with a character whose hands move as captured. file: with the character. rig: its armature."""

    file: Text
    rig: Text
    preset: Text | None = None
    sides: Literal["both", "left", "right"] = "both"
    wrist: Literal["rotation", "position", "none"] = "rotation"
    arm: Literal["auto", "follow", "stay"] = "auto"
    space: Literal["world", "camera"] = "world"
    mirror: bool = False
    start_frame: TimelineFrame = 1


AnyTask = CaptureTask | CleanTask | ExportTask | PreviewTask | ReportTask | ImportTask | RetargetTask
STAGES: Final = ("capture", "clean", "export", "preview", "report", "import", "retarget")
"""In the order in which they are done."""
IN_BLENDER: Final = frozenset({"import", "retarget"})
PATHS: Final = ("output", "capture", "hand_model", "file")
"""Fields that are paths; those of a job are `JOB_PATHS`, and a preset is one if it ends in .json."""
JOB_PATHS: Final = ("footage", "hand_model", "network")


def read_task(path: Path) -> AnyTask:
    """The task in a file, with absolute paths. Raises SettingsError."""
    if not is_file(path):
        raise SettingsError(f"There is no task file {path}.", "Check the spelling of the path.")
    try:
        if path.stat().st_size > PRESET_BYTES:
            raise SettingsError(f"The task file {path} is larger than {PRESET_BYTES // 1_000_000} MB.", REMEDY)
        return task_of(parse_json(path.read_text("utf-8")), path.absolute().parent)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise SettingsError(f"The task file {path} is not understood: {detail(error)}.", REMEDY) from error


def task_of(document: Any, folder: Path) -> AnyTask:
    """The task in a document. folder: base of relative paths. Raises ValueError."""
    task = cast(AnyTask, msgspec.convert(document, AnyTask))
    for name in PATHS:
        if (value := getattr(task, name, None)) is not None:
            setattr(task, name, str(folder / value))
    if isinstance(task, CaptureTask):
        msgspec.convert(task.job, JobSpec)
        task.job |= {name: str(folder / task.job[name]) for name in JOB_PATHS if task.job.get(name)}
    if isinstance(task, RetargetTask) and (task.preset or "").endswith(".json"):
        task.preset = str(folder / str(task.preset))
    return task


def document_of(task: AnyTask) -> dict[str, Any]:
    """A task as values of JSON's types; `task_of` is the inverse."""
    document: dict[str, Any] = msgspec.to_builtins(task)
    return document


def write_task(task: AnyTask, path: Path) -> None:
    """Write a task file. Raises OutputError."""
    with replacing(path) as stream:
        stream.write(json_bytes(document_of(task)))


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """JSON for people, with names that are no UTF-8 as lone surrogates."""
    return json.dumps(document, indent=1).encode() + b"\n"
