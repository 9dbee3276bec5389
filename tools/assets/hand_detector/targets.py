"""What the detector should say of a picture, and how wrong it is."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dahyf_core.arrays import Array
from dahyf_core.detection.letterbox import anchor_centers
from hand_detector.composer import Picture

KEYPOINTS = (0, 5, 9, 13, 17, 1, 2)
BOX_MARGIN = 1.04
"""Side of a palm's box, in the greatest extents of its 7 keypoints."""
BOX_JOINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
PATCH_SCALE, PATCH_SHIFT = 2.0, 0.1
"""The tracker's patch around known joints (`dahyf_core.tracking.boxes`)."""
MOST_ANCHORS = 8
LEAST_STEP = 6.0
"""Pixels that errors of small hands are measured by, beside the size of the hand."""
FOCUS = 2.0
BALANCE = 0.35
"""Exponent and weight of hands of the focal loss (Lin et al., 2017)."""
SCORE, POINTS, EXTRA, SIDE = 1.0, 1.0, 0.5, 0.15


@dataclass(frozen=True)
class Truth:
    """N hands: values (N, 21), right (N,) in {0, 1}, side_known (N,), ignored (M, 4).

    values: palm's centre, size, and 7 keypoints (18), patch centre and side, px of the picture.
    """

    values: Tensor
    right: Tensor
    side_known: Tensor
    ignored: Tensor


def truth_of(picture: Picture) -> Truth:
    rows = [_values(joints) for joints in picture.joints]
    return Truth(
        torch.tensor(np.array(rows).reshape(-1, 21), dtype=torch.float32),
        torch.tensor(picture.right, dtype=torch.float32),
        torch.tensor(picture.side_known, dtype=torch.float32),
        torch.tensor(np.array(picture.ignored).reshape(-1, 4), dtype=torch.float32),
    )


def _values(joints: Array) -> Array:
    points = joints[list(KEYPOINTS)]
    low, high = points.min(axis=0), points.max(axis=0)
    side = BOX_MARGIN * (high - low).max()
    return np.concatenate([(low + high) / 2, [side, side], points.ravel(), _patch(joints)])


def _patch(joints: Array) -> Array:
    """Centre and side of the square around a hand, fingers up in it."""
    along = joints[9] - joints[0]
    up = along / max(float(np.linalg.norm(along)), 1e-6)
    axes = np.stack([[-up[1], up[0]], up])
    turned = joints[list(BOX_JOINTS)] @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    side = (high - low).max()
    center = (low + high) / 2 + (0, PATCH_SHIFT * side)
    return np.append(center @ axes, PATCH_SCALE * side)


class DetectionLoss:
    """The loss of a batch, and its parts by name."""

    def __init__(self) -> None:
        self._anchors = torch.tensor(anchor_centers(), dtype=torch.float32)

    def __call__(self, outputs: tuple[Tensor, Tensor, Tensor], truths: list[Truth]) -> tuple[Tensor, dict[str, float]]:
        boxes, logits, extras = outputs
        placed = boxes.view(*boxes.shape[:2], 9, 2)
        target, weight = torch.zeros_like(logits), torch.ones_like(logits)
        picked: list[tuple[int, Tensor, Tensor, int]] = []
        with torch.no_grad():
            for row, truth in enumerate(truths):
                weight[row] *= ~self._within(truth.ignored)
                for hand, anchors in self._assigned(placed[row], logits[row], truth, weight[row]):
                    target[row, anchors], weight[row, anchors] = 1.0, 1.0
                    picked.append((row, anchors, truth.values[hand], hand))
        probability = logits.sigmoid()
        distance = (target - probability).abs().pow(FOCUS)
        balance = torch.where(target > 0, BALANCE, 1 - BALANCE)
        entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        hands = max(1, len(picked))
        score = 4 * (weight * balance * distance * entropy).sum() / hands
        if not picked:
            return SCORE * score, {"score": float(score.detach())}
        points, extra, side = self._of_hands(boxes, extras, picked, truths)
        total = SCORE * score + POINTS * points + EXTRA * extra + SIDE * side
        parts = {"score": score, "points": points, "extra": extra, "side": side}
        return total, {name: float(part.detach()) for name, part in parts.items()}

    def _within(self, boxes: Tensor) -> Tensor:
        """(A,) anchors in some box."""
        x, y = self._anchors[:, :1], self._anchors[:, 1:]
        inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
        return inside.any(dim=1)

    def _assigned(self, placed: Tensor, logits: Tensor, truth: Truth, weight: Tensor) -> list[tuple[int, Tensor]]:
        """The anchors of each hand: those near its palm that are already best. Others that fit get no weight."""
        count = len(truth.values)
        if not count:
            return []
        cost = torch.full((count, len(logits)), torch.inf)
        fits = torch.zeros_like(cost)
        points = placed + self._anchors[:, None]
        for hand, values in enumerate(truth.values):
            side = values[2]
            far = (self._anchors - values[:2]).abs().max(dim=1).values
            near = far < torch.clamp(0.4 * side, min=9.0)
            if not near.any():
                continue
            error = (points[near, 2:] - values[4:18].view(7, 2)).norm(dim=-1).mean(dim=-1) / side
            cost[hand, near] = F.softplus(-logits[near]) + 4 * error + 0.3 * far[near] / side
            fits[hand, near] = (1 - 2 * error).clamp(min=0)
        owner = cost.argmin(dim=0)
        assigned = []
        for hand in range(count):
            own = torch.where(owner == hand, cost[hand], torch.inf)
            wanted = int(fits[hand].topk(MOST_ANCHORS).values.sum().clamp(1, MOST_ANCHORS).round())
            best = own.topk(wanted, largest=False)
            anchors = best.indices[best.values.isfinite()]
            weight[(fits[hand] > 0.6) & (owner == hand)] = 0.0
            if len(anchors):
                assigned.append((hand, anchors))
        return assigned

    def _of_hands(
        self, boxes: Tensor, extras: Tensor, picked: list[tuple[int, Tensor, Tensor, int]], truths: list[Truth]
    ) -> tuple[Tensor, Tensor, Tensor]:
        rows = torch.cat([torch.full_like(anchors, row) for row, anchors, _, _ in picked])
        anchors = torch.cat([each for _, each, _, _ in picked])
        values = torch.cat([hand.expand(len(each), -1) for _, each, hand, _ in picked])
        share = torch.cat([torch.full((len(each),), 1 / len(each)) for _, each, _, _ in picked]) / len(picked)
        at, side = self._anchors[anchors], values[:, 2:3]
        wanted = values[:, :18].clone().view(-1, 9, 2)
        wanted[:, 0] -= at
        wanted[:, 2:] -= at[:, None]
        off = (boxes[rows, anchors].view(-1, 9, 2) - wanted) / (side + LEAST_STEP)[..., None]
        points = (share * F.smooth_l1_loss(off, torch.zeros_like(off), beta=0.05, reduction="none").sum((1, 2))).sum()
        patch = values[:, 18:].clone()
        patch[:, :2] -= at
        off = (extras[rows, anchors, 1:] - patch) / (patch[:, 2:] + LEAST_STEP)
        extra = (share * F.smooth_l1_loss(off, torch.zeros_like(off), beta=0.05, reduction="none").sum(1)).sum()
        right, known = (
            torch.cat([getattr(truths[row], name)[hand].expand(len(each)) for row, each, _, hand in picked])
            for name in ("right", "side_known")
        )
        entropy = F.binary_cross_entropy_with_logits(extras[rows, anchors, 0], right, reduction="none")
        return points, extra, (share * known * entropy).sum()
