"""The drawn clips that are measured."""

import tempfile
from collections.abc import Collection
from pathlib import Path

from dahyf_core.datasets.files import list_pictures
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis.clips import CLIP_KINDS, FINISHES, ClipSettings, draw_clips

SETTINGS = ClipSettings(width=640, height=360, frames=90, rate=30)


def drawn_clips(folder: Path, backgrounds: Path, people: Collection[str], seeds: int) -> list[Path]:
    """Clips of each kind and finish in a folder; those that it lacks are drawn.

    people: photographs among the backgrounds that show hands, and are left out.
    Raises DatasetError, and SettingsError where OpenGL is missing.
    """
    wanted = [(kind, finish, seed) for seed in range(1, seeds + 1) for kind in CLIP_KINDS for finish in FINISHES]
    with tempfile.TemporaryDirectory() as chosen:
        for name in list_pictures(backgrounds):
            if name not in people:
                (Path(chosen) / name.replace("/", "_")).symlink_to((backgrounds / name).resolve())
        return list(draw_clips(folder, wanted, load_hand_model(), SETTINGS, Path(chosen)))
