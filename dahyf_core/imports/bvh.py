"""BVH files with hands, whose bones are found by their names."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side
from dahyf_core.imports.contents import Contents
from dahyf_core.imports.motion import BonesHand, Motion, Reading
from dahyf_core.imports.values import rate_of
from dahyf_core.shared.limits import DISTANCE, FRAMES
from dahyf_core.shared.names import MANO_FINGERS

MOST_JOINTS = 2_000
DEEPEST = 200
PALM: Final = (0.05, 0.16)
"""Metres from the wrist to the knuckle of a middle finger, by which the unit is found."""
UNITS: Final = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "inches": 0.0254}
SIDE_WORDS: Final[dict[str, Side]] = {"left": "left", "l": "left", "right": "right", "r": "right"}
INNER: Final = re.compile(r"meta|carpal|palm|0$")
"""Names of bones inside the palm, which hands here do not have."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """J joints, parents before children, over T frames, in the file's unit and axes.

    offsets: (J, 3). parents: (J,), -1 for roots. worlds: (T, J, 3, 3) from the rest pose. places: (T, J, 3).
    seconds: of a frame.
    """

    names: tuple[str, ...]
    parents: NDArray[np.int64]
    offsets: Array
    worlds: Array
    places: Array
    seconds: float

    @property
    def rest(self) -> Array:
        """(J, 3) places in the rest pose."""
        places = self.offsets.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                places[joint] += places[parent]
        return places


def recognises(contents: Contents) -> bool:
    """Whether the file is a BVH file."""
    return contents.path.suffix.lower() == ".bvh"


def read(contents: Contents, reading: Reading) -> Motion:
    """The hands that have three bones in each finger. Raises ValueError."""
    skeleton = parse(contents.data)
    hands, notes = [], []
    for side in ("right", "left"):
        bones = hand_bones(skeleton, side)
        if bones is not None:
            unit = _unit(skeleton, bones)
            notes.append(f"The file's unit is {unit}, by the length of the {side} palm.")
            rest = skeleton.rest[bones] * UNITS[unit]
            hands.append(BonesHand(side, rest, skeleton.worlds[:, bones], skeleton.places[:, bones[0]] * UNITS[unit]))
    if not hands:
        raise ValueError("it has no hand with three bones in each of thumb, index, middle, ring and pinky")
    frames = np.arange(len(skeleton.places))
    return Motion(tuple(hands), frames, reading.options.axes or "y", rate_of(1 / skeleton.seconds), notes=tuple(notes))


def parse(text: str) -> Skeleton:
    """The skeleton and its motion. Position channels replace a joint's offset. Raises ValueError."""
    head, found, tail = text.partition("MOTION")
    if not found or not head.lstrip().startswith("HIERARCHY"):
        raise ValueError("it has no HIERARCHY and MOTION")
    names, parents, offsets, channels = _hierarchy(head.split())
    lines = tail.split("\n")
    header = [line.split(":") for line in lines if ":" in line]
    values = {key.strip().lower(): value for key, value in (pair for pair in header if len(pair) == 2)}
    try:
        count, seconds = int(values["frames"]), float(values["frame time"])
    except (KeyError, ValueError) as error:
        raise ValueError("it does not say the number and the time of its frames") from error
    width = sum(map(len, channels))
    numbers = " ".join(line for line in lines if ":" not in line).split()
    if not 0 < count <= FRAMES or len(numbers) != count * width or not 0 < seconds < 100:
        raise ValueError(f"it has {len(numbers)} numbers, not {width} for each of {count} frames")
    try:
        motion = np.array(numbers, dtype=float).reshape(count, width)
    except ValueError as error:
        raise ValueError("its motion holds more than numbers") from error
    if not (np.abs(motion) < DISTANCE).all() or not (np.abs(offsets) < DISTANCE).all():
        raise ValueError("it holds numbers that no motion has")
    return _posed(names, parents, offsets, channels, motion, seconds)


def _hierarchy(words: list[str]) -> tuple[list[str], NDArray[np.int64], Array, list[list[str]]]:
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[list[str]] = []
    open_joints: list[int] = []
    index = 1
    try:
        while index < len(words):
            word = words[index]
            if word in ("ROOT", "JOINT", "End"):
                start = words.index("{", index)
                names.append(" ".join(words[index + 1 : start]) if word != "End" else "")
                parents.append(open_joints[-1] if open_joints else -1)
                offsets.append([0.0, 0.0, 0.0])
                channels.append([])
                open_joints.append(len(names) - 1)
                index = start + 1
            elif word == "OFFSET":
                offsets[open_joints[-1]] = [float(each) for each in words[index + 1 : index + 4]]
                index += 4
            elif word == "CHANNELS":
                count = int(words[index + 1])
                channels[open_joints[-1]] = [each.lower() for each in words[index + 2 : index + 2 + count]]
                index += 2 + count
            elif word == "}":
                open_joints.pop()
                index += 1
            else:
                raise ValueError(f"its hierarchy has the word {word[:20]!r}")
            if len(names) > MOST_JOINTS or len(open_joints) > DEEPEST:
                raise ValueError("its hierarchy is too large")
        kinds = {f"{axis}{kind}" for axis in "xyz" for kind in ("position", "rotation")}
        if open_joints or not names or not all(kind in kinds for each in channels for kind in each):
            raise ValueError("its hierarchy is cut off or has channels that are not known")
        return names, np.array(parents), np.array(offsets, dtype=float).reshape(-1, 3), channels
    except (IndexError, TypeError) as error:
        raise ValueError("its hierarchy is damaged") from error


def _posed(
    names: list[str],
    parents: NDArray[np.int64],
    offsets: Array,
    channels: list[list[str]],
    motion: Array,
    seconds: float,
) -> Skeleton:
    frames = len(motion)
    worlds, places = np.empty((frames, len(names), 3, 3)), np.empty((frames, len(names), 3))
    column = 0
    for joint, kinds in enumerate(channels):
        own = motion[:, column : column + len(kinds)]
        column += len(kinds)
        step = np.tile(offsets[joint], (frames, 1))
        turned = [index for index, kind in enumerate(kinds) if kind.endswith("rotation")]
        for index, kind in enumerate(kinds):
            if kind.endswith("position"):
                step[:, "xyz".index(kind[0])] = own[:, index]
        turn = np.tile(np.eye(3), (frames, 1, 1))
        if turned:
            order = "".join(kinds[index][0] for index in turned).upper()
            turn = Rotation.from_euler(order, own[:, turned], degrees=True).as_matrix()
        parent = parents[joint]
        worlds[:, joint] = turn if parent < 0 else worlds[:, parent] @ turn
        places[:, joint] = step if parent < 0 else places[:, parent] + np.einsum("tij,tj->ti", worlds[:, parent], step)
    return Skeleton(tuple(names), parents, offsets, worlds, places, seconds)


def hand_bones(skeleton: Skeleton, side: Side) -> NDArray[np.int64] | None:
    """(16,) joints that are MANO's bones of a side, or None where the skeleton lacks one."""
    bones = [-1]
    for finger in MANO_FINGERS:
        named = [joint for joint, name in enumerate(skeleton.names) if meaning(name) == (side, finger)]
        chain = [joint for joint in named if not INNER.search(skeleton.names[joint].lower())]
        if len(chain) < 3:
            return None
        bones += chain[:3]
    parent = int(skeleton.parents[bones[1]])
    while parent >= 0 and meaning(skeleton.names[parent])[1] is not None:
        parent = int(skeleton.parents[parent])
    if parent < 0:
        return None
    bones[0] = parent
    return np.array(bones)


def meaning(name: str) -> tuple[Side | None, str | None]:
    """The side and the finger of a joint's name, such as mixamorig:LeftHandIndex1, index1.R or r_pinky2."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name.rsplit(":", 1)[-1])
    lower = [word.lower() for word in words]
    side = next((SIDE_WORDS[word] for word in lower if word in SIDE_WORDS), None)
    text = name.lower()
    if side is None:
        side = "left" if "left" in text else "right" if "right" in text else None
    text = text.replace("little", "pinky")
    return side, next((finger for finger in MANO_FINGERS if finger in text), None)


def _unit(skeleton: Skeleton, bones: NDArray[np.int64]) -> str:
    palm = float(np.linalg.norm(skeleton.rest[bones[4]] - skeleton.rest[bones[0]]))
    fitting = [name for name, metres in UNITS.items() if PALM[0] <= palm * metres <= PALM[1]]
    if not fitting:
        raise ValueError(f"a palm is {palm:.3g} long, which is no hand in metres, centimetres, millimetres or inches")
    return fitting[0]
