"""Backbones by name. Each turns a patch into a pyramid of feature maps, and the neck turns that into F."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from dahyf_core.errors import SettingsError
from dahyf_core.network.config import Backbone
from dahyf_core.network.fast_trunk import FastTrunk
from dahyf_core.network.trunk import Pyramid, Trunk


class TimmPyramid(Pyramid):
    """A backbone of timm with its ImageNet weights, at strides 4 to 32."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, out_indices: tuple[int, ...], pretrained: bool) -> None:
        super().__init__()
        network = create_in_timm(name, out_indices, pretrained)
        self.network = network
        self.channels = tuple(network.feature_info.channels())
        settings = network.default_cfg
        self.register_buffer("mean", torch.tensor(settings["mean"])[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(settings["std"])[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        return self.network((images - self.mean) / self.deviation)


def create_in_timm(name: str, out_indices: tuple[int, ...], pretrained: bool) -> Any:
    """A feature extractor of timm. Raises SettingsError when timm or its weights are not to be had."""
    try:
        import timm  # type: ignore[import-not-found]
    except (ImportError, RuntimeError) as error:  # torchvision beside a torch of another build: RuntimeError
        raise SettingsError(
            f"The backbone {name} needs timm, which cannot be imported: {error}.",
            "Install it with torch and torchvision of one build: pip install 'dahyf-hands[train,paper]'.",
        ) from error
    try:
        return timm.create_model(name, pretrained=pretrained, features_only=True, out_indices=out_indices)
    except Exception as error:  # the hub's client raises errors of several packages
        raise SettingsError(
            f"The ImageNet weights of {name} cannot be fetched: {error}.",
            "Connect to the internet once: the weights stay in Hugging Face's cache. Or give weights with `start`.",
        ) from error


BACKBONES: dict[Backbone, Callable[[bool], Pyramid]] = {
    "lite": lambda pretrained: Trunk(pretrained),
    "lite2": lambda pretrained: FastTrunk(pretrained),
    "resnet50": lambda pretrained: TimmPyramid("resnet50", (1, 2, 3, 4), pretrained),
    "hrnet_w64": lambda pretrained: TimmPyramid("hrnet_w64", (1, 2, 3, 4), pretrained),
}


def create_backbone(name: Backbone, pretrained: bool = True) -> Pyramid:
    """A backbone by name. `pretrained` fetches ImageNet weights for timm's, and reads the shipped ones for
    `lite` and `lite2`."""
    return BACKBONES[name](pretrained)


class Neck(nn.Module):
    """Sums the levels of a pyramid, coarse to fine, into F, (B, C, size, size)."""

    def __init__(self, levels: tuple[int, ...], channels: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.lateral = nn.ModuleList(nn.Conv2d(level, channels, 1) for level in levels)
        self.smooth = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 1),
            )
            for _ in levels
        )

    def forward(self, pyramid: list[Tensor]) -> Tensor:
        features: Tensor | None = None
        for level, lateral, smooth in reversed(list(zip(pyramid, self.lateral, self.smooth, strict=True))):
            here = lateral(level)
            if features is not None:
                here = here + nn.functional.interpolate(features, size=here.shape[-2:], mode="nearest")
            features = here + smooth(here)
        assert features is not None
        if features.shape[-1] == self.size:
            return features
        return nn.functional.interpolate(features, size=(self.size, self.size), mode="bilinear", align_corners=False)
