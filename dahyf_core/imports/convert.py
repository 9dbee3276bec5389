"""Another tool's file as a capture."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.capture import Capture, CaptureSource, FootageRecord, HandModelRecord, assemble_capture
from dahyf_core.capture.record import ImportRecord
from dahyf_core.cleaning import CleaningSettings, RawHand
from dahyf_core.errors import ImportFileError, SettingsError, detail
from dahyf_core.footage import FootageInfo
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.imports.contents import Contents, read_contents
from dahyf_core.imports.motion import Hand, ImportOptions, ManoHand, Motion, PointsHand, Reading, SideRule
from dahyf_core.imports.posing import PosedMotion, pose_hand, replaced_camera
from dahyf_core.imports.registry import IMPORTERS, Importer, importer_of
from dahyf_core.shared.capture_schema import CAMERA, CONFIDENCE, IMPORTED, JOINTS_2D
from dahyf_core.shared.limits import HANDS

AS_IT_IS = CleaningSettings(
    threshold=0.0,
    spike_seconds=0.0,
    wrist_position_hz=0.0,
    wrist_depth_hz=0.0,
    wrist_rotation_hz=0.0,
    finger_hz=0.0,
)
"""Cleaning that only bridges short gaps: an import shows what the file says. `dahyf clean --reset` smooths it."""
BOX = 1.6
"""Side of the square around a hand over the larger side of its located points."""
OTHER: Mapping[Side, Side] = {"left": "right", "right": "left"}
CLEARLY = 0.8
"""Cost of swapped sides over that of named ones under which they are swapped."""
SAMPLE = 40
"""Frames of each hand by which its side is judged."""


def import_file(
    path: Path,
    models: Mapping[Side, HandModel],
    options: ImportOptions = ImportOptions(),  # noqa: B008 (frozen)
    name: str | None = None,
    footage: FootageInfo | None = None,
) -> Capture:
    """Read another tool's file, or a folder with a file a frame. name: of the importer, None to guess it.

    models: both sides, flat. footage: that the file was made from; it gives rate, times, size and lens where the file
    lacks them. Nothing in the file is executed. Raises ImportFileError and SettingsError.
    """
    if footage is not None:
        options = replace(options, size=options.size or (footage.width, footage.height))
    contents = _contents(path)
    importer = importer_of(contents, name)
    try:
        motion = importer.read(contents, Reading(options, dict(models)))
        camera, notes = _camera(motion, options)
        hands, note = _sided(motion.hands, options.sides, motion, models, camera)
        posed = [pose_hand(hand, models[hand.side], motion.axes, camera, options.flat_hand_mean) for hand in hands]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ImportFileError(
            f"{path} cannot be imported as {importer.name}: {detail(error)}.", f"Give {importer.needs}."
        ) from error
    if not 0 < len(hands) <= HANDS:
        raise ImportFileError(f"{path} holds {len(hands)} hands.", f"Give a file with 1 to {HANDS}.")
    if not all(each.is_placed for each in posed):
        camera = None
    if camera is not None and motion.camera is not None and options.lens != Lens():
        lens = options.lens.intrinsics(camera.width, camera.height)
        posed = [
            replaced_camera(each, models[hand.side], camera, lens) for each, hand in zip(posed, hands, strict=True)
        ]
        notes.append(f"Hands were moved from a focal length of {camera.fx:.0f} px to {lens.fx:.0f} px.")
        camera = lens
    frames, times, rate = _time(path, motion, options, footage)
    notes += [*motion.notes, *note, *dict.fromkeys(each for hand in posed for each in hand.notes)]
    notes.insert(0, f"Axes of the file: {AXES[motion.axes]}.")
    raw = [_raw(hand, each, models[hand.side], camera) for hand, each in zip(hands, posed, strict=True)]
    source = _source(importer, contents, models, camera, rate, footage, raw, notes)
    return assemble_capture(source, frames, times, [_without(each, source.absent) for each in raw], models, AS_IT_IS)


AXES = {"y": "y up", "z": "z up", "camera": "the camera's"}


def _contents(path: Path) -> Contents:
    try:
        return read_contents(path)
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
    except Exception as error:  # a hostile file makes zipfile, numpy and pickletools raise almost anything
        raise ImportFileError(
            f"{path} cannot be read: {detail(error)}.",
            f"Give a file of {', '.join(IMPORTERS)}, saved as plain arrays, numbers and texts.",
        ) from error


def _camera(motion: Motion, options: ImportOptions) -> tuple[Intrinsics | None, list[str]]:
    """The file's camera, or one for landmarks in pictures of a known size."""
    if motion.camera is not None:
        return motion.camera, [f"Distances are those of the file's focal length, {motion.camera.fx:.0f} px."]
    located = any(isinstance(hand, PointsHand) and hand.pixels is not None for hand in motion.hands)
    if not located or options.size is None:
        return None, []
    return options.lens.intrinsics(*options.size), []


def _sided(
    hands: Sequence[Hand],
    rule: SideRule,
    motion: Motion,
    models: Mapping[Side, HandModel],
    camera: Intrinsics | None,
) -> tuple[list[Hand], list[str]]:
    """Hands with the right sides: names may be those of a mirror image."""
    swapped = [replace(hand, side=OTHER[hand.side]) for hand in hands]
    if rule == "swapped":
        return swapped, ["The names of the sides were swapped, as was asked."]
    points = [hand for hand in hands if isinstance(hand, PointsHand) and hand.points is not None]
    if rule == "named" or not motion.sides_in_doubt or len(points) < len(hands):
        return list(hands), []
    costs = [sum(_cost(hand, models, motion) for hand in each) for each in (hands, swapped)]
    if costs[1] < CLEARLY * costs[0]:
        return swapped, ["The names of the sides were swapped, because the points are those of the other hands."]
    if costs[0] < CLEARLY * costs[1]:
        return list(hands), ["The hands are of the sides that the file names."]
    return list(hands), ["The points do not tell left from right; the file's names were kept (see --sides)."]


def _cost(hand: Hand, models: Mapping[Side, HandModel], motion: Motion) -> float:
    """How far the hand model of this side is from the points, in some frames."""
    assert isinstance(hand, PointsHand)
    assert hand.points is not None
    rows = np.flatnonzero(np.isfinite(hand.points).all(axis=(1, 2)))
    rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(int)]
    some = replace(hand, points=hand.points[rows], pixels=None, is_placed=True, confidence=None)
    model = models[hand.side]
    posed = pose_hand(some, model, motion.axes, None, None)
    fitted = model.keypoints(model.skeleton(posed.pose, posed.shape, posed.translation), hand.keypoints)
    return float(np.linalg.norm(fitted - hand.points[rows], axis=-1).sum())


def _time(
    path: Path, motion: Motion, options: ImportOptions, footage: FootageInfo | None
) -> tuple[NDArray[np.int64], FloatArray, Fraction]:
    """Frame numbers, seconds and rate."""
    if footage is not None:
        positions = np.searchsorted(footage.frames, motion.frames)
        inside = positions < len(footage)
        if not inside.all() or not np.array_equal(footage.frames[positions], motion.frames):
            raise SettingsError(
                f"{path} has frames that the footage {footage.path} lacks.", "Give the footage that it was made from."
            )
        return motion.frames, footage.times[positions], footage.rate
    if motion.times is not None:
        times = np.asarray(motion.times - motion.times[0], dtype=np.float64)
        if not (np.diff(times) > 0).all():
            raise ImportFileError(f"{path} has time stamps that do not increase.", "Give a file whose time runs on.")
        return motion.frames, times, options.rate or motion.rate or _median_rate(times)
    rate = options.rate or motion.rate
    if rate is None:
        raise SettingsError(
            f"{path} does not say its frame rate.",
            "Give the frame rate (--rate), or the clip that it was made from (--footage).",
        )
    return motion.frames, (motion.frames - motion.frames[0]) / float(rate), rate


def _median_rate(times: FloatArray) -> Fraction:
    if len(times) < 2:
        return Fraction(30)
    return Fraction(1 / float(np.median(np.diff(times)))).limit_denominator(1001)


def _raw(hand: Hand, posed: PosedMotion, model: HandModel, camera: Intrinsics | None) -> RawHand:
    frames = len(posed.pose)
    seen = np.isfinite(posed.pose[:, 0, 0])
    located = np.full((frames, 21, 2), np.nan)
    if isinstance(hand, PointsHand) and hand.pixels is not None and hand.keypoints == "mediapipe":
        located = np.where(seen[:, None, None], hand.pixels, np.nan)
    projected = np.full((frames, 21, 2), np.nan)
    if camera is not None:
        skeleton = model.skeleton(posed.pose[seen], posed.shape[seen], posed.translation[seen])
        projected[seen] = camera.project(model.keypoints(skeleton, "mediapipe"))
    low, high = located.min(axis=1), located.max(axis=1)
    side = BOX * (high - low).max(axis=1, keepdims=True)
    box = np.concatenate([(low + high) / 2, side, np.where(np.isnan(side), np.nan, 0.0)], axis=1)
    confidence = None if not isinstance(hand, ManoHand | PointsHand) else hand.confidence
    known = np.full(frames, np.nan) if confidence is None else np.where(seen, confidence, np.nan)
    return RawHand(hand.side, box, located, projected, posed.pose, posed.shape, posed.translation, known)


def _without(hand: RawHand, absent: Sequence[str]) -> RawHand:
    """The hand without what some hand of the file lacks."""
    if CONFIDENCE in absent:
        hand = replace(hand, confidence=np.full_like(hand.confidence, np.nan))
    if JOINTS_2D in absent:
        empty = {name: np.full_like(getattr(hand, name), np.nan) for name in ("box", "joints_2d")}
        hand = replace(hand, **empty)
    return hand


def _absent(hands: Sequence[RawHand], camera: Intrinsics | None) -> tuple[str, ...]:
    has_confidence = all(np.isfinite(hand.confidence[hand.seen]).all() for hand in hands)
    has_joints = camera is not None and all(np.isfinite(hand.joints_2d[hand.seen]).all() for hand in hands)
    lacks = {CAMERA: camera is None, CONFIDENCE: not has_confidence, JOINTS_2D: not has_joints}
    return tuple(name for name, is_absent in lacks.items() if is_absent)


def _source(
    importer: Importer,
    contents: Contents,
    models: Mapping[Side, HandModel],
    camera: Intrinsics | None,
    rate: Fraction,
    footage: FootageInfo | None,
    hands: Sequence[RawHand],
    notes: Sequence[str],
) -> CaptureSource:
    digest = hashlib.sha256(contents.first.read_bytes()).hexdigest()
    file = str(contents.path.absolute())
    if footage is not None and camera is not None:
        record = FootageRecord.of(footage)
    else:
        width, height = (0, 0) if camera is None else (camera.width, camera.height)
        record = FootageRecord(file, IMPORTED, digest, width, height, rate, 0, True)
    return CaptureSource(
        footage=record,
        intrinsics=camera,
        estimator=importer.name,
        hand_model=HandModelRecord.of(models),
        absent=_absent(hands, camera),
        imported=ImportRecord(importer.name, file, digest, tuple(notes)),
    )
