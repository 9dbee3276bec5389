"""Runs all yardsticks, one after the other."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dahyf_core.capture import replacing
from dahyf_core.detection import PalmDetector
from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.yardsticks import (
    confidence,
    equivariance,
    false_hands,
    jitter,
    photographs,
    stereo,
    synthetic,
)
from dahyf_core.evaluation.yardsticks.inputs import Inputs
from dahyf_core.evaluation.yardsticks.mediapipe_hands import MediaPipeSystem
from dahyf_core.evaluation.yardsticks.rows import Row
from dahyf_core.evaluation.yardsticks.systems import MODELS, EstimatorSystem, NetworkSystem, System
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork, network_estimator
from dahyf_core.shipped import asset

Yardstick = Callable[[Sequence[System], Inputs], Iterable[Row]]

YARDSTICKS: dict[str, Yardstick] = {
    module.NAME: module.measure
    for module in (stereo, synthetic, photographs, equivariance, jitter, false_hands, confidence)
}


def create_systems(models: Sequence[Path] | None, baseline: bool, mediapipe: Path | None, threads: int) -> list[System]:
    """The systems to measure, peers first. models: networks, None for the one that ships. mediapipe: its interpreter.

    Raises ModelFileError.
    """
    detector = PalmDetector(threads=threads)
    systems: list[System] = []
    if mediapipe is not None:
        systems.append(MediaPipeSystem(mediapipe))
    if baseline:
        systems.append(EstimatorSystem("baseline", LandmarkEstimator(LandmarkNetwork(threads), MODELS), detector))
    for model in models or [asset("dahyf_lite.onnx")]:
        systems.append(NetworkSystem(model.stem, network_estimator(MODELS, threads, model), detector))
    return systems


def run(
    systems: Sequence[System], inputs: Inputs, only: Sequence[str] | None, warn: Callable[[str], None]
) -> Iterator[tuple[str, list[Row]]]:
    """Each yardstick's name and rows, as they are measured. only: names, None for all that have their data.

    Raises SettingsError for an unknown name, and for data that is missing.
    """
    warnings.filterwarnings("ignore", "The lens distortion")  # warns of the stereo pair's corners, where no hand is
    if unknown := set(only or ()) - set(YARDSTICKS):
        raise SettingsError(f"There is no yardstick {unknown.pop()}.", f"Choose from {', '.join(YARDSTICKS)}.")
    inputs.check()
    for name in only or YARDSTICKS:
        if missing := inputs.missing(name):
            warn(f"{name} is left out: it needs {' and '.join(missing)}.")
        else:
            yield name, list(YARDSTICKS[name](systems, inputs))


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write all numbers as JSON."""
    with replacing(path) as stream:
        stream.write(json.dumps([row.to_json() for row in rows], indent=1).encode())
