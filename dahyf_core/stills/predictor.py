"""Predicts hands in pictures, or in boxes in them: decoded ahead, processed in batches, returned as a stream."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, repeat
from pathlib import Path
from typing import Any, Self

import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.camera import Intrinsics, Lens, assumed_focal, box_around, upright_rolls
from dahyf_core.capture.finding import find_hands
from dahyf_core.detection import Detector, HandDetector
from dahyf_core.footage import prefetch, read_picture
from dahyf_core.hand_model import Side, load_hand_models
from dahyf_core.pose import HandEstimates, StillsEstimator, network_estimator
from dahyf_core.stills.boxes import HandBox, asked_boxes, check_pictures
from dahyf_core.stills.prediction import Prediction
from dahyf_core.stills.refinement import WantedHand, estimate_hands, sensible_box

KEYPOINTS = "freihand"
"""The keypoint set of predictions: heads of bones, and fingertips on the skin."""
BATCH_HANDS = 4
"""Number of hands in a batch. Each hand takes several patches."""
BATCH_BYTES = 64 << 20
"""Largest memory of the pictures that wait for a batch to fill, bytes."""
PICTURES_AHEAD = 2

Boxes = Sequence[HandBox]


@dataclass(frozen=True, eq=False)
class _Still:
    """A picture's hands: the requested or detected boxes, and the hands to estimate in them."""

    boxes: Boxes
    wanted: Sequence[WantedHand]
    image: Image


class Predictor:
    """Estimates hands in stills, with any estimator for stills."""

    def __init__(self, estimator: StillsEstimator, detector: Detector, vertices: bool = False) -> None:
        """vertices: whether the answers have skin."""
        self._estimator = estimator
        self._detector = detector
        self._vertices = vertices

    @classmethod
    def create(cls, hand_model: Path | None = None, vertices: bool = False, network: Path | None = None) -> Self:
        """hand_model: the user's MANO file, None for the open hand. network: an ONNX file, None for the one that ships.

        Raises ModelFileError.
        """
        models = load_hand_models(hand_model)
        return cls(network_estimator(models, network=network), HandDetector(), vertices)

    @property
    def estimator(self) -> StillsEstimator:
        """The estimator."""
        return self._estimator

    def in_boxes(self, boxes: Iterable[HandBox]) -> Generator[list[Prediction], None, None]:
        """One hand a box, in order; a list for each run of boxes of one picture, which is read once.

        Raises FootageError when a picture cannot be read.
        """
        groups = ((image, list(group)) for image, group in groupby(boxes, key=lambda box: box.image))
        with closing(prefetch(_read(groups), PICTURES_AHEAD)) as pictures:
            stills = (_Still(group, _wanted(group, image, repeat(0.0)), image) for _, group, image in pictures)
            yield from self._in_batches(stills)

    def in_pictures(self, images: Iterable[str]) -> Generator[list[Prediction], None, None]:
        """A list of the hands found in each picture, the surest first, in order. Raises FootageError as above."""
        with closing(prefetch(_read((image, ()) for image in images), PICTURES_AHEAD)) as pictures:
            yield from self._in_batches(self._found(path, image) for path, _, image in pictures)

    def _found(self, path: str, image: Image) -> _Still:
        """The detected hands in a picture."""
        height, width = image.shape[:2]
        intrinsics = Lens().intrinsics(width, height)
        seen = find_hands(self._detector, self._estimator, image, intrinsics)
        seen = seen[np.argsort(-seen.presence, kind="stable")]
        is_left = seen.right_score < 0.5
        boxes = [
            HandBox(path, (x, y, right - x, bottom - y), "left" if left else "right")
            for (x, y, right, bottom), left in zip(box_around(seen.joints_2d).tolist(), is_left, strict=True)
        ]
        return _Still(boxes, _wanted(boxes, image, upright_rolls(seen.joints_2d, is_left, intrinsics)), image)

    def _in_batches(self, stills: Iterable[_Still]) -> Iterator[list[Prediction]]:
        batch: list[_Still] = []
        for still in stills:
            batch.append(still)
            hands = sum(len(waiting.boxes) for waiting in batch)
            if hands >= BATCH_HANDS or sum(waiting.image.nbytes for waiting in batch) >= BATCH_BYTES:
                yield from self._predict(batch)
                batch = []
        yield from self._predict(batch)

    def _predict(self, batch: Sequence[_Still]) -> Iterator[list[Prediction]]:
        """The hands of each still."""
        wanted = [hand for still in batch for hand in still.wanted]
        estimates: list[tuple[Side, HandEstimates]] = []
        for start in range(0, len(wanted), BATCH_HANDS):
            estimates += estimate_hands(self._estimator, wanted[start : start + BATCH_HANDS])
        answers = iter(zip(wanted, estimates, strict=True))
        for still in batch:
            yield [self._answer(box, hand, *found) for box, (hand, found) in zip(still.boxes, answers, strict=False)]

    def _answer(self, box: HandBox, hand: WantedHand, side: Side, found: HandEstimates) -> Prediction:
        model = self._estimator.hand_models[side]
        parameters = found.pose, found.shape, found.translation
        joints_3d = model.keypoints(model.skeleton(*parameters), KEYPOINTS)[0]
        return Prediction(
            image=box.image,
            box=np.array(box.box),
            side=side,
            confidence=float(found.confidence[0]),
            joints_3d=joints_3d,
            joints_2d=found.joints_2d[0],
            joints_2d_projected=hand.intrinsics.project(joints_3d),
            pose=found.pose[0],
            shape=found.shape[0],
            translation=found.translation[0],
            focal=hand.intrinsics.fx,
            vertices=model(*parameters).vertices[0] if self._vertices else None,
        )


def _read(asked: Iterable[tuple[str, Boxes]]) -> Generator[tuple[str, Boxes, Image], None, None]:
    """Each path, what goes with it, and the picture."""
    for path, boxes in asked:
        yield path, boxes, read_picture(Path(path))


def _wanted(boxes: Boxes, image: Image, rolls: Iterable[float]) -> list[WantedHand]:
    """The hands of a picture to estimate. rolls: of virtual cameras in which their fingers may point up."""
    height, width = image.shape[:2]
    corners = [np.array([x, y, x + wide, y + high]) for x, y, wide, high in (box.box for box in boxes)]
    sensible = [sensible_box(corner, width, height) for corner in corners]
    largest = max((max(box[2:] - box[:2]) for box in sensible), default=0.0)
    assumed = float(assumed_focal((width, height), largest))
    return [
        WantedHand(
            image, box, None if asked.side is None else asked.side == "left", _camera(asked, image, assumed), roll
        )
        for asked, box, roll in zip(boxes, sensible, rolls, strict=False)
    ]


def _camera(asked: HandBox, image: Image, assumed_focal: float) -> Intrinsics:
    height, width = image.shape[:2]
    focal = asked.focal or assumed_focal
    return Lens(pinhole=(focal, focal, *(asked.principal or (width / 2, height / 2)))).intrinsics(width, height)


def predict(
    images: str | Path | Iterable[str | Path] = (),
    boxes: str | Path | Sequence[Mapping[str, Any]] | None = None,
    *,
    hand_model: str | Path | None = None,
    network: str | Path | None = None,
    vertices: bool = False,
) -> list[dict[str, Any]]:
    """Hands in stills, as `dahyf predict` writes them: a list of dictionaries of JSON's types.

    images: paths of pictures, in which hands are found. boxes: a JSON file, or a list like its content, of the hands to
    estimate instead, one answer each in the same order; docs/command-line.md has the fields of both. hand_model: a MANO
    file, None for the open hand. network: an ONNX file, None for the one that ships. vertices: also give the skin.

    Raises FootageError, DatasetError, ModelFileError.
    """
    paths = [str(image) for image in ([images] if isinstance(images, str | Path) else images)]
    model, weights = (None if file is None else Path(file) for file in (hand_model, network))
    if boxes is None:
        check_pictures(paths)
        found = Predictor.create(model, vertices, weights).in_pictures(paths)
    else:
        asked = asked_boxes(Path(boxes) if isinstance(boxes, str) else boxes, paths)
        found = Predictor.create(model, vertices, weights).in_boxes(asked)
    return [prediction.plain() for hands in found for prediction in hands]
