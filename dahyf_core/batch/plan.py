"""From a clip of a batch to its tasks."""

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import msgspec

from dahyf_core.batch.manifest import Clip, OutputName, Row
from dahyf_core.batch.tasks import (
    AnyTask,
    CaptureTask,
    CleanTask,
    ExportTask,
    ImportTask,
    PreviewTask,
    ReportTask,
    RetargetTask,
)

SUFFIXES: Final[dict[OutputName, str]] = {
    "bvh": ".bvh",
    "csv": ".csv",
    "glb": ".glb",
    "json": ".json",
    "mano": ".mano.npz",
    "usda": ".usda",
    "usdc": ".usdc",
    "preview": ".mp4",
    "sheet": ".png",
    "report": ".html",
    "blend": ".blend",
    "rig": ".rig.blend",
}


def tasks_of(clip: Clip, output: Path, stages: Collection[str] = ()) -> list[AnyTask]:
    """The tasks of a clip in their order. output: folder of the batch. stages: names of those wanted, empty for all."""
    row, folder = clip.row, output.absolute() / clip.name
    base = folder / folder.name
    final = f"{base}.npz"
    tasks: list[AnyTask] = []
    cleaning = msgspec.to_builtins(row.cleaning)
    raw = f"{base}.raw.npz" if cleaning else final
    tasks.append(CaptureTask(output=raw, job=_job(clip)))
    if cleaning:
        model = str(clip.folder / row.hand_model) if row.hand_model else None
        tasks.append(CleanTask(output=final, capture=raw, cleaning=row.cleaning, hand_model=model))
    tasks += [_made(name, f"{base}{SUFFIXES[name]}", final, clip) for name in SUFFIXES if name in row.outputs]
    return [task for task in tasks if not stages or task.stage in stages]


def _job(clip: Clip) -> dict[str, Any]:
    row = clip.row
    job: dict[str, Any] = {"version": 1, "footage": str(clip.folder / row.clip), "estimator": row.estimator}
    job["tracking"] = {"max_hands": row.hands}
    job["lens"] = {name: value for name, value in msgspec.to_builtins(row.lens).items() if value}
    if row.range:
        job["frame_range"] = row.range
    if row.rate:
        job["rate"] = Fraction(row.rate).as_integer_ratio()
    job |= {"mirrored": row.mirrored, "sequence": row.sequence, "deinterlace": row.deinterlace}
    return job | {name: str(clip.folder / value) for name, value in _files(row).items()}


def _files(row: Row) -> dict[str, str]:
    return {name: value for name in ("hand_model", "network") if (value := getattr(row, name))}


def _made(name: OutputName, output: str, capture: str, clip: Clip) -> AnyTask:
    """The task that makes an output of a capture."""
    row, folder = clip.row, clip.folder
    if name == "report":
        return ReportTask(output=output, capture=capture)
    if name in ("preview", "sheet"):
        return PreviewTask(output=output, capture=capture)
    if name == "blend":
        scene = str(folder / row.scene) if row.scene else None
        return ImportTask(output=output, capture=capture, file=scene, start_frame=row.start_frame)
    if name == "rig":
        preset = row.preset and (str(folder / row.preset) if row.preset.endswith(".json") else row.preset)
        return RetargetTask(
            output=output,
            capture=capture,
            file=str(folder / str(row.rig_file)),
            rig=str(row.rig),
            preset=preset,
            sides=row.sides,
            wrist=row.wrist,
            arm=row.arm,
            space=row.space,
            mirror=row.mirror,
            start_frame=row.start_frame,
        )
    return ExportTask(output=output, capture=capture)
