"""The preview as one picture: chosen frames in a grid, and the confidence of every frame below."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import Capture, replacing
from dahyf_core.cleaning import State
from dahyf_core.preview.footage import CapturedFootage
from dahyf_core.preview.labels import WHITE, Colour, draw_text, text_width
from dahyf_core.preview.overlay import STATE_COLOURS, draw_caption, draw_hands, hand_colours, state_colour
from dahyf_core.preview.view import View

SHEET_WIDTH = 1920
MARGIN_AROUND_HANDS = 1.7
OVERSAMPLING = 2  # tiles are drawn so many times larger, for smooth lines
TALLEST_TILE = 4 * SHEET_WIDTH
GAP = 10
MARGIN = 24
TEXT = 15  # px, height of capitals
LANE = 40  # px, height of one hand's confidence
GROUND: Colour = (22, 24, 28)
LANE_GROUND: Colour = (38, 41, 47)
LONGEST_NAME = 48
QUIET: Colour = (150, 155, 165)


def write_sheet(capture: Capture, footage: CapturedFootage, output: Path, frames: int = 12) -> None:
    """Write a PNG or JPEG, by the ending of `output`, of at most `frames` frames spread over those that have hands.

    All tiles show their part of the picture, around the hands, in the same size.
    Raises OutputError when the file cannot be written, FootageError when the footage breaks off.
    """
    chosen = choose_frames(capture, frames)
    columns = _columns(len(chosen), capture)
    tiles = draw_tiles(capture, footage, chosen, (SHEET_WIDTH - 2 * MARGIN - (columns - 1) * GAP) // columns)
    sheet = _stack([_header(capture), _grid(tiles, columns), *_lanes(capture, chosen)])
    encoded, data = cv2.imencode(output.suffix, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    assert encoded
    with replacing(output) as file:
        file.write(data.tobytes())


def choose_frames(capture: Capture, count: int) -> NDArray[np.intp]:
    """At most `count` indices into the capture's frames, evenly spread over those that show a hand (or over all)."""
    with_hands = np.flatnonzero((capture.state != State.MISSING).any(axis=0))
    candidates = with_hands if len(with_hands) else np.arange(len(capture.frame))
    picks = np.linspace(0, len(candidates) - 1, min(count, len(candidates)))
    frames: NDArray[np.intp] = candidates[np.round(picks).astype(int)]
    return frames


def draw_tiles(
    capture: Capture, footage: CapturedFootage, chosen: NDArray[np.intp], width: int
) -> list[NDArray[np.uint8]]:
    """The chosen frames' hands over the part of the picture around them, each (H, width, 3) RGB, all of one size.

    Tiles that would be higher than TALLEST_TILE are narrower. chosen: (N,) indices into the capture's frames.
    Raises FootageError when one is damaged.
    """
    views = _views(capture, chosen, width)
    return [_tile(capture, index, footage.picture(index), view) for index, view in zip(chosen, views, strict=True)]


def _columns(tiles: int, capture: Capture) -> int:
    """So many columns that the sheet is roughly as wide as a screen, and its last row as full as may be."""
    record = capture.source.footage
    wide = round((1.9 * tiles * record.height / record.width) ** 0.5)
    choices = range(max(1, min(wide - 1, tiles)), min(wide + 1, tiles) + 1)
    return min(choices, key=lambda columns: -tiles % columns + 2 * abs(columns - wide))


def _views(capture: Capture, chosen: NDArray[np.intp], width: int) -> list[View]:
    """For each chosen frame the part around its hands, as large as the hands in any of them need, `width` px wide."""
    record = capture.source.footage
    full = np.array([record.width, record.height])
    low, high = np.zeros((len(chosen), 2)), np.tile(full, (len(chosen), 1)).astype(float)
    for row, index in enumerate(chosen):
        joints = capture.joints_2d[capture.state[:, index] != State.MISSING, index].reshape(-1, 2)
        if len(joints):
            low[row], high[row] = np.clip(joints.min(axis=0), 0, full), np.clip(joints.max(axis=0), 0, full)
    share = min(1.0, MARGIN_AROUND_HANDS * float(((high - low) / full).max()))
    size = np.maximum(np.round(full * share), 1).astype(int)
    corners = np.clip(np.round((low + high - size) / 2), 0, full - size).astype(int)
    scale = OVERSAMPLING * min(width / size[0], TALLEST_TILE / size[1])
    return [View(int(left), int(top), int(size[0]), int(size[1]), scale) for left, top in corners]


def _tile(capture: Capture, index: int, picture: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    image = view.picture(picture)
    draw_hands(image, capture, index, view)
    width, height = image.shape[1] // OVERSAMPLING, image.shape[0] // OVERSAMPLING
    tile = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    draw_caption(tile, capture, index, 0.8 * TEXT)
    return tile


def _grid(tiles: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    grid = _blank(rows * (height + GAP) - GAP, columns * (width + GAP) - GAP)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        grid[top : top + height, left : left + width] = tile
    return grid


def _header(capture: Capture) -> NDArray[np.uint8]:
    """Name and size of the clip on the left, the meaning of the colours on the right."""
    header = _blank(2 * TEXT, SHEET_WIDTH - 2 * MARGIN)
    record = capture.source.footage
    end = draw_text(header, Path(record.path).name[-LONGEST_NAME:], 0, round(1.5 * TEXT), TEXT)
    facts = f"{record.width} x {record.height}"
    if record.kind != "still":
        facts += f"   {len(capture.frame)} frames   {float(record.rate):.4g} frames/s"
    draw_text(header, facts, end + 2 * TEXT, round(1.5 * TEXT), TEXT, QUIET)
    legend = [*zip(map(str, capture.side), hand_colours(capture), strict=True)] or [("no hands", QUIET)]
    legend += [(state.name.lower(), colour) for state, colour in STATE_COLOURS.items()]
    left = header.shape[1] - sum(text_width(text, TEXT) + 3 * TEXT for text, _ in legend) + TEXT
    for text, colour in legend:
        cv2.circle(header, (left, TEXT), round(0.55 * TEXT), colour, -1, cv2.LINE_AA)
        left = draw_text(header, text, left + TEXT, round(1.5 * TEXT), TEXT) + 2 * TEXT
    return header


def _lanes(capture: Capture, chosen: NDArray[np.intp]) -> list[NDArray[np.uint8]]:
    """For each hand one strip over the clip: confidence as height, state as colour; ticks mark the chosen frames."""
    width = SHEET_WIDTH - 2 * MARGIN
    frame_of_column = np.arange(width) * len(capture.frame) // width
    marks = ((chosen + 0.5) / len(capture.frame) * width).astype(int)
    lanes = []
    for hand, colour in enumerate(hand_colours(capture)):
        bright = np.array([LANE_GROUND] + [state_colour(state, colour) for state in list(State)[1:]], np.uint8)
        dim = (bright * 0.35 + np.array(LANE_GROUND) * 0.65).astype(np.uint8)
        state = capture.state[hand, frame_of_column]
        confidence = np.nan_to_num(capture.confidence[hand, frame_of_column], nan=1.0)  # unknown: the state alone
        below = np.arange(LANE, 0, -1)[:, None] <= confidence * LANE
        lane = np.where(below[..., None], bright[state], dim[state])
        lane[: LANE // 8, marks] = WHITE
        lanes.append(lane)
    return lanes


def _stack(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Parts one under the other, with margins around and gaps between."""
    sheet = _blank(sum(len(part) + GAP for part in parts) - GAP + 2 * MARGIN, SHEET_WIDTH)
    top = MARGIN
    for part in parts:
        sheet[top : top + len(part), MARGIN : MARGIN + part.shape[1]] = part
        top += len(part) + GAP
    return sheet


def _blank(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), GROUND, np.uint8)
