"""The head that says whether a patch shows a hand, on the part of the trunk that stays as MediaPipe trained it.

It sees no joints and no pose, and was trained on things that other networks take for hands, so that it is no second
opinion of theirs. Because trainings of `lite` leave that part of the trunk as it is, one head serves all its networks.
"""

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from dahyf_core.network.trunk import BLOCKS, LEVEL_ENDS, Trunk
from dahyf_core.shipped import asset

INPUTS = BLOCKS[LEVEL_ENDS[1]].out
WIDTH = 48
HIDDEN = 64
DROPOUT = 0.2


class HandHead(nn.Module):
    """Three separable convolutions, and two layers on the mean and the largest of their features."""

    def __init__(self) -> None:
        super().__init__()
        wide = 2 * WIDTH
        self.look = nn.Sequential(
            nn.Dropout2d(DROPOUT),
            nn.Conv2d(INPUTS, WIDTH, 1),
            nn.ReLU(),
            nn.Conv2d(WIDTH, WIDTH, 5, 2, 2, groups=WIDTH),
            nn.Conv2d(WIDTH, wide, 1),
            nn.ReLU(),
            nn.Conv2d(wide, wide, 5, 1, 2, groups=wide),
            nn.Conv2d(wide, wide, 1),
            nn.ReLU(),
        )
        self.judge = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(2 * wide, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, 1)
        )

    def forward(self, middle: Tensor) -> Tensor:
        """The trunk's middle map (B, 112, 14, 14) to logits (B,)."""
        features = self.look(middle)
        return self.judge(torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1))[:, 0]


def fitting_hand_head(trunk: nn.Module) -> HandHead | None:
    """The head that ships, if a backbone is a `Trunk` whose early part is the one that the head learned on."""
    if not isinstance(trunk, Trunk):
        return None
    pairs = zip(trunk.early_parameters(), Trunk().early_parameters(), strict=True)
    if not all(torch.equal(ours.cpu(), learned_on) for ours, learned_on in pairs):
        return None
    head = HandHead()
    head.load_state_dict(load_file(asset("hand_head.safetensors")))
    return head.eval()
