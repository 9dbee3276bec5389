"""What the rest of the network knows of a backbone."""

from torch import Tensor, nn


class Pyramid(nn.Module):
    """A backbone. channels: of each of its maps."""

    channels: tuple[int, ...]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, 224, 224), RGB in [0, 1], to maps from fine to coarse, one for each of `channels`."""
        raise NotImplementedError
