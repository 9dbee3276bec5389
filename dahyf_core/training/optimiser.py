"""The optimiser: trained parameters, learning rates and their schedule."""

import math

import torch
from torch import nn

from dahyf_core.network import DaHyF
from dahyf_core.network.fast_trunk import FastTrunk
from dahyf_core.network.regressor import KinematicRegressor
from dahyf_core.network.trunk import Trunk
from dahyf_core.training.config import OptimiserConfig, ScheduleConfig
from dahyf_core.training.objective import Objective

LEAST_SHARE = 0.05


def create_optimiser(network: DaHyF, objective: Objective, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Adam with a rate for each part. Parameters of the trunk's early part are frozen here."""
    trunk: list[nn.Parameter] = []
    kinematics: list[nn.Parameter] = []
    if isinstance(network.backbone, Trunk):
        still = network.backbone.early_parameters() if config.trunk_rate else network.backbone.parameters()
        for parameter in still:
            parameter.requires_grad_(False)
        trunk = [parameter for parameter in network.backbone.parameters() if parameter.requires_grad]
    elif isinstance(network.backbone, FastTrunk):
        trunk = [*network.backbone.middle.parameters(), *network.backbone.last.parameters()]
    if isinstance(network.regressor, KinematicRegressor):
        kinematics = list(network.regressor.kinematics.parameters())
    special = {id(parameter) for parameter in trunk + kinematics}
    rest = [parameter for parameter in network.parameters() if parameter.requires_grad and id(parameter) not in special]
    groups = [
        {"params": rest, "lr": config.rate, "weight_decay": config.weight_decay},
        {"params": trunk, "lr": config.trunk_rate},
        {"params": kinematics, "lr": config.kinematics_rate},
        {"params": list(objective.weights.parameters()), "lr": config.weights_rate},
    ]
    groups = [group for group in groups if group["params"]]
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, weight_decay=0.0)


def set_rates(optimiser: torch.optim.Optimizer, config: ScheduleConfig, step: int, steps: int) -> None:
    """The rates of this step."""
    share = rate_share(config, step, steps)
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share


def rate_share(config: ScheduleConfig, step: int, steps: int) -> float:
    """Share of the greatest rate at a step."""
    if config.kind == "step":
        return 1.0 if step < steps / 2 else 0.1
    rise = min(1.0, (step + 1) / max(1, config.warm_up))
    fall = 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))
    return rise * (LEAST_SHARE + (1 - LEAST_SHARE) * fall)
