"""Patches of hands, and of things taken for hands, by number: the same number gives the same patch."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from looks import SOFTNESS, covered, filmed, hand_mask, recoloured
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, Lens, cut_patches, upright_crops
from dahyf_core.datasets.files import list_pictures, read_image
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis import Generator
from dahyf_core.tracking import crops_from_joints

JUDGED = Path(__file__).with_name("judged.json")
"""Places in the photographs of backgrounds that were looked at: x, y and side, px, of hands, and of what may be one."""
HARD = 0.05
"""Probability of a hand, by the network, of a ghost that is worth learning from."""
WITH_ROOMS = ("asl_letters", "rf100", "subhih", "dwivedi")
"""Sets of photographs that show more than a hand."""
CLEAR_OF_HANDS = 0.3
"""Probability of a hand, by the network, above which a place of those photographs may show an unlabelled hand."""
REACH = 0.45
"""Half of a hand, in sides of its patch: no patch of something else comes nearer to a hand."""


@dataclass(frozen=True)
class Example:
    """A patch (224, 224, 3), RGB. group: its photograph; a group is on one side of the split. kind: how it was made."""

    patch: Image
    is_hand: bool
    group: str
    kind: str


@dataclass(frozen=True)
class LabelledHands:
    """Hands in photographs. rows: of the index, joints (N, 21, 2) px, left (N,)."""

    folder: Path
    index: Sequence[Mapping[str, str]]
    rows: NDArray[np.integer]
    joints: Array
    left: NDArray[np.bool_]

    @classmethod
    def read(cls, folder: Path) -> "LabelledHands":
        """The labels mediapipe_labels.npz and index.json of a folder of photographs."""
        with np.load(folder / "mediapipe_labels.npz", allow_pickle=False) as labels:
            rows, joints, left = labels["image_index"], labels["keypoints_2d"], labels["side"] == "left"
        return cls(folder, json.loads((folder / "index.json").read_text()), rows, joints.astype(float), left)

    def group(self, hand: int) -> str:
        row = self.index[self.rows[hand]]
        return f"{row['set']}/{row['source']}"

    def picture(self, hand: int) -> Image:
        return read_image(self.folder / self.index[self.rows[hand]]["file"])

    def hands_beside(self, hand: int) -> Array:
        """Joints (N, 21, 2) of all hands in the same picture."""
        return self.joints[self.rows == self.rows[hand]]


@dataclass
class Material:
    """What patches are cut from. things: (H, W, 4) pictures with their coverage. ghosts: what `mining` found."""

    hands: LabelledHands
    folders: Sequence[Path]
    ghosts: Sequence[Mapping[str, object]]
    things: list[NDArray[np.uint8]]
    backgrounds: Path
    judged: Mapping[str, Mapping[str, list[list[float]]]] = field(
        default_factory=lambda: json.loads(JUDGED.read_text())
    )

    def __post_init__(self) -> None:
        self.photographs = [folder / file for folder in self.folders for file in list_pictures(folder)]
        self._generator: Generator | None = None
        self.kinds: Mapping[str, Callable[[np.random.Generator], Example]] = {
            "photographed": self.photographed,
            "drawn": self.drawn,
            "judged": self.judged_hand,
            "ghost": self.ghost,
            "elsewhere": self.elsewhere,
            "beside": self.beside,
            "wrong": self.wrong,
            "thing": self.thing,
            "erased": self.erased,
        }

    def example(self, kind: str, number: int) -> Example:
        """Patch `number` of a kind."""
        rng = np.random.default_rng([sorted(self.kinds).index(kind), number])
        while True:
            found = self.kinds[kind](rng)
            if found is not None:
                return Example(filmed(found.patch, rng), found.is_hand, found.group, found.kind)

    # Hands

    def photographed(self, rng: np.random.Generator) -> Example:
        hand = int(rng.integers(len(self.hands.rows)))
        image, joints = self.hands.picture(hand), self.hands.joints[hand]
        crops = around_hand(joints, bool(self.hands.left[hand]), image, rng)
        patch = cut_patches(image, crops)[0]
        if rng.random() < 0.4:
            patch = recoloured(patch, hand_mask(crops.to_patch(joints[None])[0], PATCH_SIZE), rng)
        if rng.random() < 0.25:
            patch = covered(patch, self.things, rng)
        return Example(patch, True, self.hands.group(hand), "photographed")

    def drawn(self, rng: np.random.Generator) -> Example:
        if self._generator is None:
            self._generator = Generator(load_hand_model(), self.backgrounds, seed=77)
        number = int(rng.integers(1 << 30))
        batch = self._generator.batch(range(number, number + 1))
        image, joints = batch.pictures[0], batch.labels.joints_2d_mediapipe[0].astype(float)
        crops = around_hand(joints, batch.labels.side[0] == "left", image, rng)
        return Example(cut_patches(image, crops)[0], True, f"drawn/{number}", "drawn")

    def judged_hand(self, rng: np.random.Generator) -> Example:
        files = sorted(file for file, places in self.judged.items() if "hands" in places)
        file = files[rng.integers(len(files))]
        places = self.judged[file]["hands"]
        x, y, side = places[rng.integers(len(places))]
        image = read_image(self.backgrounds / file)
        crops = shaken(square(image, x, y, side, rng.uniform(-np.pi, np.pi)), rng)
        return Example(cut_patches(image, crops)[0], True, file, "judged")

    # Things that are none

    def ghost(self, rng: np.random.Generator) -> Example | None:
        ghost = self.ghosts[rng.integers(len(self.ghosts))]
        path = Path(str(ghost["file"]))
        x, y = ghost["center"]  # type: ignore[misc]
        if ghost["presence"] < HARD and rng.random() < 0.95:  # type: ignore[operator]
            return None
        if self._near_a_hand(path.name, x, y, ghost["side"]):  # type: ignore[arg-type]
            return None
        image = read_image(path)
        crops = square(image, x, y, ghost["side"], ghost["roll"], ghost["mirrored"])  # type: ignore[arg-type]
        patch = cut_patches(image, shaken(crops, rng, 0.5))[0]
        patch = np.ascontiguousarray(patch[:, ::-1]) if rng.random() < 0.5 else patch
        return Example(self._changed(patch, rng), False, path.name, "ghost")

    def elsewhere(self, rng: np.random.Generator) -> Example | None:
        path = self.photographs[rng.integers(len(self.photographs))]
        image = read_image(path)
        height, width = image.shape[:2]
        side = float(min(height, width) * np.exp(rng.uniform(np.log(0.08), np.log(0.9))))
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        if self._near_a_hand(path.name, x, y, side):
            return None
        patch = cut_patches(image, square(image, x, y, side, rng.uniform(-np.pi, np.pi)))[0]
        return Example(self._changed(patch, rng), False, path.name, "elsewhere") if patch.std() > 8 else None

    def beside(self, rng: np.random.Generator) -> Example | None:
        """Faces, arms, clothes and rooms in photographs of hands."""
        hand = int(rng.integers(len(self.hands.rows)))
        if not self.hands.group(hand).startswith(WITH_ROOMS):
            return None
        image = self.hands.picture(hand)
        height, width = image.shape[:2]
        hands = upright_crops(beside := self.hands.hands_beside(hand), np.zeros(len(beside), bool), lens(image))
        side = float(hands.side.max() * rng.uniform(0.45, 1.3))
        place = rng.uniform(0, (width, height))
        if (np.abs(hands.center - place).max(axis=1) < REACH * (hands.side + side)).any():
            return None
        patch = cut_patches(image, square(image, *place, side, rng.uniform(-np.pi, np.pi)))[0]
        return Example(self._changed(patch, rng), False, self.hands.group(hand), "beside") if patch.std() > 20 else None

    def wrong(self, rng: np.random.Generator) -> Example | None:
        """Patches of real hands that are wrong: the forearm, a part at the edge, the palm's skin alone, a hand afar."""
        hand = int(rng.integers(len(self.hands.rows)))
        image, joints = self.hands.picture(hand), self.hands.joints[hand]
        if len(self.hands.hands_beside(hand)) > 1:
            return None
        crops = around_hand(joints, bool(self.hands.left[hand]), image, rng)
        along = joints[9] - joints[0]
        center, side = crops.center, crops.side
        how = rng.choice(["forearm", "edge", "skin", "afar"])
        if how == "forearm":
            side = side * rng.uniform(0.4, 0.7)
            center = joints[:1] - along * (0.15 + side / (2 * np.linalg.norm(along)) + rng.uniform(0, 0.6))
        elif how == "edge":
            center = center + _direction(rng) * side * rng.uniform(0.55, 0.7)
        elif how == "skin":
            center, side = joints[rng.integers(21)][None], side * rng.uniform(0.15, 0.3)
        else:
            side = side * rng.uniform(3.0, 4.5)
        height, width = image.shape[:2]
        if how != "afar" and not ((center[0] > 0) & (center[0] < (width, height))).all():
            return None
        patch = cut_patches(image, Crops(center, side, crops.roll, crops.mirrored, crops.intrinsics))[0]
        return Example(self._changed(patch, rng), False, self.hands.group(hand), f"wrong: {how}")

    def thing(self, rng: np.random.Generator) -> Example:
        """A thing amid a photograph, sometimes in the colour of skin."""
        path = self.photographs[rng.integers(len(self.photographs))]
        image = read_image(path)
        height, width = image.shape[:2]
        side = rng.uniform(0.2, 0.6) * min(height, width)
        place = rng.uniform(side / 2, (width - side / 2, height - side / 2))
        patch = cut_patches(image, square(image, *place, side, 0.0))[0]
        if self._near_a_hand(path.name, *place, side):
            patch = np.full_like(patch, rng.integers(0, 256, 3))
        number = int(rng.integers(len(self.things)))
        thing = self.things[number]
        if rng.random() < 0.4:
            skin = np.array([224, 172, 140]) * rng.uniform(0.3, 1.1) * rng.uniform(0.9, 1.1, 3)
            grey = thing[..., :3].mean(axis=2, keepdims=True) / max(thing[..., :3].mean(), 20)
            thing = np.dstack([np.clip(skin * grey, 0, 255), thing[..., 3:]]).astype(np.uint8)
        return Example(covered(patch, [thing], rng), False, f"thing/{number}", "thing")

    def erased(self, rng: np.random.Generator) -> Example:
        """Where a hand was, painted over from around (Telea 2004): rooms and arms alone say nothing of a hand."""
        hand = int(rng.integers(len(self.hands.rows)))
        image, joints = self.hands.picture(hand), self.hands.joints[hand]
        crops = around_hand(joints, bool(self.hands.left[hand]), image, rng)
        patch = cut_patches(image, crops)[0]
        small = cv2.resize(patch, (112, 112), interpolation=cv2.INTER_AREA)
        mask = np.zeros((112, 112), np.uint8)
        for joints_2d in crops.to_patch(self.hands.hands_beside(hand).reshape(1, -1, 2)).reshape(-1, 21, 2) / 2:
            mask |= (hand_mask(joints_2d, 112)[..., 0] > 0.02).astype(np.uint8)
        mask = cv2.dilate(mask, np.ones((9, 9), np.uint8))
        filled = cv2.resize(cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA), (PATCH_SIZE, PATCH_SIZE))
        share = cv2.resize(cv2.GaussianBlur(mask * 255, (0, 0), 2), (PATCH_SIZE, PATCH_SIZE))[..., None] / 255
        grain = rng.normal(0, rng.uniform(0, 8), patch.shape) * share
        blended = patch * (1 - share) + filled * share + grain
        return Example(np.clip(blended, 0, 255).astype(np.uint8), False, self.hands.group(hand), "erased")

    def _changed(self, patch: Image, rng: np.random.Generator) -> Image:
        """The changes that hands undergo, so that they tell nothing: another colour, a thing before the patch."""
        if rng.random() < 0.2:
            patch = recoloured(patch, _blot(rng), rng)
        return covered(patch, self.things, rng) if rng.random() < 0.15 else patch

    def _near_a_hand(self, file: str, x: float, y: float, side: float) -> bool:
        """Whether a patch of a photograph may show a hand, as far as the photograph was judged."""
        return any(
            max(abs(x - left), abs(y - top)) < REACH * (reach + side)
            for places in self.judged.get(file, {}).values()
            for left, top, reach in places
        )


def _blot(rng: np.random.Generator) -> Array:
    """(224, 224, 1), 0 to 1: a few ellipses amid a patch."""
    mask = np.zeros((PATCH_SIZE, PATCH_SIZE), np.uint8)
    for _ in range(rng.integers(1, 5)):
        middle, axes = rng.uniform(0.2, 0.8, 2) * PATCH_SIZE, rng.uniform(0.08, 0.4, 2) * PATCH_SIZE
        cv2.ellipse(mask, (middle, 2 * axes, rng.uniform(0, 180)), 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), SOFTNESS)[..., None] / 255.0


def lens(image: Image) -> Intrinsics:
    """A camera with an assumed lens."""
    return Lens().intrinsics(image.shape[1], image.shape[0])


def square(image: Image, x: float, y: float, side: float, roll: float, mirrored: bool = False) -> Crops:
    """One patch."""
    return Crops(np.array([[x, y]]), np.array([side]), np.array([roll]), np.array([mirrored]), lens(image))


def around_hand(joints: Array, left: bool, image: Image, rng: np.random.Generator) -> Crops:
    """A patch around joints (21, 2), as stills, tracks and palms have them, of either side, shaken."""
    mirrored = np.array([left if rng.random() < 0.6 else not left])
    cut = upright_crops if rng.random() < 0.5 else crops_from_joints
    return shaken(cut(joints[None], mirrored, lens(image)), rng)


def shaken(crops: Crops, rng: np.random.Generator, strength: float = 1.0) -> Crops:
    """A patch, a little turned, scaled and moved; one in ten in any direction."""
    turn = rng.uniform(-np.pi, np.pi) if rng.random() < 0.1 else strength * rng.normal(0, 0.3)
    return Crops(
        crops.center + strength * rng.normal(0, 0.06, 2) * crops.side,
        crops.side * np.exp(strength * rng.normal(0, 0.15)),
        crops.roll + turn,
        crops.mirrored,
        crops.intrinsics,
    )


def _direction(rng: np.random.Generator) -> Array:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])
