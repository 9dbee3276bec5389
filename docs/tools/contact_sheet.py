"""Draws one picture of many clips: a row for each, so many of its frames, with the keyed hands over them.

    PYTHONPATH=. .env/core/bin/python docs/tools/contact_sheet.py sheet.png CLIP... --columns 9 [--captures FOLDER]

Clips are captured with the defaults. Captures that the folder has already are not made again.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.capture import Capture, load_capture
from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.pipeline import capture_footage
from dahyf_core.evaluation.yardsticks.systems import Quiet
from dahyf_core.preview import CapturedFootage
from dahyf_core.preview.overlay import draw_caption, draw_hands
from dahyf_core.preview.view import View

WIDTH, GAP, TEXT = 1920, 3, 9
LARGER = 2
"""Frames are drawn so many times as large, for smooth lines."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, metavar="SHEET.png")
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--columns", type=int, default=9, help="frames of each clip (default 9)")
    parser.add_argument("--captures", type=Path, metavar="FOLDER", help="where captures are kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = arguments.captures or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [row(captured(clip, folder), arguments.columns) for clip in arguments.clips]
    cv2.imwrite(str(arguments.output), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def captured(clip: Path, folder: Path) -> Capture:
    """The capture of a clip, from the folder if it is there."""
    path = folder / f"{clip.stem}.npz"
    return load_capture(path) if path.is_file() else capture_footage(CaptureSettings(clip), path, Quiet())


def row(capture: Capture, columns: int) -> Image:
    """Frames spread over the whole clip, side by side."""
    footage = CapturedFootage.find(capture)
    width = WIDTH // columns - GAP
    chosen = np.unique(np.linspace(0, len(capture.frame) - 1, columns).round().astype(int))
    tiles = [tile(capture, footage, int(index), width) for index in chosen]
    line = np.hstack([np.pad(each, ((0, GAP), (0, GAP), (0, 0))) for each in tiles])
    return np.asarray(np.pad(line, ((0, 0), (0, WIDTH - line.shape[1]), (0, 0))), np.uint8)


def tile(capture: Capture, footage: CapturedFootage, index: int, width: int) -> Image:
    """One frame with its hands and their confidences."""
    record = capture.source.footage
    view = View(0, 0, record.width, record.height, LARGER * width / record.width)
    picture = view.picture(footage.picture(index))
    draw_hands(picture, capture, index, view)
    draw_caption(picture, capture, index, LARGER * TEXT)
    height = round(picture.shape[0] * width / picture.shape[1])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
