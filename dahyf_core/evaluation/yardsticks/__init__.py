"""Yardsticks: this program measured side by side with its peers. docs/yardsticks.md explains each yardstick."""

from dahyf_core.evaluation.yardsticks.inputs import Inputs
from dahyf_core.evaluation.yardsticks.plots import draw
from dahyf_core.evaluation.yardsticks.rows import markdown
from dahyf_core.evaluation.yardsticks.run import create_systems, run, write_rows

__all__ = ["Inputs", "create_systems", "draw", "markdown", "run", "write_rows"]
