"""The hand models of a measured estimator."""

from collections.abc import Mapping
from pathlib import Path

from dahyf_core.hand_model import HandModel, Side, load_hand_model

Hands = Mapping[Side, HandModel]


def load_hands(source: str | Path = "open_hand") -> Hands:
    """Both sides of a hand model. Raises ModelFileError."""
    return {"right": load_hand_model(source, "right"), "left": load_hand_model(source, "left")}
