"""Measures detectors on made and photographed pictures of validation sources: found hands at equal false ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.detection import Detector, Palms
from dahyf_core.detection.letterbox import INPUT_SIZE
from hand_detector.colours import dress, hand_mask
from hand_detector.composer import Composer, Picture
from hand_detector.photographs import Photograph, Photographs
from hand_detector.targets import truth_of

NEAR = 0.6
"""Largest distance between the middles of a found and a true palm, in sides of the true one."""
SIZES = 2.2
"""Greatest ratio of their sides."""

COUNT = 300
FALSE_RATE = 0.1
"""Pictures of each condition, and false hands in each of the pictures without hands."""
EMPTY = "none"


def as_picture(photograph: Photograph) -> Picture:
    """A photograph as the detector sees it."""
    height, width = photograph.pixels.shape[:2]
    scale = INPUT_SIZE / max(height, width)
    size = [round(length * scale) for length in (width, height)]
    small = cv2.resize(photograph.pixels, size, interpolation=cv2.INTER_AREA)
    pixels = np.zeros((INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
    x, y = ((INPUT_SIZE - length) // 2 for length in size)
    pixels[y : y + size[1], x : x + size[0]] = small
    picture = Picture(pixels, ignored=[box * scale + np.tile((x, y), 2) for box in photograph.ignored])
    for joints, right, known in zip(photograph.joints, photograph.right, photograph.side_known, strict=True):
        picture.add(joints * scale + (x, y), bool(right), bool(known))
    return picture


def recoloured(photograph: Photograph, how: str, rng: np.random.Generator, texture: Image) -> Photograph:
    """A copy: "grey" film, "blue" (channels turned round), or "gloves" (each hand in another colour or cloth)."""
    pixels = photograph.pixels
    if how == "grey":
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        return replace(photograph, pixels=np.repeat(grey[..., None], 3, axis=-1))
    if how == "blue":
        return replace(photograph, pixels=np.ascontiguousarray(pixels[..., ::-1]))
    for joints in photograph.joints:
        photograph = dress(rng, photograph, hand_mask(photograph.pixels, joints), texture)
    return photograph


def measure(systems: Mapping[str, Detector], hands: Photographs, composer: Composer, scenes: Photographs) -> str:
    """A table of the hands that each system finds where all give as many false ones, as Markdown."""
    made = conditions(hands, composer, scenes, COUNT)
    lines = [f"| pictures | hands | {' | '.join(systems)} |", "|---|---|" + "---|" * len(systems)]
    results = {name: score_sets(system, made) for name, system in systems.items()}
    least = {name: threshold_at(result[EMPTY].false, len(made[EMPTY]), FALSE_RATE) for name, result in results.items()}
    for condition in made:
        found = {name: (result[condition].hits >= least[name]).mean() for name, result in results.items()}
        count = len(next(iter(results.values()))[condition].hits)
        if count:
            lines.append(f"| {condition} | {count} | " + " | ".join(f"{share:.3f}" for share in found.values()) + " |")
    lines.append("| score from which on | | " + " | ".join(f"{score:.2f}" for score in least.values()) + " |")
    return "\n".join(lines)


def conditions(hands: Photographs, composer: Composer, scenes: Photographs, count: int) -> dict[str, list[Picture]]:
    """The pictures of each condition. composer: of validation sources."""
    rng = np.random.default_rng(0)
    chosen = [hands[row] for row in rng.permutation(len(hands))[:count]]
    made: dict[str, list[Picture]] = {"photographs": [as_picture(each) for each in chosen]}
    for how in ("grey", "blue", "gloves"):
        made[how] = [as_picture(recoloured(each, how, rng, composer.texture(rng))) for each in chosen]
    made["objects"] = [composer.with_objects(as_picture(each), rng) for each in chosen]
    made["small"] = [composer.small(rng) for _ in chosen]
    for kind in ("gesture", "prior", "fist", "grasp"):
        made[f"drawn, {kind}"] = [composer.drawn(rng, kind) for _ in range(count // 2)]
    made[EMPTY] = [as_picture(part) for row in range(len(scenes)) for part in parts(scenes[row])]
    return made


def parts(photograph: Photograph) -> list[Photograph]:
    """A photograph without labels, and its quarters."""
    height, width = photograph.pixels.shape[:2]
    halves = [(slice(0, length // 2), slice(length // 2, length)) for length in (height, width)]
    quarters = [(rows, columns) for rows in halves[0] for columns in halves[1]]
    return [photograph] + [
        replace(
            photograph,
            pixels=np.ascontiguousarray(photograph.pixels[rows, columns]),
            ignored=photograph.ignored - np.tile((columns.start, rows.start), 2),
        )
        for rows, columns in quarters
    ]


@dataclass(frozen=True)
class Scores:
    """hits: the score at which each hand is found, 0 for never. false: the scores of false hands."""

    hits: Array
    false: Array


def score_sets(detector: Detector, made: Mapping[str, Sequence[Picture]]) -> dict[str, Scores]:
    """Of each condition."""
    results = {}
    for name, pictures in made.items():
        pairs = [matched(detector.detect(picture.pixels), picture) for picture in pictures]
        results[name] = Scores(*(np.array([score for pair in pairs for score in pair[side]]) for side in (0, 1)))
    return results


def matched(found: Palms, picture: Picture) -> tuple[list[float], list[float]]:
    """For each hand the best score of a palm at its place, else 0; and the scores of palms at no hand's place."""
    values = truth_of(picture).values.numpy()
    score, box = found.score, found.box
    middle, side = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]).max(axis=1, initial=0)
    near = np.zeros((len(values), len(score)), bool)
    for hand, each in enumerate(values):
        close = np.linalg.norm(middle - each[:2], axis=1) < NEAR * each[2]
        near[hand] = close & (np.abs(np.log(np.maximum(side, 1e-3) / each[2])) < np.log(SIZES))
    hit = [float(score[row].max(initial=0)) for row in near]
    ignored = np.array(
        [any((at > each[:2]).all() and (at < each[2:]).all() for each in picture.ignored) for at in middle], bool
    )
    ghosts = ~near.any(axis=0) & ~ignored if len(score) else np.zeros(0, bool)
    return hit, score[ghosts].tolist()


def threshold_at(false_scores: Array, pictures: int, rate: float) -> float:
    """The least score at which there are at most `rate` false hands in a picture."""
    allowed = int(rate * pictures)
    ranked = np.sort(false_scores)[::-1]
    return float(ranked[allowed]) if len(ranked) > allowed else 0.0
