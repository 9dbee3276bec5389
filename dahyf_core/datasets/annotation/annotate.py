"""From a folder of photographs to cleaned labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dahyf_core.camera import Lens, assumed_focal
from dahyf_core.capture.tracking_loop import Report
from dahyf_core.datasets.annotation.cleaning import CleaningLimits, cleaned
from dahyf_core.datasets.annotation.fits import fit_observations
from dahyf_core.datasets.annotation.seeds import Photograph, Seeds, list_photographs, read_seeds
from dahyf_core.datasets.annotation.test_time_augmentation import AveragedObservations, observe_augmented
from dahyf_core.datasets.files import read_image
from dahyf_core.datasets.labels import PhotoLabels, box_side
from dahyf_core.detection import PalmDetector
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.pose import LabellingEstimator, LandmarkEstimator, LandmarkNetwork
from dahyf_core.stills import find_hands


@dataclass(frozen=True)
class Annotation:
    """Labels of a folder. dropped: number of hands left out for each reason. pictures: number of pictures processed."""

    labels: PhotoLabels
    dropped: Mapping[str, int]
    pictures: int


@dataclass(frozen=True, eq=False)
class _Viewed:
    """The hands of one picture, one for each hand of `seeds`."""

    photograph: Photograph
    size: tuple[int, int]
    seeds: Seeds
    averaged: AveragedObservations


class Annotator:
    """Labels photographs with the palm detector, the landmark network and the hand model."""

    def __init__(
        self, limits: CleaningLimits | None = None, teacher: LabellingEstimator | None = None, threads: int = 0
    ) -> None:
        """teacher: estimator whose 3D points are the labels; None for the landmark network, which locates 2D joints.

        threads: CPU threads of the networks, 0 for one per core. Raises ModelFileError.
        """
        self._estimator = LandmarkEstimator(LandmarkNetwork(threads), {})
        self._teacher = teacher
        self._detector = PalmDetector(threads=threads)
        self._model: HandModel = load_hand_model()
        self._limits = limits or CleaningLimits()

    def annotate(self, folder: Path, report: Report) -> Annotation:
        """Label the hands in a folder of photographs.

        The folder may hold an index.json with its mediapipe_labels.npz (docs/datasets.md). Otherwise all pictures are
        used and the hands are detected. A picture that cannot be read is warned about and left out. Raises
        DatasetError if no picture is left, or if the index or the labels have another layout.
        """
        photographs = list_photographs(folder)
        given = read_seeds(folder, len(photographs))
        viewed = []
        for done, photograph in enumerate(photographs, start=1):
            try:
                viewed.append(self._view(folder, photograph, given[done - 1] if given else None))
            except DatasetError as error:
                report.warning(f"{error.reason} It was left out.")
            report.progress("looking", done, len(photographs))
        if not viewed:
            raise DatasetError(f"None of the pictures of {folder} can be read.", "Give a folder of photographs.")
        report.status("Fitting the hand model.")
        given_score = np.concatenate([view.seeds.score for view in viewed])
        labels, dropped = cleaned(self._fit(folder, viewed), given_score, self._limits)
        return Annotation(labels, dropped, len(viewed))

    def _view(self, folder: Path, photograph: Photograph, seeds: Seeds | None) -> _Viewed:
        image = read_image(folder / photograph.file)
        height, width = image.shape[:2]
        camera = Lens().intrinsics(width, height)
        if seeds is None:
            seeds = Seeds.of(find_hands(self._detector, self._estimator, image, camera))
        averaged = observe_augmented(self._estimator, image, seeds.joints_2d, seeds.left, camera)
        if self._teacher is not None:
            taught = observe_augmented(self._teacher, image, averaged.joints_2d, seeds.left, camera)
            averaged = replace(averaged, world=taught.world, spread_3d=taught.spread_3d)
        return _Viewed(photograph, (width, height), seeds, averaged)

    def _fit(self, folder: Path, viewed: list[_Viewed]) -> PhotoLabels:
        """Labels of all hands, before cleaning."""
        counts = [len(view.seeds) for view in viewed]
        averaged = AveragedObservations.concatenate([view.averaged for view in viewed])
        left = np.concatenate([view.seeds.left for view in viewed])
        given = np.concatenate([view.seeds.joints_2d for view in viewed])
        size = np.repeat(np.array([view.size for view in viewed], dtype=float), counts, axis=0)
        largest = np.repeat([box_side(view.averaged.joints_2d).max(initial=0.0) for view in viewed], counts)
        focal = assumed_focal(size, largest)
        fits = fit_observations(self._model, averaged, left, focal, size / 2)
        return PhotoLabels(
            folder=folder,
            picture=np.repeat([view.photograph.file for view in viewed], counts),
            source=np.repeat([view.photograph.source for view in viewed], counts),
            side=np.where(left, "left", "right"),
            picture_size=size,
            focal=focal,
            joints_2d=averaged.joints_2d,
            spread_2d=averaged.spread_2d,
            world=averaged.world,
            spread_3d=averaged.spread_3d,
            pose=fits.pose,
            shape=fits.shape,
            translation=fits.translation,
            joints_3d=fits.joints_3d,
            presence=averaged.presence,
            side_score=np.where(left, 1.0 - averaged.right_score, averaged.right_score),
            moved=np.linalg.norm(averaged.joints_2d - given, axis=-1).mean(axis=1) / box_side(averaged.joints_2d),
            residual_2d=fits.residual_2d,
            residual_3d=fits.residual_3d,
        )
