"""Results of HaMeR and of its relatives: WiLoR, WiLoR-mini, Fast-HaMeR.

docs/import.md says where these layouts come from. All name MANO's parameters alike. They differ in nesting, in the
packing of hands (one a dictionary, or a batch), and in left hands: HaMeR and WiLoR give a right hand that is the mirror
image; WiLoR-mini has mirrored it back.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.geometry import MIRROR
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.imports.contents import Contents, frame_number
from dahyf_core.imports.motion import ManoHand, Motion, Reading, mirrored_pose
from dahyf_core.imports.tracks import Detection, even, joined
from dahyf_core.imports.values import array, first_of, rate_of, rotations, shaped, side_of

ORIENT: Final = ("global_orient", "pred_global_orient", "root_orient")
POSE: Final = ("hand_pose", "pred_hand_pose")
BETAS: Final = ("betas", "pred_betas")
PLACE: Final = ("pred_cam_t_full", "cam_t_full", "camera_translation")
FOCAL: Final = ("scaled_focal_length", "focal_length")
SIZE: Final = ("img_size", "image_size")
POINTS: Final = ("pred_keypoints_3d", "keypoints_3d")
SIDES: Final = ("is_right", "right", "handedness", "hand_side", "side", "is_rights", "all_right")
SCORE: Final = ("score", "scores", "confidence", "conf")
TRACK: Final = ("track_id", "tid", "person_id", "personid")
FRAME: Final = (
    "frame",
    "frame_id",
    "frame_idx",
    "frame_index",
    "img_name",
    "imgname",
    "img_path",
    "image_path",
    "image",
)
RATE: Final = ("fps", "frame_rate", "mocap_framerate")
NESTS: Final = ("wilor_preds", "pred_mano_params", "mano_params", "mano", "camera", "preds", "pred", "out", "output")
LISTS: Final = ("hands", "detections", "results", "outputs", "predictions", "frames", "data")
PARAMETERS: Final = ("all_pred_mano_params", "all_mano_params")
"""Lists of one dictionary a hand, in files of video scripts around HaMeR."""
BESIDE: Final = {"all_right": "right", "all_cam_t": "pred_cam_t_full"}
"""Lists beside them, and what they are of each hand."""
MIRRORED_BACK: Final = "wilor_preds"
"""The nest of WiLoR-mini, whose left hands are left hands."""
DEEPEST = 6


def recognises(contents: Contents) -> bool:
    """Whether the file looks like one of these."""
    return any(first_of(hand, ORIENT) is not None for _, hands in _frames(contents) for hand in hands)


def recognises_wilor_mini(contents: Contents) -> bool:
    """Whether the file has the nest of WiLoR-mini."""
    return any(MIRRORED_BACK in hand for _, hands in _frames(contents) for hand in hands)


def read(contents: Contents, reading: Reading) -> Motion:
    """The hands. Raises ValueError."""
    frames = list(_frames(contents))
    numbers = even([number for number, _ in frames])
    singles = [[single for hand in hands for single in _singles(hand)] for _, hands in frames]
    everything = [single for hands in singles for single in hands]
    if not everything:
        raise ValueError("it holds no hand")
    mirrored = _left_is_mirrored(everything, reading.models)
    detections = [[_detection(single, mirrored, reading) for single in hands] for hands in singles]
    notes = ["Poses are full rotations from the flat hand."]
    if any(_side(single, reading) == "left" for single in everything):
        notes.append("Left hands were mirrored right hands." if mirrored else "Left hands were left hands already.")
    hands = [
        ManoHand(
            side,
            values["pose"],
            values.get("shape"),
            values.get("translation"),
            True,
            values.get("points"),
            values.get("confidence"),
        )
        for side, values in joined(detections)
    ]
    camera = _camera(everything, reading)
    if camera is None:
        notes.append("The file does not say the size of its pictures, so the camera is not known.")
    return Motion(
        tuple(hands), numbers, "camera", _rate(contents.data), None, camera, tuple(notes), sides_in_doubt=False
    )


def _frames(contents: Contents) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Frame numbers, each with the dictionaries of its hands or batches."""
    data = contents.data
    if contents.numbers:
        yield from ((number, _hands(each)) for number, each in zip(contents.numbers, data, strict=True))
    elif isinstance(data, list):
        yield from _listed(data)
    elif isinstance(data, Mapping):
        inner = next((data[name] for name in LISTS if isinstance(data.get(name), list | Mapping)), None)
        if inner is not None and first_of(flat(data), ORIENT) is None:
            yield from _frames(Contents(contents.path, inner, (), contents.first))
        elif first_of(flat(data), ORIENT) is None and all(frame_number(key) is not None for key in data):
            yield from sorted((frame_number(key) or 0, _hands(each)) for key, each in data.items())
        else:
            yield from _grouped(flat(data))


def _listed(entries: Sequence[Any]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A list of frames, in order; or a list of hands that name their frames."""
    flattened = [flat(entry) if isinstance(entry, Mapping) else {} for entry in entries]
    named = [frame_number(first_of(entry, FRAME)) for entry in flattened]
    if entries and all(number is not None for number in named):
        for number in sorted({number for number in named if number is not None}):
            yield number, _hands([each for each, at in zip(entries, named, strict=True) if at == number])
    else:
        yield from ((number, _hands(each)) for number, each in enumerate(entries))


def _grouped(batch: dict[str, Any]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A batch whose hands name their frames, or that is one frame."""
    if first_of(batch, ORIENT) is None:
        return
    frames = first_of(batch, FRAME)
    if isinstance(frames, list | np.ndarray) and np.ndim(frames) == 1:
        numbers = [frame_number(each.item() if isinstance(each, np.generic) else each) for each in frames]
        if None in numbers:
            raise ValueError("a hand in it has no frame")
        for number in sorted({number for number in numbers if number is not None}):
            rows = [row for row, at in enumerate(numbers) if at == number]
            yield number, [{name: _rows(value, rows, len(numbers)) for name, value in batch.items()}]
    else:
        yield frame_number(frames) or 0, [batch]


def _rows(value: Any, rows: list[int], count: int) -> Any:
    """Some rows of a value that has one for each of `count` hands; other values as they are."""
    if not isinstance(value, list | np.ndarray) or np.ndim(value) == 0 or len(value) != count:
        return value
    return value[rows] if isinstance(value, np.ndarray) else [value[row] for row in rows]


def _hands(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The dictionaries with hands in what a frame holds."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deep")
    if isinstance(value, list):
        return [hand for each in value for hand in _hands(each, depth + 1)]
    if not isinstance(value, Mapping):
        return []
    flattened = flat(value)
    if first_of(flattened, ORIENT) is not None:
        return [flattened]
    if parameters := next((value[name] for name in PARAMETERS if isinstance(value.get(name), list)), None):
        return _beside(value, parameters)
    nested = [value[name] for name in LISTS if name in value]
    sides = [
        {**flat(each), "side": name} for name, each in value.items() if name in ("left", "right") if _is_hand(each)
    ]
    return sides or [hand for each in nested for hand in _hands(each, depth + 1)]


def _beside(value: Mapping[Any, Any], parameters: Sequence[Any]) -> list[dict[str, Any]]:
    """The hands of a frame that has a list of parameters, and lists of places and sides beside it."""
    beside = {name: each for name, each in value.items() if name in BESIDE}
    count = len(parameters)
    if any(np.ndim(each) == 0 or len(each) != count for each in beside.values()):
        raise ValueError("its lists of parameters, sides and places differ in length")
    shared = {name: value[name] for name in (*FOCAL, *SIZE) if name in value}
    return [
        {**flat(each), **shared, **{BESIDE[name]: list_of[row] for name, list_of in beside.items()}}
        for row, each in enumerate(parameters)
        if isinstance(each, Mapping)
    ]


def _is_hand(value: Any) -> bool:
    return isinstance(value, Mapping) and first_of(flat(value), ORIENT) is not None


def flat(data: Mapping[Any, Any]) -> dict[str, Any]:
    """A dictionary with the contents of its nests; what stands higher counts."""
    result = {str(name): value for name, value in data.items()}
    for name in NESTS:
        inner = result.get(name)
        if isinstance(inner, Mapping):
            result = {**flat(inner), **result}
    return result


def _singles(hands: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The hands of a batch, one by one, with arrays of their own."""
    if first_of(hands, POSE) is None:
        raise ValueError("a hand has no hand_pose")
    orient = rotations(first_of(hands, ORIENT), 1, "global_orient")
    pose = rotations(first_of(hands, POSE), 15, "hand_pose")
    if len(orient) != len(pose):
        raise ValueError("global_orient and hand_pose are of different numbers of hands")
    count = len(pose)
    single: dict[str, Any] = {"pose": np.concatenate([orient, pose], axis=1)}
    lengths = ((BETAS, (10,), "shape"), (PLACE, (3,), "translation"), (POINTS, (21, 3), "points"))
    for names, shape, name in lengths:
        if (value := first_of(hands, names)) is not None:
            single[name] = shaped(value, (count, *shape), names[0])
    for name, aliases in {"side": SIDES, "score": SCORE, "track": TRACK}.items():
        if (value := first_of(hands, aliases)) is not None:
            single[name] = _each(value, count, aliases[0])
    shared = {"focal": first_of(hands, FOCAL), "size": first_of(hands, SIZE), "is_back": MIRRORED_BACK in hands}
    for row in range(count):
        yield {name: value[row] for name, value in single.items()} | shared


def _each(value: Any, count: int, name: str) -> list[Any]:
    """One value for each of several hands."""
    values = value.reshape(-1).tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(values, list):
        values = [values]
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} values for {count} hands")
    return values


def _side(single: Mapping[str, Any], reading: Reading) -> Side:
    side = side_of(single.get("side")) or reading.options.side
    if side is None:
        raise ValueError("it does not say which hands are right hands; give --side")
    return side


def _detection(single: Mapping[str, Any], mirrored: bool, reading: Reading) -> Detection:
    side = _side(single, reading)
    values = {name: np.asarray(single[name], float) for name in ("shape", "translation") if name in single}
    values["pose"] = single["pose"]
    points = single.get("points")
    if side == "left" and mirrored:
        values["pose"] = mirrored_pose(values["pose"])
    if points is not None:
        values["points"] = points if side == "right" else _as_left(points, values["pose"], reading.models["left"])
    if "score" in single:
        values["confidence"] = np.clip(array(single["score"], "score"), 0, 1).reshape(())
    return Detection(side, values.get("translation", np.zeros(3)), values, single.get("track"))


def _left_is_mirrored(singles: Sequence[Mapping[str, Any]], models: Mapping[Side, HandModel]) -> bool:
    """Whether left hands are given as mirrored right hands: by their points where there are any, else by the layout."""
    left = [single for single in singles if side_of(single.get("side")) == "left"]
    measured = [single for single in left if "points" in single]
    if not measured:
        return not any(single["is_back"] for single in left)
    pose = np.array([single["pose"] for single in measured])
    points = np.array([single["points"] for single in measured])
    relative = points - points[:, :1]
    distances = {side: _distance(models[side], pose, relative) for side in models}
    return distances["right"] < distances["left"]


def _distance(model: HandModel, pose: Array, relative: Array) -> float:
    """Mean distance of points (N, 21, 3) from the wrist to those of a hand of this side, or to their mirror images."""
    posed = model.keypoints(model.skeleton(pose, np.zeros((len(pose), 10)), np.zeros((len(pose), 3))), "own")
    posed = posed - posed[:, :1]
    return min(float(np.linalg.norm(posed * flip - relative, axis=-1).mean()) for flip in (np.ones(3), MIRROR))


def _as_left(points: Array, pose: Array, model: HandModel) -> Array:
    """Points (21, 3) of a left hand, mirrored if that is nearer to a left hand of this pose (16, 3)."""
    posed = model.keypoints(model.skeleton(pose[None], np.zeros((1, 10)), np.zeros((1, 3))), "own")[0]
    errors = [np.linalg.norm((points - points[0]) * flip - (posed - posed[0])) for flip in (np.ones(3), MIRROR)]
    return points * MIRROR if errors[1] < errors[0] else points


def _camera(singles: Sequence[Mapping[str, Any]], reading: Reading) -> Intrinsics | None:
    focals = [
        float(array(single["focal"], "focal length").reshape(-1)[0])
        for single in singles
        if single["focal"] is not None
    ]
    sizes = [
        tuple(array(single["size"], "img_size").reshape(-1)[:2].astype(int))
        for single in singles
        if single["size"] is not None
    ]
    size = reading.options.size or (sizes[0] if sizes else None)
    if not focals or size is None or len(set(sizes)) > 1:
        return None
    width, height = int(size[0]), int(size[1])
    return Intrinsics(focals[0], focals[0], width / 2, height / 2, width, height, (), "the imported file's assumption")


def _rate(data: Any) -> Any:
    return rate_of(first_of(data, RATE)) if isinstance(data, Mapping) else None
