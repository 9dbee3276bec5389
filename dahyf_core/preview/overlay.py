"""The hands of one captured frame over its picture: mesh, joints, and a caption with confidence and state."""

from itertools import cycle

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.errors import FootageError
from dahyf_core.preview.labels import WHITE, Colour, draw_text, text_width
from dahyf_core.preview.mesh import draw_mesh
from dahyf_core.preview.skinning import skin
from dahyf_core.preview.view import View

HAND_COLOURS: dict[str, tuple[Colour, ...]] = {
    "right": ((64, 200, 206), (112, 216, 120)),
    "left": ((118, 142, 255), (196, 132, 255)),
}
STATE_COLOURS: dict[State, Colour] = {State.REPLACED: (244, 70, 92), State.INTERPOLATED: (255, 196, 60)}
MESH_OPACITY = 0.7
FINGERS = ((0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (0, 17, 18, 19, 20), (5, 9, 13, 17))
NO_CAMERA = "Import the file again with --footage."
SHADE: Colour = (24, 26, 30)


def hand_colours(capture: Capture) -> list[Colour]:
    """One colour for each hand, far from any skin: green to blue for right, blue to violet for left hands."""
    palettes = {side: cycle(colours) for side, colours in HAND_COLOURS.items()}
    return [next(palettes[str(side)]) for side in capture.side]


def state_colour(state: int, hand_colour: Colour) -> Colour:
    """The colour of a mesh: the hand's own, or that of a pose that was not observed."""
    return STATE_COLOURS.get(State(state), hand_colour)


def draw_hands(image: NDArray[np.uint8], capture: Capture, index: int, view: View) -> None:
    """Draw the hands of the capture's frame `index` into the `view` of its picture, in place, far ones first."""
    present = np.flatnonzero(capture.state[:, index] != State.MISSING)
    colours = hand_colours(capture)
    if capture.source.intrinsics is None:
        raise FootageError("The capture has no camera through which its hands could be drawn.", NO_CAMERA)
    intrinsics = view.intrinsics(capture.source.intrinsics)
    for hand in sorted(present, key=lambda hand: -capture.translation[hand, index, 2]):
        vertices = skin(
            capture.rest_vertices[hand],
            capture.rest_joints[hand],
            capture.skin_weights,
            capture.parents,
            capture.pose[hand, index],
            capture.translation[hand, index],
        )
        colour = state_colour(capture.state[hand, index], colours[hand])
        draw_mesh(image, vertices, capture.faces[hand], intrinsics, colour, MESH_OPACITY)
        draw_skeleton(image, view.pixels(capture.joints_2d[hand, index]), colour)


def draw_skeleton(image: NDArray[np.uint8], joints: NDArray[np.floating], colour: Colour) -> None:
    """Draw 21 joints (21, 2) px and the lines between them, in place; the larger the hand, the bolder."""
    stroke = float(np.clip(np.ptp(joints, axis=0).max() / 170, 0.8, 4))
    points = np.round(joints * 16).astype(np.int32)
    lines = [points[list(chain)][:, None] for chain in FINGERS]
    cv2.polylines(image, lines, False, SHADE, round(2.4 * stroke), cv2.LINE_AA, 4)
    cv2.polylines(image, lines, False, WHITE, max(1, round(1.2 * stroke)), cv2.LINE_AA, 4)
    for x, y in np.round(joints).astype(int).tolist():
        cv2.circle(image, (x, y), round(3.4 * stroke), SHADE, -1, cv2.LINE_AA)
        cv2.circle(image, (x, y), round(2.4 * stroke), colour, -1, cv2.LINE_AA)


def draw_caption(image: NDArray[np.uint8], capture: Capture, index: int, height: float) -> None:
    """Write frame number, and each hand's side and confidence in the colour of its state, in the upper left corner."""
    words: list[tuple[str, Colour]] = [(f"{capture.frame[index]}", WHITE)]
    for hand, colour in enumerate(hand_colours(capture)):
        state = State(capture.state[hand, index])
        if state != State.MISSING:
            text = str(capture.side[hand])[0].upper()
            if np.isfinite(capture.confidence[hand, index]):
                text += f" {capture.confidence[hand, index]:.2f}"
            words.append((text, state_colour(state, colour)))
    pad = round(0.8 * height)
    width = sum(text_width(text, height) + 2 * pad for text, _ in words)
    corner = image[: round(2.4 * height), :width]
    corner[:] = corner * 0.3 + np.array(SHADE) * 0.7
    left = pad
    for text, colour in words:
        left = draw_text(image, text, left, round(1.7 * height), height, colour) + 2 * pad
