"""Training of the DaHyF network: weighted data sources, an objective, a loop that resumes, a folder for each run."""

from dahyf_core.training.config import TrainingConfig, read_config
from dahyf_core.training.export import export_runs
from dahyf_core.training.loop import train
from dahyf_core.training.recipe import is_recipe, read_recipe
from dahyf_core.training.run_folder import RunFolder

__all__ = ["RunFolder", "TrainingConfig", "export_runs", "is_recipe", "read_config", "read_recipe", "train"]
