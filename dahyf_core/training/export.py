"""Export of a run's network to the files that ship."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.network import DaHyF
from dahyf_core.network.export import SMALLEST_HALF, export, patch_size, round_to_half
from dahyf_core.network.verification import fitting_hand_head
from dahyf_core.pose import card_metadata
from dahyf_core.training.config import TrainingConfig
from dahyf_core.training.run_folder import RunFolder, load_weights, save_weights


def export_runs(
    runs: Sequence[tuple[RunFolder, TrainingConfig]],
    output: Path,
    name: str | None = None,
    threshold: float | None = None,
    licence: str = "",
) -> None:
    """Write the moving average of a run's weights as ONNX, for capture, and the same beside it as .safetensors.

    Of several runs that went on from one another, the mean (model soup, Wortsman et al. 2022). Large arrays are rounded
    to float16 in both files. name (None: that of the file), threshold and licence become the card of the ONNX file.
    Raises SettingsError for networks that differ.
    """
    networks = {(config.network, config.hand_model) for _, config in runs}
    if len(networks) > 1:
        raise SettingsError("The runs train different networks.", "Give runs that started from one another's weights.")
    ((kind, hand_file),) = networks
    network = DaHyF(kind, pretrained=False, hand_model=load_hand_model(hand_file) if hand_file else None)
    network.load_state_dict(_mean([load_weights(run.weights) for run, _ in runs]))
    round_to_half(network)
    save_weights(
        {name: _stored(tensor) for name, tensor in network.state_dict().items()}, output.with_suffix(".safetensors")
    )
    hand_model = network.hand_layer.model.name
    card = card_metadata(name or output.stem, threshold, licence, hand_model, patch_size(network.config))
    export(network, output, card, fitting_hand_head(network.backbone))


def _mean(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Mean of weights by name. Counters, which are not learned, are those of the last run."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if last.is_floating_point() else last
        for name, last in states[-1].items()
    }


def _stored(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.is_floating_point() and tensor.numel() >= SMALLEST_HALF else tensor
