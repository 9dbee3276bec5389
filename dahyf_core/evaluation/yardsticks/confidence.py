"""Measures how well the confidence separates hands from other things, and right answers from wrong ones.

Hands are validation pictures, drawn and photographed, with a right answer. Other things are random patches of
photographs without hands, and false detections of a palm detector there. The baseline's landmark network selected
these photographs, which makes them slightly easier for the baseline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.datasets import HandlessPhotographs, Sample
from dahyf_core.datasets.patch import Augmentation, hand_crop, random_crop
from dahyf_core.evaluation.yardsticks.inputs import Inputs, samples
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.synthetic import in_patches, wrist_errors
from dahyf_core.evaluation.yardsticks.systems import CropSystem, System, gather
from dahyf_core.metrics import PrecisionRecall, auroc, epe

NAME = "confidence"
RIGHT_PX, RIGHT_DEGREES = 14.0, 45.0
"""Limits of a right answer: distance of visible joints, px of the patch (a tenth of the hand's box), and error of the
wrist's rotation, degrees."""
WRONG_PX = 28.0
"""Distance from which an answer is wrong, px of the patch."""
HANDS = 500
"""Largest number of drawn hands, and of photographed hands."""
PATCHES = 4
"""Random patches of each photograph without hands."""
PRECISION = 0.99
"""Precision at the recommended threshold."""
RIGHT_ANSWERS, OTHER_THINGS = "confidence of right answers", "confidence of other things"


@dataclass(frozen=True, eq=False)
class Confidences:
    """Confidences of right answers, of wrong ones, and of patches without a hand; (N,) each."""

    right: Array
    wrong: Array
    others: Array

    @property
    def curve(self) -> PrecisionRecall:
        return PrecisionRecall.of(self.right, self.others)

    @property
    def threshold(self) -> float:
        """The recommended threshold: the lowest one with PRECISION."""
        return self.curve.precise_threshold(PRECISION)


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Measure the estimators only, because MediaPipe Hands has no confidence for a crop."""
    for system, found in collect(systems, inputs).items():
        tell = Teller(NAME, system)
        count = len(found.right) + len(found.others)
        yield tell.number("AUROC, hands against other things", "", auroc(found.right, found.others), count)
        if len(found.wrong):
            wrong = auroc(found.right, found.wrong)
            yield tell.number("AUROC, right answers against wrong", "", wrong, len(found.right) + len(found.wrong))
        yield tell.number(f"threshold for a precision of {PRECISION}", "", found.threshold, count)
        yield tell.share("recall there", found.right >= found.threshold)
        yield tell.share("wrong answers passed there", found.wrong >= found.threshold)
        yield tell.spread(RIGHT_ANSWERS, "", found.right)
        yield tell.spread(OTHER_THINGS, "", found.others)


def collect(systems: Sequence[System], inputs: Inputs) -> dict[str, Confidences]:
    """Confidences by system."""
    drawn, photographed = inputs.synthetic(), inputs.photographs()
    hands = [hand for part in (drawn, photographed) for hand in samples(part, inputs.rows(len(part), HANDS))]
    handless = HandlessPhotographs(inputs.data / "backgrounds", threads=1)
    nothing = list(samples(handless, inputs.rows(len(handless))))
    result = {}
    for system in systems:
        if (asked := system.in_crops) is not None:
            right, wrong = of_hands(asked, hands)
            result[system.name] = Confidences(right, wrong, of_other_things(asked, nothing))
    return result


def of_hands(system: CropSystem, hands: list[Sample]) -> tuple[Array, Array]:
    """Confidences of right and of wrong answers. Wrist rotations in photographs are unknown."""
    found = gather([system.look(sample) for sample in hands])
    visible = np.array([sample.visible for sample in hands])
    truth = in_patches(hands, np.array([sample.joints_2d for sample in hands]))
    pixels = epe(in_patches(hands, found.joints_2d), truth, visible)
    drawn = np.array([sample.source.startswith("synthetic/") for sample in hands])
    degrees = np.where(drawn, wrist_errors(hands, found), 0.0)
    right, wrong = (pixels < RIGHT_PX) & (degrees < RIGHT_DEGREES), (pixels > WRONG_PX) | (degrees > 2 * RIGHT_DEGREES)
    return found.confidence[right], found.confidence[wrong]


def of_other_things(system: CropSystem, nothing: list[Sample]) -> Array:
    """Confidences of patches without a hand, the same patches for every system."""
    random = np.random.default_rng(0)
    confidences = []
    for sample in nothing:
        if np.isfinite(sample.box).all():
            crops = [hand_crop(sample, Augmentation(), random)]
        else:
            crops = [random_crop(sample, random) for _ in range(PATCHES)]
        for crop in crops:
            answer = system.look_at(sample.image, crop, "left" if crop.mirrored[0] else "right")
            confidences.append(answer.confidence[0])
    return np.array(confidences)
