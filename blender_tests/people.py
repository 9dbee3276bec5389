"""Skeletons of people at rest for hand detection, with extra bones such as wings. No armature is built."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rig_factory import Style, finger_points

from addon.retarget.rest import RestBone
from addon.retarget.rotations import matrices_from_axis_angle, matrices_from_quaternions
from addon.shared.names import SIDES
from addon.shared.rig_joints import FINGERS, finger_joints, hand_joint

EXTRAS = ("hair", "tail", "skirt", "wings", "toes", "beard", "sword", "earrings", "twist")
PALM_DOWN = matrices_from_axis_angle(np.array([np.pi / 2, 0, 0]))


@dataclass(frozen=True)
class Person:
    """How a skeleton is made. arm_drop and bend in radians; fingers: those that the hands have."""

    arm_drop: float = 0.3
    bend: float = 0.2
    fingers: tuple[str, ...] = FINGERS
    sides: tuple[str, ...] = SIDES
    extras: tuple[str, ...] = ()
    ends: bool = False
    metacarpals: bool = False
    hand_size: float = 1.0


class Bones(dict[str, RestBone]):
    """Bones by name."""

    def add(self, name: str, parent: str | None, head: Sequence[float], ahead: Sequence[float] = (0, 0, 0.05)) -> str:
        """A bone; its name comes back."""
        point = np.array(head, np.float64)
        self[name] = RestBone(name, parent, point, point + np.array(ahead, np.float64), np.eye(3))
        return name

    def chain(self, name: str, parent: str, head: Sequence[float], step: Sequence[float], count: int) -> None:
        """`count` bones in a row."""
        for number in range(count):
            parent = self.add(f"{name}_{number + 1}", parent, np.array(head) + number * np.array(step), step)


def build_person(person: Person) -> tuple[Bones, dict[str, str]]:
    """The bones of a person who faces -Y, and the bone of each joint."""
    bones, truth = Bones(), {}
    bones.add("root", None, (0, 0, 0))
    trunk = {"hips": 1.0, "spine": 1.1, "chest": 1.25, "neck": 1.5, "head": 1.58}
    parent = "root"
    for name, height in trunk.items():
        parent = bones.add(name, parent, (0, 0.01, height))
    for side in SIDES:
        add_leg(bones, side, person)
    for side in person.sides:
        truth |= add_arm(bones, side, person)
    for extra in person.extras:
        add_extra(bones, extra, truth)
    return bones, truth


def sign(side: str) -> int:
    return 1 if side == "left" else -1


def add_leg(bones: Bones, side: str, person: Person) -> None:
    x, mark = 0.1 * sign(side), side[0].upper()
    thigh = bones.add(f"thigh.{mark}", "hips", (x, 0, 0.95))
    shin = bones.add(f"shin.{mark}", thigh, (x, -0.02, 0.5))
    foot = bones.add(f"foot.{mark}", shin, (x, 0.02, 0.08), (0, -0.1, -0.06))
    if "toes" in person.extras:
        for number in range(5):
            start = (x + 0.018 * (number - 2) * sign(side), -0.12 + 0.008 * number, 0.02)
            bones.chain(f"toe{number}.{mark}", foot, start, (0, -0.02, 0), 3)
    else:
        bones.add(f"toe.{mark}", foot, (x, -0.12, 0.02), (0, -0.06, 0))


def add_arm(bones: Bones, side: str, person: Person) -> dict[str, str]:
    """An arm with its hand; the joints' bones."""
    mark, mirror = side[0].upper(), sign(side)
    drop = matrices_from_axis_angle(np.array([0, mirror * person.arm_drop, 0]))
    shoulder = np.array([0.18 * mirror, 0.02, 1.42])
    elbow, wrist = (shoulder + drop @ np.array([reach * mirror, 0, 0]) for reach in (0.28, 0.53))
    collar = bones.add(f"shoulder.{mark}", "chest", (0.04 * mirror, 0, 1.42))
    upper = bones.add(f"upper_arm.{mark}", collar, shoulder)
    fore = bones.add(f"forearm.{mark}", upper, elbow)
    if "twist" in person.extras:
        bones.add(f"forearm_twist.{mark}", fore, (elbow + wrist) / 2)
    hand = bones.add(f"hand.{mark}", fore, wrist)
    truth = {hand_joint(side): hand}
    for finger, points in finger_points(side, Style(finger_bend=person.bend)).items():
        if finger in person.fingers:
            placed = [wrist + person.hand_size * (drop @ PALM_DOWN @ point) for point in points]
            names = add_finger(bones, hand, f"{finger}{{}}.{mark}", placed, person, finger)
            truth |= dict(zip(finger_joints(side, finger), names, strict=True))
    return truth


def add_finger(bones: Bones, hand: str, name: str, points: Sequence[NDArray], person: Person, finger: str) -> list[str]:
    """A finger from its three joints and its tip."""
    parent, names = hand, []
    if person.metacarpals and finger != "thumb":
        wrist = bones[hand].head
        parent = bones.add(f"{finger}_metacarpal{name[-2:]}", hand, wrist + 0.25 * (points[0] - wrist))
    for number in range(3):
        parent = bones.add(name.format(number + 1), parent, points[number], points[number + 1] - points[number])
        names.append(parent)
    if person.ends:
        bones.add(f"{finger}_end{name[-2:]}", parent, points[3])
    return names


def add_extra(bones: Bones, extra: str, truth: Mapping[str, str]) -> None:
    """Chains of bones that are not fingers."""
    if extra == "hair":
        for number in range(5):
            bones.chain(f"hair{number}", "head", (0.04 * (number - 2), 0.08, 1.75), (0, 0.02, -0.06), 3)
    elif extra == "tail":
        bones.chain("tail", "hips", (0, 0.1, 0.98), (0, 0.08, -0.03), 5)
    elif extra == "skirt":
        for number in range(6):
            angle = number * np.pi / 3
            bones.chain(f"skirt{number}", "hips", (0.15 * np.cos(angle), 0.15 * np.sin(angle), 0.9), (0, 0, -0.1), 4)
    elif extra == "beard":
        for number in range(3):
            bones.chain(f"beard{number}", "head", (0.02 * (number - 1), -0.1, 1.6), (0, 0, -0.02), 3)
    elif extra == "wings":
        add_wings(bones)
    elif extra == "earrings":
        for side in SIDES:
            bones.chain(f"EarRing{side[0].upper()}", "head", (0.08 * sign(side), 0, 1.6), (0, 0, -0.02), 4)
    elif extra == "sword":
        for side in SIDES[:1]:
            hand = truth.get(hand_joint(side))
            if hand:
                bones.chain("tassel", hand, bones[hand].head + np.array((0, -0.05, -0.05)), (0, -0.05, 0), 4)


def add_wings(bones: Bones) -> None:
    """Two limbs with three feathers each."""
    for side in SIDES:
        x, mark = sign(side), side[0].upper()
        inner = bones.add(f"wing.{mark}", "chest", (0.08 * x, 0.12, 1.4))
        outer = bones.add(f"wing_outer.{mark}", inner, (0.5 * x, 0.3, 1.6))
        for number in range(3):
            start = (x * (0.6 + 0.12 * number), 0.35, 1.65 - 0.12 * number)
            bones.chain(f"feather{number}.{mark}", outer, start, (0.2 * x, 0.02, -0.1), 3)


def renamed(bones: Mapping[str, RestBone], names: Mapping[str, str]) -> dict[str, RestBone]:
    """The same bones under other names."""
    return {names[name]: replace(bone, name=names[name], parent=names.get(bone.parent)) for name, bone in bones.items()}


def placed(bones: Mapping[str, RestBone], matrix: NDArray, at: NDArray) -> dict[str, RestBone]:
    """The same bones turned, scaled or mirrored by a (3, 3), and moved by a (3,)."""
    return {
        name: replace(bone, head=matrix @ bone.head + at, tail=matrix @ bone.tail + at) for name, bone in bones.items()
    }


def any_turn(rng: np.random.Generator) -> NDArray:
    """(3, 3) any rotation."""
    return matrices_from_quaternions(rng.normal(size=(1, 4)))[0]


def swapped(joints: Mapping[str, str]) -> dict[str, str]:
    """The joints of the other side."""
    other = {"LEFT": "RIGHT", "RIGHT": "LEFT"}
    return {"_".join((other[side], rest)): bone for (side, _, rest), bone in split(joints)}


def split(joints: Mapping[str, str]) -> Iterator[tuple[tuple[str, str, str], str]]:
    for joint, bone in joints.items():
        yield joint.partition("_"), bone
