"""Measures systems side by side, on pictures and on clips."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.finding.finders import Finder
from dahyf_core.evaluation.finding.scores import ClipScore, score_clip
from dahyf_core.evaluation.finding.stills import Still, still_sets
from dahyf_core.evaluation.finding.truth import TrueHands, Truths
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.footage import probe
from dahyf_core.synthesis.clips import ClipTruth

REAL, DRAWN = "real clips", "drawn clips"


@dataclass(frozen=True)
class Inputs:
    """data: folder with real_hands/, backgrounds/, clips/ and cases/. truths: facts about them. drawn: clips with their
    truth beside. limit: most pictures of a set, 0 for all.
    """

    data: Path
    truths: Truths
    drawn: Sequence[Path]
    limit: int = 0

    def check(self) -> None:
        """Raise SettingsError for files that are missing."""
        named = [*self.truths.clips, *self.truths.pictures]
        if missing := [name for name in named if not (self.data / name).is_file()]:
            raise SettingsError(
                f"{self.data} lacks {missing[0]} and {len(missing) - 1} more of the files that the facts speak of.",
                "Give the folder that holds real_hands/, backgrounds/, clips/ and cases/.",
            )

    def clips(self) -> Iterator[tuple[str, Path, TrueHands]]:
        """Each clip with its group and truth."""
        for name in self.truths.clips:
            path = self.data / name
            yield REAL, path, self.truths.of_clip(name, len(probe(path, None).times))
        for path in self.drawn:
            yield DRAWN, path, TrueHands.drawn(ClipTruth.load(path))


def measure(finders: Sequence[Finder], inputs: Inputs, clips: bool = True, stills: bool = True) -> Iterator[list[Row]]:
    """The rows of each set of pictures, of each clip, and of all clips of a group.

    Raises SettingsError, and what a system raises.
    """
    inputs.check()
    if stills:
        with tempfile.TemporaryDirectory() as work:
            for name, pictures in still_sets(inputs.data, inputs.truths, inputs.drawn, Path(work), inputs.limit):
                yield [row for finder in finders for row in _still_rows(finder, name, pictures)]
    if clips:
        scores: dict[tuple[str, str], list[tuple[str, ClipScore]]] = {}
        for group, path, truth in inputs.clips():
            rows: list[Row] = []
            for finder in finders:
                score = score_clip(truth, finder.in_clip(path))
                scores.setdefault((group, finder.name), []).append((path.stem, score))
                rows += _clip_rows(Teller(path.stem, finder.name), [(path.stem, score)])
            yield rows
        for wanted in (REAL, DRAWN):
            yield [
                row
                for (group, name), parts in scores.items()
                if group == wanted
                for row in _clip_rows(Teller(f"all {group}", name), parts)
            ]


def _still_rows(finder: Finder, name: str, stills: Sequence[Still]) -> Iterator[Row]:
    tell = Teller(name, finder.name)
    found = finder.in_pictures([still.picture for still in stills])
    scores = [score_clip(still.truth, hands) for still, hands in zip(stills, found, strict=True)]
    yield from _shares(tell, [(still.source, score) for still, score in zip(stills, scores, strict=True)])
    false = np.array([score.false.any() for score in scores])
    yield _share(tell, "pictures with a false hand", [(still.source, false[[row]]) for row, still in enumerate(stills)])


def _clip_rows(tell: Teller, parts: Sequence[tuple[str, ClipScore]]) -> Iterator[Row]:
    yield from _shares(tell, parts)
    yield _share(tell, "frames with a false hand", [(name, score.false_frames) for name, score in parts])
    for measure, counts in (
        ("changes from one hand to another", [score.swaps for _, score in parts]),
        ("pieces of hands beyond the first", [score.pieces for _, score in parts]),
    ):
        yield tell.number(measure, "count", sum(counts), len(parts))


def _shares(tell: Teller, parts: Sequence[tuple[str, ClipScore]]) -> Iterator[Row]:
    """Recall, precision and sides, where there is anything to count."""
    columns = {
        "hands found": [(name, score.found) for name, score in parts],
        "of what is found, hands": [(name, ~score.false[score.false | _taken(score)]) for name, score in parts],
        "of the hands found, wrong side": [(name, score.wrong_side) for name, score in parts],
    }
    for measure, flags in columns.items():
        if any(len(values) for _, values in flags):
            yield _share(tell, measure, flags)


def _share(tell: Teller, measure: str, flags: Sequence[tuple[str, NDArray[np.bool_]]]) -> Row:
    """The share of flags that are set, which come by clip or photograph. One alone gives no interval."""
    groups = np.repeat([name for name, _ in flags], [len(values) for _, values in flags])
    row = tell.share(measure, np.concatenate([values for _, values in flags]), groups)
    return row if len(np.unique(groups)) > 1 else replace(row, mean_interval=None)


def _taken(score: ClipScore) -> NDArray[np.bool_]:
    """(K, T) found hands that are true ones."""
    taken = np.zeros(score.false.shape, bool)
    hands, frames = np.nonzero(score.matched >= 0)
    taken[score.matched[hands, frames], frames] = True
    return taken
