"""What a run learned, as the files that ship."""

from pathlib import Path

from torch import Tensor

from dahyf_core.errors import SettingsError
from dahyf_core.network import DaHyF
from dahyf_core.network.export import SMALLEST_HALF, export, round_to_half
from dahyf_core.training.config import TrainingConfig
from dahyf_core.training.run_folder import RunFolder, load_weights, save_weights


def export_run(run: RunFolder, config: TrainingConfig, output: Path) -> None:
    """Write the moving average of a run's weights as ONNX, for capture, and the same beside it as .safetensors.

    Large arrays are rounded to float16 in both. Raises SettingsError for a network that is not `lite`.
    """
    if config.network.backbone != "lite":
        reason = f"Capture runs the network lite, and this run trains {config.network.backbone}."
        raise SettingsError(reason, "Name a run of lite.")
    network = DaHyF(config.network, pretrained=False)
    network.load_state_dict(load_weights(run.weights))
    round_to_half(network)
    save_weights(
        {name: _stored(tensor) for name, tensor in network.state_dict().items()}, output.with_suffix(".safetensors")
    )
    export(network, output)


def _stored(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.is_floating_point() and tensor.numel() >= SMALLEST_HALF else tensor
