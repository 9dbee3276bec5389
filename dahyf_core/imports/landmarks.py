"""Landmarks of 21 points a hand: MediaPipe, OpenPose, freemocap."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side
from dahyf_core.imports.contents import Contents
from dahyf_core.imports.motion import Motion, PointsHand, Reading
from dahyf_core.imports.tracks import Detection, even, joined
from dahyf_core.imports.values import array, first_of, rate_of, shaped, side_of

WORLD: Final = ("worldLandmarks", "hand_world_landmarks", "world_landmarks", "multiHandWorldLandmarks",
                "multi_hand_world_landmarks")  # fmt: skip
IMAGE: Final = ("landmarks", "hand_landmarks", "multiHandLandmarks", "multi_hand_landmarks")
HANDEDNESS: Final = ("handedness", "handednesses", "multiHandedness", "multi_handedness")
FRAMES: Final = ("frames", "results", "data")
MILLISECONDS: Final = ("timestamp_ms", "timestampMs", "timestampInMilliseconds", "timestamp_in_milliseconds")
SECONDS: Final = ("time", "timestamp_s", "seconds")
NUMBER: Final = ("frame", "frame_index", "frameIndex", "frame_number", "index")
POINTS = 21
MEDIAPIPE_NOISE, OPENPOSE_NOISE, FREEMOCAP_NOISE = 0.004, 0.006, 0.005
"""Deviations of the points that the fit reckons with, m."""
MOST_POINTS = 10
"""Of 21 points fewer than this many are no hand."""
MILLIMETRE = 0.001
BODY_POINTS = 33
"""Points of the body before those of the right and the left hand in freemocap's arrays of everything."""
LANDMARK_NAMES: Final = (
    *("wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip"),
    *(f"{finger}_finger_{joint}" for finger in ("index", "middle", "ring") for joint in ("mcp", "pip", "dip", "tip")),
    *(f"pinky_{joint}" for joint in ("mcp", "pip", "dip", "tip")),
)
"""MediaPipe's, in its order."""
COLUMN: Final = re.compile(r"(?:(right|left)_hand_)?(\w+?)_([xyz])")


def recognises_mediapipe(contents: Contents) -> bool:
    """Whether the file holds results of MediaPipe Hands or of its Hand Landmarker."""
    return any(first_of(result, (*WORLD, *IMAGE)) is not None for result in _results(contents.data))


def _results(data: Any) -> list[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        if first_of(data, (*WORLD, *IMAGE)) is not None:
            return [data]
        data = first_of(data, FRAMES)
    return (
        [each.get("result", each) if isinstance(each, Mapping) else {} for each in data]
        if isinstance(data, list)
        else []
    )


def read_mediapipe(contents: Contents, reading: Reading) -> Motion:
    """World landmarks, landmarks of the picture, or both. Raises ValueError."""
    results = _results(contents.data)
    envelopes = contents.data if isinstance(contents.data, list) else first_of(contents.data, FRAMES) or [contents.data]
    size = reading.options.size
    detections = [list(_mediapipe_hands(result, size)) for result in results]
    hands = []
    for side, values in joined(detections):
        if "points" not in values and size is None:
            raise ValueError("it has landmarks of pictures only; give --size or --footage")
        hands.append(
            PointsHand(
                side,
                values.get("points"),
                False,
                "mediapipe",
                MEDIAPIPE_NOISE,
                values.get("pixels"),
                values.get("confidence"),
            )
        )
    if not hands:
        raise ValueError("it holds no hand")
    notes = ["MediaPipe's confidence is that of its handedness."]
    if size is None:
        notes.append("The size of the pictures is not known, so the landmarks in them and the camera are absent.")
    numbers, times = _moments(envelopes, results)
    rate = rate_of(first_of(contents.data, ("fps", "frame_rate"))) if isinstance(contents.data, Mapping) else None
    return Motion(tuple(hands), numbers, "camera", rate, times, notes=tuple(notes), sides_in_doubt=True)


def _mediapipe_hands(result: Mapping[str, Any], size: tuple[int, int] | None) -> Iterator[Detection]:
    world, image = _list(first_of(result, WORLD)), _list(first_of(result, IMAGE))
    names = _list(first_of(result, HANDEDNESS))
    for hand in range(max(len(world), len(image))):
        label, score = _label(names[hand]) if hand < len(names) else (None, None)
        side = side_of(label)
        if side is None:
            raise ValueError("a hand has no handedness")
        values: dict[str, Array] = {}
        place = np.zeros(3)
        if hand < len(world):
            values["points"] = _points(world[hand])
        if hand < len(image):
            place = _points(image[hand])[0]
            if size is not None:
                values["pixels"] = _points(image[hand])[:, :2] * size - 0.5
        if score is not None:
            values["confidence"] = np.clip(array(score, "score"), 0, 1).reshape(())
        yield Detection(side, place, values)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _label(value: Any) -> tuple[Any, Any]:
    """Name and score of a category, of a list of them, or of a classification."""
    if isinstance(value, list):
        return _label(value[0]) if value else (None, None)
    if isinstance(value, Mapping):
        if "classification" in value:
            return _label(value["classification"])
        return first_of(value, ("categoryName", "category_name", "label", "displayName")), value.get("score")
    return value, None


def _points(landmarks: Any) -> Array:
    """(21, 3) of a list of landmarks; protobuf writes it as {"landmark": [...]} and leaves out zeros."""
    if isinstance(landmarks, Mapping):
        landmarks = landmarks.get("landmark", landmarks.get("landmarks"))
    if isinstance(landmarks, list) and all(isinstance(each, Mapping) for each in landmarks):
        landmarks = [[each.get(axis, 0.0) for axis in "xyz"] for each in landmarks]
    return shaped(landmarks, (POINTS, 3), "the landmarks of a hand")


def _moments(envelopes: Sequence[Any], results: Sequence[Any]) -> tuple[Any, Array | None]:
    """Frame numbers and, where the file has them, times in seconds."""
    both = [{**(result if isinstance(result, Mapping) else {}), **(each if isinstance(each, Mapping) else {})}
            for each, result in zip(envelopes, results, strict=True)]  # fmt: skip
    numbers = [first_of(each, NUMBER) for each in both]
    whole = all(isinstance(number, int) for number in numbers)
    frames = even([number for number in numbers if isinstance(number, int)] if whole else range(len(both)))
    for names, unit in ((MILLISECONDS, 1e-3), (SECONDS, 1.0)):
        times = [first_of(each, names) for each in both]
        if all(time is not None for time in times):
            return frames, array(times, "the time stamps") * unit
    return frames, None


def recognises_openpose(contents: Contents) -> bool:
    """Whether the file, or the folder of a file a frame, is OpenPose's."""
    frames = contents.data if isinstance(contents.data, list) else [contents.data]
    return any(isinstance(frame, Mapping) and isinstance(frame.get("people"), list) for frame in frames)


def read_openpose(contents: Contents, reading: Reading) -> Motion:
    """The hands of all people, in 2D, or in 3D where OpenPose wrote it. Raises ValueError."""
    frames = contents.data if isinstance(contents.data, list) else [contents.data]
    detections = [list(_openpose_hands(frame)) for frame in frames]
    found = joined(detections)
    if not found:
        raise ValueError("it holds no hand; OpenPose finds hands with --hand")
    hands = []
    for side, values in found:
        if "points" not in values and reading.options.size is None:
            raise ValueError("it has 2D points only; give --size or --footage")
        hands.append(
            PointsHand(
                side,
                values.get("points"),
                True,
                "freihand",
                OPENPOSE_NOISE,
                values.get("pixels"),
                values["confidence"],
            )
        )
    numbers = even(contents.numbers or range(len(frames)))
    notes = ["The confidence is the mean of a hand's points."]
    return Motion(tuple(hands), numbers, "camera", notes=tuple(notes))


def _openpose_hands(frame: Any) -> Iterator[Detection]:
    people = frame.get("people") if isinstance(frame, Mapping) else None
    for person in people if isinstance(people, list) else []:
        for side in ("left", "right"):
            flat = person.get(f"hand_{side}_keypoints_2d") or []
            spatial = person.get(f"hand_{side}_keypoints_3d") or []
            if not flat and not spatial:
                continue
            values: dict[str, Array] = {}
            for name, numbers, axes in (("pixels", flat, 2), ("points", spatial, 3)):
                if numbers:
                    points = shaped(numbers, (POINTS, axes + 1), f"hand_{side}_keypoints_{axes}d")
                    seen = points[:, axes] > 0
                    values[name] = np.where(seen[:, None], points[:, :axes], np.nan)
                    values["confidence"] = np.clip(points[:, axes].mean(), 0, 1)
            known = np.isfinite(next(iter(values.values()))[:, 0])
            if known.sum() >= MOST_POINTS:
                place = np.nanmean(next(iter(values.values())), axis=0)
                yield Detection(side, np.resize(place, 3), values)


def recognises_freemocap(contents: Contents) -> bool:
    """Whether the file is one of freemocap's arrays or tables with hands."""
    if isinstance(contents.data, np.ndarray):
        shape = contents.data.shape
        is_all = len(shape) == 3 and shape[2] == 3 and shape[1] >= BODY_POINTS + 2 * POINTS
        return is_all or (len(shape) == 3 and shape[1:] == (POINTS, 3))
    return contents.path.suffix.lower() == ".csv" and "finger_mcp_x" in contents.data[:20_000]


def read_freemocap(contents: Contents, reading: Reading) -> Motion:
    """Points in millimetres, z up. Raises ValueError."""
    named = _freemocap_hands(contents, reading)
    hands = tuple(
        PointsHand(side, points * MILLIMETRE, True, "mediapipe", FREEMOCAP_NOISE)
        for side, points in named.items()
        if np.isfinite(points).all(axis=(1, 2)).any()
    )
    if not hands:
        raise ValueError("it holds no hand")
    frames = len(hands[0].points)  # type: ignore[arg-type]
    notes = ("Freemocap's points are in millimetres.",)
    return Motion(hands, np.arange(frames), reading.options.axes or "z", notes=notes)


def _freemocap_hands(contents: Contents, reading: Reading) -> dict[Side, Array]:
    data = contents.data
    if isinstance(data, str):
        return _table(data, reading)
    points = array(data, "the points")
    if points.shape[1] == POINTS:
        return {_file_side(contents, reading): points}
    right = points[:, BODY_POINTS : BODY_POINTS + POINTS]
    return {"right": right, "left": points[:, BODY_POINTS + POINTS : BODY_POINTS + 2 * POINTS]}


def _file_side(contents: Contents, reading: Reading) -> Side:
    name = contents.path.stem.lower()
    side = "right" if "right" in name else "left" if "left" in name else reading.options.side
    if side is None:
        raise ValueError("neither its name nor its columns say which hand it is; give --side")
    return side


def _table(text: str, reading: Reading) -> dict[Side, Array]:
    rows = list(csv.reader(io.StringIO(text)))
    columns: dict[tuple[Side, int, int], int] = {}
    for index, title in enumerate(rows[0] if rows else ()):
        found = COLUMN.fullmatch(title.strip())
        if found and found[2] in LANDMARK_NAMES:
            side = side_of(found[1]) or reading.options.side
            if side is None:
                raise ValueError("its columns do not say which hand it is; give --side")
            columns[side, LANDMARK_NAMES.index(found[2]), "xyz".index(found[3])] = index
    result: dict[Side, Array] = {}
    for side in ("right", "left"):
        places = [columns.get((side, point, axis)) for point in range(POINTS) for axis in range(3)]  # type: ignore[arg-type]
        if None not in places:
            cells = [[row[place] or "nan" for place in places] for row in rows[1:] if row]  # type: ignore[index]
            result[side] = shaped(cells, (-1, POINTS, 3), "the table")  # type: ignore[index]
    if not result:
        raise ValueError("it lacks columns of the 21 points of a hand")
    return result
