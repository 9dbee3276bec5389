"""Pictures in which hands are looked for: photographs, copies of them that are harder, frames of drawn clips."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.datasets import split_of
from dahyf_core.datasets.files import list_pictures, read_image
from dahyf_core.evaluation.finding.truth import Presence, TrueHands, Truths
from dahyf_core.footage import probe, read_frames
from dahyf_core.synthesis.clips import ClipTruth

T = TypeVar("T")

EVERY: Final = 12
"""Frames between those of a drawn clip that are taken as pictures."""
VISIBLE: Final = 0.65
"""Share of a hand's size that is in the picture where its frame cuts it."""
SMALL_FRAME: Final = 1280, 720
SMALL_HAND: Final = 52
"""Size of a small hand, px: 4 % of the frame's width."""


@dataclass(frozen=True, eq=False)
class Still:
    """A picture with its hands. source: shared by pictures whose errors are correlated."""

    picture: Path
    source: str
    truth: TrueHands


def still_sets(
    data: Path, truths: Truths, drawn: Sequence[Path], work: Path, limit: int
) -> Iterator[tuple[str, list[Still]]]:
    """Each set's name and pictures. data: the folder that the facts speak of. drawn: clips. work: for made pictures.

    limit: most pictures of a set, spread evenly; 0 for all.
    """
    photographs = [
        Still(data / name, name, TrueHands.boxes(hands))
        for name, hands in truths.pictures.items()
        if name.startswith("real_hands/")
    ]
    photographs = _spread(photographs, limit)
    yield "photographs", photographs
    for name, change in COPIES.items():
        yield f"photographs, {name}", [_copy(still, change, work / name) for still in photographs]
    yield "photographs, cut by the frame", [_cut_by_the_frame(still, work / "cut") for still in photographs]
    for name, members in truths.sorts.items():
        yield name, [Still(data / member, member, TrueHands.boxes(truths.pictures[member])) for member in members]
    walls = _walls(data / "backgrounds", truths)
    yield (
        "photographs, small",
        [
            _made_small(still, read_image(walls[number % len(walls)]), work / "small")
            for number, still in enumerate(photographs)
        ],
    )
    yield (
        "failed before",
        [
            Still(data / name, name, TrueHands.boxes(hands))
            for name, hands in truths.pictures.items()
            if name.startswith("cases/")
        ],
    )
    for name, chosen in _kinds(drawn).items():
        frames = [still for clip in chosen for still in _frames_of(clip, work / "drawn")]
        yield f"drawn, {name}", _spread(frames, limit)
    yield "no hands", _spread([still for wall in walls for still in _cut(wall, work / "walls")], limit)


def _walls(folder: Path, truths: Truths) -> list[Path]:
    """Photographs without hands that training never sees: of other splits than its own."""
    return [
        folder / name
        for name in list_pictures(folder)
        if name not in truths.people and split_of(str(Path(name).with_suffix(""))) != "train"
    ]


def _cut(wall: Path, folder: Path) -> Iterator[Still]:
    """A photograph without hands, and its quarters."""
    folder.mkdir(parents=True, exist_ok=True)
    nothing = TrueHands.boxes([])
    yield Still(wall, wall.name, nothing)
    image = read_image(wall)
    high, wide = (length // 2 for length in image.shape[:2])
    for number, (y, x) in enumerate(product((0, high), (0, wide))):
        path = folder / f"{wall.stem}_{number}.png"
        _write(path, np.ascontiguousarray(image[y : y + high, x : x + wide]))
        yield Still(path, wall.name, nothing)


def _kinds(drawn: Sequence[Path]) -> Mapping[str, list[Path]]:
    """Drawn clips by what their hands wear or hold; their names say it."""
    groups: dict[str, list[Path]] = {}
    for clip in drawn:
        kind, finish, _ = clip.stem.split("_")
        groups.setdefault({"glove": "gloves", "grey": "grey"}.get(finish, "skin"), []).append(clip)
        if kind == "picking":
            groups.setdefault("with an object", []).append(clip)
    return groups


def _frames_of(clip: Path, folder: Path) -> Iterator[Still]:
    folder.mkdir(parents=True, exist_ok=True)
    truth = TrueHands.drawn(ClipTruth.load(clip))
    info = probe(clip, None)
    for frame in read_frames(info, range(len(info.times))):
        if frame.position % EVERY == EVERY // 2:
            path = folder / f"{clip.stem}_{frame.position}.png"
            _write(path, frame.image)
            yield Still(path, clip.stem, _at(truth, frame.position))


def _at(truth: TrueHands, frame: int) -> TrueHands:
    there = truth.presence[:, frame] != Presence.ABSENT
    chosen = slice(frame, frame + 1)
    return TrueHands(
        truth.side[there], truth.presence[there, chosen], truth.centre[there, chosen], truth.size[there, chosen]
    )


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def _recoloured(image: Image) -> Image:
    """Red and blue change places: blue hands."""
    return image[..., ::-1]


COPIES: Final[Mapping[str, Callable[[Image], Image]]] = {"grey": _grey, "recoloured": _recoloured}


def _copy(still: Still, change: Callable[[Image], Image], folder: Path) -> Still:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (still.source.replace("/", "_") + ".png")
    _write(path, change(read_image(still.picture)))
    return replace(still, picture=path)


def _cut_by_the_frame(still: Still, folder: Path) -> Still:
    """The photograph up to a line through its first hand, VISIBLE of which is left, on one of four sides."""
    folder.mkdir(parents=True, exist_ok=True)
    truth, source = still.truth, still.source.encode()
    axis, is_far = np.random.default_rng([len(source), *source]).integers(2, size=2)
    image, centre, size = read_image(still.picture), truth.centre[0, 0], truth.size[0, 0]
    line = int(centre[axis] + (VISIBLE - 0.5) * size * (1 if is_far else -1))
    line = int(np.clip(line, 1, image.shape[1 - axis] - 1))
    kept = slice(0, line) if is_far else slice(line, None)
    part = image[:, kept] if axis == 0 else image[kept]
    path = folder / (still.source.replace("/", "_") + ".png")
    _write(path, np.ascontiguousarray(part))
    shift = np.zeros(2)
    shift[axis] = 0 if is_far else line
    middles = np.clip(truth.centre - shift, 0, (part.shape[1], part.shape[0]))
    return Still(path, still.source, replace(truth, centre=middles))


def _made_small(still: Still, wall: Image, folder: Path) -> Still:
    """The photograph as a picture on a wall, its largest hand SMALL_HAND px wide."""
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SMALL_FRAME
    image = read_image(still.picture)
    scale = min(SMALL_HAND / still.truth.size.max(), 0.9 * height / image.shape[0], 0.9 * width / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng([len(still.source), *still.source.encode()])
    x, y = (int(rng.integers(long - own + 1)) for long, own in ((width, small.shape[1]), (height, small.shape[0])))
    picture = cv2.resize(wall, SMALL_FRAME, interpolation=cv2.INTER_AREA)
    picture[y : y + small.shape[0], x : x + small.shape[1]] = small
    path = folder / (still.source.replace("/", "_") + ".png")
    _write(path, np.asarray(picture, np.uint8))
    truth = still.truth
    return Still(path, still.source, replace(truth, centre=truth.centre * scale + (x, y), size=truth.size * scale))


def _write(path: Path, image: Image) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


def _spread(values: Sequence[T], limit: int) -> list[T]:
    count = min(limit or len(values), len(values))
    return [values[row] for row in np.unique(np.linspace(0, len(values) - 1, count).astype(int))] if values else []
