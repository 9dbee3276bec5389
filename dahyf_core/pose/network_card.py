"""The network card: facts in a network's ONNX file that are needed to run a network that did not ship."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.errors import ModelFileError, detail
from dahyf_core.runtime import REINSTALL, Session, create_session
from dahyf_core.shared import limits
from dahyf_core.shared.cleaning import NUMBERS
from dahyf_core.shipped import asset

LITE: Final = asset("dahyf_lite.onnx")
"""The network that ships."""
LITE_FACTS: Final = {"name": "dahyf-lite", "threshold": NUMBERS["threshold"].default, "licence": "GPL-3.0-or-later"}
"""Facts that the shipped file lacks, because it is older than network cards."""

KEY: Final = "dahyf"
"""Name of the metadata property that holds a card as JSON."""
INPUTS: Final = ("patches", "views")
OUTPUTS: Final = ("joints", "presence", "right_score", "sixes", "shape", "translation", "world")
"""In this order. "sixes" are the rotations in six numbers each."""
IS_HAND: Final = "is_hand"
"""An output that not all networks have: the probability of a hand, by a head that was trained for nothing else."""
FURTHER: Final = (IS_HAND, "agreement", "depth", "visibility", "log_sigma", "dense")
"""Outputs that not all networks have, after the others (`network.export.Exported`)."""
KEYPOINTS: Final = "mediapipe"
"""The set of 21 keypoints that captures and predictions have in their pictures."""

EXPORTED: Final = "Choose a file that `dahyf export-onnx` wrote."

Text = Annotated[str, Meta(max_length=limits.TEXT_LENGTH)]


class CardFacts(msgspec.Struct):
    """A card as JSON. threshold: confidence under which a frame is lost, where the network has one of its own.
    hand_model: whose pose and shape the network gives. patch_size: side of its patches, px.
    """

    name: Annotated[str, Meta(min_length=1, max_length=limits.TEXT_LENGTH)]
    keypoints: Text = KEYPOINTS
    threshold: Annotated[float, Meta(ge=0, le=1)] | None = None
    licence: Text = ""
    hand_model: Text = "open_hand"
    patch_size: Annotated[int, Meta(ge=32, le=1024)] = PATCH_SIZE


@dataclass(frozen=True)
class NetworkCard:
    """Facts about a network.

    name: its name in captures. keypoints: the set of 21 that it locates. threshold: confidence under which a frame is
    lost, None if it was not measured. licence: of its weights, empty if unknown. sha256: of its file.
    hand_model: "open_hand" or "mano", whose pose and shape it gives. patch_size: side of its patches, px.
    """

    name: str
    keypoints: str
    threshold: float | None
    licence: str
    sha256: str
    hand_model: str = "open_hand"
    patch_size: int = PATCH_SIZE


def card_metadata(
    name: str,
    threshold: float | None = None,
    licence: str = "",
    hand_model: str = "open_hand",
    patch_size: int = PATCH_SIZE,
) -> dict[str, str]:
    """The metadata properties of an ONNX file that say this of its network."""
    facts = CardFacts(name=name, threshold=threshold, licence=licence, hand_model=hand_model, patch_size=patch_size)
    return {KEY: json.dumps(msgspec.to_builtins(facts), sort_keys=True)}


def open_network(model: Path, threads: int = 0) -> tuple[Session, NetworkCard]:
    """Load a network and its card. A network without a card gets the name of its file.

    threads: of the CPU, 0 for one a core. Raises ModelFileError when the file cannot be loaded, does not have INPUTS
    and OUTPUTS, or locates other keypoints than KEYPOINTS.
    """
    session = create_session(model, threads, REINSTALL if _ships(model) else EXPORTED)
    if set(session.inputs) != set(INPUTS) or not _are_outputs(session.outputs):
        raise ModelFileError(
            f"The network file {model} is not a DaHyF network: its inputs are {_listed(session.inputs)} and its outputs"
            f" are {_listed(session.outputs)}.",
            EXPORTED,
        )
    return session, _card(model, session.metadata)


def read_card(model: Path) -> NetworkCard:
    """The card of a network's file. Raises the same errors as `open_network`."""
    return open_network(model, threads=1)[1]


def digest(model: Path) -> str:
    """SHA-256 of a file."""
    with model.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _card(model: Path, metadata: Mapping[str, str]) -> NetworkCard:
    said = metadata.get(KEY)
    try:
        facts = msgspec.convert(_unsaid(model) if said is None else json.loads(said), CardFacts)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ModelFileError(f"The metadata of {model} is not understood ({detail(error)}).", EXPORTED) from error
    if facts.keypoints != KEYPOINTS:
        raise ModelFileError(
            f"The network file {model} locates the keypoint set {facts.keypoints}, but captures need {KEYPOINTS}.",
            EXPORTED,
        )
    return NetworkCard(**msgspec.structs.asdict(facts), sha256=digest(model))


def _are_outputs(names: tuple[str, ...]) -> bool:
    further = names[len(OUTPUTS) :]
    return names[: len(OUTPUTS)] == OUTPUTS and set(further) <= set(FURTHER)


def _unsaid(model: Path) -> Mapping[str, object]:
    return LITE_FACTS if _ships(model) else {"name": model.stem[: limits.TEXT_LENGTH] or "network"}


def _ships(model: Path) -> bool:
    return model.resolve() == LITE.resolve()


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name[:40] for name in names[:10]) or "nothing"
