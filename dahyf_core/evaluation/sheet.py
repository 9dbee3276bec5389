"""The worst cases as one picture: the estimator's patches with located, projected and true joints."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import PATCH_SIZE, cut_patches
from dahyf_core.capture import replacing
from dahyf_core.datasets import HandDataset
from dahyf_core.evaluation.results import worst_first
from dahyf_core.evaluation.scoring import METRICS, Scores, evaluation_crop
from dahyf_core.preview.labels import Colour, draw_text, text_width
from dahyf_core.preview.overlay import FINGERS, SHADE

COLUMNS = 6
TILE = 320
GAP = 8
TEXT = 13
GROUND: Colour = (22, 24, 28)
KINDS: dict[str, Colour] = {"located": (86, 180, 255), "projected": (255, 150, 40), "labelled": (120, 230, 110)}
"""Colours in the order of `Scores.drawn`."""


def write_worst(scores: Scores, dataset: HandDataset, count: int, path: Path) -> None:
    """Write a PNG of the `count` worst samples, left hands as right ones. Raises OutputError, DatasetError."""
    name, order = worst_first(scores)
    tiles = []
    for row in order[:count].tolist():
        index = int(scores.rows[row])
        sample = dataset[index]
        patch = cut_patches(sample.image, evaluation_crop(sample, index))[0]
        value = float(np.nanmean(scores.errors[name][row]))
        caption = f"{index}: {value:.3g} {METRICS[name].unit}".rstrip()
        tiles.append(draw_tile(patch, scores.drawn[row], caption))
    sheet = _stack([_legend(METRICS[name].title), _grid(tiles)])
    encoded, data = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert encoded
    with replacing(path) as file:
        file.write(data.tobytes())


def draw_tile(patch: Image, drawn: Array, caption: str) -> Image:
    """A patch (224, 224, 3) with joints (3, 21, 2) px of it, as in `Scores.drawn`: located as dots, others as bones."""
    scale = TILE / PATCH_SIZE
    tile = cv2.resize(patch, (TILE, TILE), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    located, projected, labelled = (drawn + 0.5) * scale - 0.5
    _draw_bones(tile, labelled, KINDS["labelled"])
    _draw_bones(tile, projected, KINDS["projected"])
    for point in located[np.isfinite(located).all(axis=1)]:
        cv2.circle(tile, _pixel(point), 4, SHADE, -1, cv2.LINE_AA)
        cv2.circle(tile, _pixel(point), 3, KINDS["located"], -1, cv2.LINE_AA)
    corner = tile[: 2 * TEXT, : text_width(caption, TEXT) + TEXT]
    corner[:] = corner * 0.3 + np.array(SHADE) * 0.7
    draw_text(tile, caption, TEXT // 2, round(1.5 * TEXT), TEXT)
    return tile


def _draw_bones(image: Image, joints: Array, colour: Colour) -> None:
    known = np.asarray(np.isfinite(joints).all(axis=1))
    for finger in FINGERS:
        for first, second in pairwise(finger):
            if known[first] and known[second]:
                cv2.line(image, _pixel(joints[first]), _pixel(joints[second]), SHADE, 4, cv2.LINE_AA)
                cv2.line(image, _pixel(joints[first]), _pixel(joints[second]), colour, 2, cv2.LINE_AA)


def _pixel(point: Array) -> tuple[int, int]:
    """The point as integers, clipped to the range that OpenCV can draw."""
    x, y = np.clip(np.round(point), -10 * TILE, 10 * TILE).astype(int)
    return int(x), int(y)


def _legend(title: str) -> Image:
    legend = np.full((2 * TEXT, COLUMNS * (TILE + GAP) - GAP, 3), GROUND, np.uint8)
    end = draw_text(legend, f"Worst by {title}", 0, round(1.5 * TEXT), TEXT)
    for kind, colour in KINDS.items():
        end = draw_text(legend, kind, end + 2 * TEXT, round(1.5 * TEXT), TEXT, colour)
    return legend


def _grid(tiles: Sequence[Image]) -> Image:
    rows = -(-len(tiles) // COLUMNS)
    grid = np.full((rows, TILE + GAP, COLUMNS, TILE + GAP, 3), GROUND, np.uint8)
    for number, tile in enumerate(tiles):
        grid[number // COLUMNS, :TILE, number % COLUMNS, :TILE] = tile
    return grid.reshape(rows * (TILE + GAP), COLUMNS * (TILE + GAP), 3)[:, :-GAP]


def _stack(parts: Sequence[Image]) -> Image:
    return np.pad(np.concatenate(parts), ((GAP, 0), (GAP, GAP), (0, 0)), constant_values=GROUND[0])
