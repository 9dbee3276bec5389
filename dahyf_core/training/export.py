"""What a run learned, as the file that capture runs."""

from pathlib import Path

from dahyf_core.errors import SettingsError
from dahyf_core.network import DaHyF
from dahyf_core.network.export import export, round_to_half
from dahyf_core.training.config import TrainingConfig
from dahyf_core.training.run_folder import RunFolder, load_weights


def export_run(run: RunFolder, config: TrainingConfig, output: Path) -> None:
    """Write the moving average of a run's weights as ONNX. Raises SettingsError for a network that is not `lite`."""
    if config.network.backbone != "lite":
        reason = f"Capture runs the network lite, and this run trains {config.network.backbone}."
        raise SettingsError(reason, "Name a run of lite.")
    network = DaHyF(config.network, pretrained=False)
    network.load_state_dict(load_weights(run.weights))
    round_to_half(network)
    export(network, output)
