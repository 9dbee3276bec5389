"""Open a hand model by name or file."""

from pathlib import Path

from dahyf_core.hand_model.mano_file import read_mano_file
from dahyf_core.hand_model.model import HandModel, Side
from dahyf_core.hand_model.open_hand import read_open_hand


def load_hand_model(source: str | Path = "open_hand", side: Side = "right", flat_hand_mean: bool = True) -> HandModel:
    """One side of the shipped open hand ("open_hand"), or of the user's MANO (path of MANO_RIGHT or MANO_LEFT).

    MANO files are .pkl as downloaded, or .npz of the same arrays.
    A file of the other side is mirrored. flat_hand_mean: whether a pose of zeros is MANO's flat hand (True) or its mean
    pose; the open hand's zeros are always flat. Raises ModelFileError for a file that is missing, of another layout, or
    unsafe.
    """
    model = read_open_hand() if source == "open_hand" else read_mano_file(Path(source), flat_hand_mean)
    return model if model.side == side else model.mirrored()


def load_hand_models(source: str | Path | None = None) -> dict[Side, HandModel]:
    """Both sides of a hand model, by side. source: as above; None for the open hand. Raises ModelFileError."""
    right = load_hand_model(source or "open_hand")
    return {"right": right, "left": right.mirrored()}
