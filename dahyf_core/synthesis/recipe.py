"""The recipe of a synthetic set determines it to the last pixel. Sets with the same recipe are parts of one set."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dahyf_core.datasets.files import list_pictures
from dahyf_core.hand_model import HandModel
from dahyf_core.synthesis.settings import SynthesisSettings


@dataclass(frozen=True)
class Recipe:
    """program: version of this package. hand_model, backgrounds and poses are digests of what was used."""

    program: str
    seed: int
    split: str
    hand_model: str
    backgrounds: str
    poses: str
    settings: SynthesisSettings


def geometry_digest(model: HandModel) -> str:
    """A digest of the bones and the skin only. Changed keypoint sets do not make labels wrong."""
    digest = hashlib.sha256()
    for array in (model.vertices, model.shape_directions, model.joints, model.joint_directions, model.weights):
        digest.update(np.asarray(array, np.float32).tobytes())
    return digest.hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of the content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of_folder(folder: Path) -> str:
    """A digest of the names and sizes of the pictures below a folder."""
    names = list_pictures(folder)
    listing = "\n".join(f"{name} {(folder / name).stat().st_size}" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()
