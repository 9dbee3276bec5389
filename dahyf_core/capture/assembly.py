"""Makes a capture from raw hands, and makes it again with other settings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dahyf_core.capture.record import Capture, CaptureSource, HandModelRecord
from dahyf_core.cleaning import CleaningSettings, RawHand, TrackEdits, clean, edit_tracks
from dahyf_core.errors import ModelFileError
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.profiling import is_stage
from dahyf_core.shared.names import BONE_NAMES


@is_stage("cleaning")
def assemble_capture(
    source: CaptureSource,
    frame: ArrayLike,
    time: ArrayLike,
    hands: Sequence[RawHand],
    models: Mapping[Side, HandModel],
    settings: CleaningSettings,
) -> Capture:
    """Clean each hand and collect them in one capture.

    frame, time: (T,) numbers and seconds of the captured frames. models: by side, all with flat_hand_mean; "right" is
    needed even when there are no hands.
    """
    if not all(model.flat_hand_mean for model in models.values()):
        raise ValueError("a capture holds poses relative to the flat hand")
    times = np.asarray(time, dtype=np.float64)
    frames = len(times)
    hands = [_in_single_precision(hand) for hand in hands]
    numbers = np.asarray(frame, dtype=np.int64)
    cleaned = [clean(hand, times, settings, models[hand.side], source.intrinsics, numbers) for hand in hands]
    rest = [models[hand.side].rest(result.shape) for hand, result in zip(hands, cleaned, strict=True)]
    model = models["right"]
    return Capture(
        source=source,
        cleaning=settings,
        frame=numbers,
        time=times,
        side=np.array([hand.side for hand in hands], dtype="<U5"),
        raw_box=_stack([hand.box for hand in hands], (frames, 4)),
        raw_joints_2d=_stack([hand.joints_2d for hand in hands], (frames, 21, 2)),
        raw_joints_2d_projected=_stack([hand.joints_2d_projected for hand in hands], (frames, 21, 2)),
        raw_pose=_stack([hand.pose for hand in hands], (frames, 16, 3)),
        raw_shape=_stack([hand.shape for hand in hands], (frames, 10)),
        raw_translation=_stack([hand.translation for hand in hands], (frames, 3)),
        raw_confidence=_stack([hand.confidence for hand in hands], (frames,)),
        pose=_stack([result.pose for result in cleaned], (frames, 16, 3)),
        shape=_stack([result.shape for result in cleaned], (10,)),
        translation=_stack([result.translation for result in cleaned], (frames, 3)),
        confidence=_stack([result.confidence for result in cleaned], (frames,)),
        state=_stack([result.state for result in cleaned], (frames,), np.uint8),
        joints_2d=_stack([result.joints_2d for result in cleaned], (frames, 21, 2)),
        joints_3d=_stack([result.joints_3d for result in cleaned], (frames, 21, 3)),
        rest_vertices=_stack([hand.vertices for hand in rest], model.vertices.shape),
        rest_joints=_stack([hand.joints for hand in rest], (16, 3)),
        rest_tips=_stack([hand.tips for hand in rest], (5, 3)),
        faces=_stack([models[hand.side].faces for hand in hands], model.faces.shape, np.int32),
        skin_weights=model.weights.astype(np.float32),
        parents=model.parents.astype(np.int32),
        bone_names=np.array(BONE_NAMES, dtype="<U8"),
    )


def recleaned(
    capture: Capture,
    settings: CleaningSettings,
    models: Mapping[Side, HandModel],
    edits: TrackEdits = TrackEdits(),  # noqa: B008 (frozen)
) -> Capture:
    """Edit the tracks of the raw estimates, then gate and smooth them again, without network and footage.

    models: by side, those that the capture was made with. Raises ModelFileError for others.
    """
    _check_same_model(capture, models)
    hands = [capture.raw_hand(hand) for hand in range(capture.hands)]
    hands = edit_tracks(hands, capture.frame, edits, models, capture.source.intrinsics)
    return assemble_capture(capture.source, capture.frame, capture.time, hands, models, settings)


def _check_same_model(capture: Capture, models: Mapping[Side, HandModel]) -> None:
    made_with, given = capture.source.hand_model, HandModelRecord.of(models)
    if made_with.name != given.name:
        raise ModelFileError(
            f"The capture was made with the hand model {made_with.name}, not with {given.name}.",
            "Give the model file that the capture was made with.",
        )
    if any(made_with.sha256.get(side) != given.sha256[side] for side in capture.side):
        raise ModelFileError(
            f"The capture was made with another version of the hand model {made_with.name}.",
            "Give the model file that the capture was made with, or capture the footage again.",
        )


def _in_single_precision(hand: RawHand) -> RawHand:
    """The hand in the file's precision, so that cleaning the loaded file again gives the same result."""
    arrays = {name: np.asarray(value, dtype=np.float32) for name, value in vars(hand).items() if name != "side"}
    return RawHand(side=hand.side, **arrays)


def _stack(arrays: Sequence[ArrayLike], shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """(H, *shape); H may be 0."""
    return np.array(arrays, dtype=dtype).reshape(len(arrays), *shape)
