"""A sheet of drawn hands, as docs/synthetic-sets.md shows it; with photographs, these on the right, to compare.

PYTHONPATH=. .env/core/bin/python docs/tools/picture_drawn_hands.py BACKGROUNDS -o docs/images/drawn_hands.jpg
    [--photographs FOLDER] [--poses FILE] [--rows 10] [--side 112]

FOLDER has index.json and mediapipe_labels.npz.
"""

import argparse
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.spectrum import photographed
from dahyf_core.arrays import Image
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis import Generator

MARGIN = 0.12
"""Of a drawn picture, cut off on each side, so that hands are as large as in the patches of photographs."""


def main() -> None:
    """Draw, and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backgrounds", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--poses", type=Path)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    count = given.rows * given.columns
    sheet = tiled(drawn(given.backgrounds, given.poses, given.seed), given.rows, given.columns, given.side)
    if given.photographs:
        photographs = tiled(photographed(given.photographs, count), given.rows, given.columns, given.side)
        sheet = np.hstack([sheet, np.full((len(sheet), 8, 3), 255, np.uint8), photographs])
    cv2.imwrite(str(given.output), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])


def drawn(backgrounds: Path, poses: Path | None, seed: int) -> Iterable[Image]:
    """Drawn hands without end."""
    with Generator(load_hand_model(), backgrounds, poses, seed) as generator:
        for batch in generator.batches(1):
            edge = round(MARGIN * batch.pictures.shape[1])
            yield batch.pictures[0, edge:-edge, edge:-edge]


def tiled(pictures: Iterable[Image], rows: int, columns: int, side: int) -> Image:
    """The first pictures in a grid."""
    shown = [cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in islice(pictures, rows * columns)]
    return np.vstack([np.hstack(shown[row * columns : (row + 1) * columns]) for row in range(rows)])


if __name__ == "__main__":
    main()
