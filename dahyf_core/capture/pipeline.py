"""The steps from a clip to a capture file."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dahyf_core import __version__
from dahyf_core.capture.assembly import assemble_capture
from dahyf_core.capture.atomic import sole_writer
from dahyf_core.capture.file import save_capture
from dahyf_core.capture.guided import OneSided, check_guidance, flipped, given_hands, in_region
from dahyf_core.capture.job import CaptureSettings, observed_part
from dahyf_core.capture.journal import Journal, journal_folder
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.capture.other_side import seen_as
from dahyf_core.capture.record import Capture, CaptureSource, FootageRecord, HandModelRecord
from dahyf_core.capture.tracking_loop import Clip, Report, run_tracking
from dahyf_core.cleaning import RawHand
from dahyf_core.detection import MIN_SCORE, Detectors
from dahyf_core.errors import DahyfError, ExitCode
from dahyf_core.footage import Footage, FootageInfo, probe, select
from dahyf_core.hand_model import HandModel, Side, load_hand_models
from dahyf_core.pose import HandEstimates, HandObservations, PoseEstimator, create_estimator
from dahyf_core.profiling import stage
from dahyf_core.tracking import TrackingSettings, assemble_hands, given_rows

LEAST_SCORE = 0.05
"""Least score of a palm: with less, the detector finds them everywhere."""


class Interrupted(DahyfError):  # noqa: N818
    """The run was asked to stop. The frames so far are kept, and the same command resumes from there."""

    exit_code = ExitCode.INTERRUPTED


def never() -> bool:
    """A stop request that never stops."""
    return False


def capture_footage(
    settings: CaptureSettings, output: Path, report: Report, stop: Callable[[], bool] = never, threads: int = 0
) -> Capture:
    """Capture the hands in footage and write the capture file. Footage without hands gives a valid, empty capture.

    Observations are kept beside the output, in the folder OUTPUT.partial, until the capture is written. `stop` is
    called after each frame. When it returns True, the frames so far are written to the output, unless that holds a
    whole capture already; the folder stays, and Interrupted is raised. The next call resumes from there if footage,
    range, rate, lens, estimator, weights and number of hands are the same; hand model and cleaning may differ. Any
    other call starts over. Only one process at a time can write an output; others get OutputError.

    Raises FootageError, SettingsError, ModelFileError, OutputError or Interrupted.
    """
    with sole_writer(output, journal_folder(output)):
        return _capture(settings, output, report, stop, threads)


def _capture(
    settings: CaptureSettings, output: Path, report: Report, stop: Callable[[], bool], threads: int
) -> Capture:
    """`capture_footage` inside the lock of the output."""
    with stage("reading the index"):
        info = probe(settings.footage, settings.rate, deinterlace=settings.deinterlace, as_sequence=settings.sequence)
    _tell_of_conversions(info, report)
    intrinsics = settings.lens.intrinsics(info.width, info.height, float(info.pixel_aspect))
    positions = select(info, settings.frame_range)
    check_guidance(settings.guidance, info, positions)
    given = given_hands(settings.guidance, info, settings.mirrored)
    clip = Clip(Footage(info), positions, intrinsics, settings.mirrored, given)
    with stage("loading networks"):
        models = load_hand_models(settings.hand_model)
        estimator, detectors = _networks(settings, models, info.width, threads)
    report.status(f"The estimator {estimator.name} runs on {estimator.provider}.")
    tracking = settings.tracking
    journal = Journal.beside(output, observed_part(settings) | _resolved(clip, estimator))
    if journal.has_dropped:
        report.warning(f"The frames of an unfinished capture with other settings beside {output} were discarded.")
    tracked = run_tracking(clip, detectors, estimator, tracking, journal, report, stop)
    done, total = tracked.done, len(clip.positions)
    if not tracked.complete and not journal.may_replace(output):
        raise Interrupted(
            f"Stopped after {done} of {total} frames. {output} still holds the earlier capture.",
            "Run the same command again to go on.",
        )
    seen = replace(clip, positions=clip.positions[:done])
    hands = solve(seen, tracked.log, estimator, tracking, report)
    complete = tracked.complete
    del tracked  # of long footage it is large
    capture = assemble_capture(
        source=CaptureSource(
            footage=FootageRecord.of(info),
            intrinsics=intrinsics,
            estimator=estimator.name,
            hand_model=HandModelRecord.of(models),
            mirrored=settings.mirrored,
            guidance=settings.guidance,
        ),
        frame=info.frames[seen.positions],
        time=seen.times,
        hands=hands,
        models=models,
        settings=settings.cleaning,
    )
    if not capture.hands and complete:
        report.warning(f"No hands were found in {settings.footage}.")
    save_capture(capture, output)
    if not complete:
        journal.note_stopped(output)
        raise Interrupted(
            f"Stopped after {done} of {total} frames. {output} holds these frames.",
            "Run the same command again to go on.",
        )
    journal.remove()
    return capture


def _networks(
    settings: CaptureSettings, models: Mapping[Side, HandModel], width: int, threads: int
) -> tuple[PoseEstimator, Detectors]:
    """The estimator and the detectors, as the user's knowledge limits them. width: of the picture, px."""
    guidance = settings.guidance
    estimator: PoseEstimator = create_estimator(settings.estimator, models, threads, settings.network)
    score = min(MIN_SCORE, max(settings.tracking.enter_presence, LEAST_SCORE))
    detectors = Detectors.create(score, threads)
    if guidance.side is not None:
        estimator = OneSided(estimator, guidance.side)
    if guidance.region is not None:
        region = flipped(guidance.region, width) if settings.mirrored else guidance.region
        detectors = in_region(detectors, region)
    return estimator, detectors


def _tell_of_conversions(info: FootageInfo, report: Report) -> None:
    """Say where the frames are not read as they are stored."""
    if info.deinterlace == "on" or (info.is_interlaced and info.deinterlace == "auto"):
        report.status(f"{info.path} is deinterlaced; --deinterlace off leaves its frames as they are.")
    if info.dynamic_range != "SDR":
        report.status(f"{info.path} is HDR ({info.dynamic_range}); its frames are tone-mapped.")


def solve(
    clip: Clip, log: ObservationLog, estimator: PoseEstimator, settings: TrackingSettings, report: Report
) -> list[RawHand]:
    """The hands of a clip, in the order in which they appear, from all their observations."""
    index = log.position - clip.positions.start
    certain = given_rows(clip.given, log.position, log.observations)
    assembly = assemble_hands(index, log.track, log.observations, clip.times, settings, certain)
    hands, result = assembly.hands, []
    for left_out in assembly.left_out:
        report.warning(str(left_out))
    for number, hand in enumerate(hands, 1):
        report.status(f"Finding the poses of hand {number} of {len(hands)}, a {hand.side} one.")
        observations = seen_as(hand.side, clip, log.position[hand.rows], log.observations[hand.rows], estimator)
        estimates = estimator.solve(observations, hand.side)
        result.append(_raw_hand(hand.side, index[hand.rows], len(clip.positions), observations, estimates))
    return result


def _raw_hand(
    side: Side, index: NDArray[np.int64], frames: int, observations: HandObservations, estimates: HandEstimates
) -> RawHand:
    """Estimates of some frames in arrays over all frames, in the precision of the capture file."""

    def spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
        result = np.full((frames, *values.shape[1:]), np.nan, dtype=np.float32)
        result[index] = values
        return result

    crops = observations.crops
    return RawHand(
        side=side,
        box=spread(np.column_stack([crops.center, crops.side, crops.roll])),
        joints_2d=spread(estimates.joints_2d),
        joints_2d_projected=spread(estimates.joints_2d_projected),
        pose=spread(estimates.pose),
        shape=spread(estimates.shape),
        translation=spread(estimates.translation),
        confidence=spread(estimates.confidence),
    )


def _resolved(clip: Clip, estimator: PoseEstimator) -> dict[str, Any]:
    """What the observations depend on besides the settings."""
    return {
        "program": __version__,
        "footage": clip.source.sha256,
        "positions": [clip.positions.start, clip.positions.stop],
        "times": hashlib.sha256(clip.times.tobytes()).hexdigest(),
        "intrinsics": asdict(clip.intrinsics),
        "weights": estimator.weights,
        "observed": list(ObservationLog.empty(clip.intrinsics).to_arrays()),
    }
