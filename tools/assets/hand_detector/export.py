"""Writes the detector as the ONNX file that ships."""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from dahyf_core.capture import replacing
from dahyf_core.detection.letterbox import INPUT_SIZE
from dahyf_core.network.export import OPSET, store_as_half
from hand_detector.network import HandDetector

NAMES = ("boxes", "score_logits", "patches")


class _Exported(nn.Module):
    """Outputs as in the palm detector's file, and patches. The side is left out: it is hardly better than a guess."""

    def __init__(self, net: HandDetector) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        boxes, scores, extras = self.net(pictures)
        return boxes, scores[..., None], extras[..., 1:]


def calibrate(net: HandDetector, least: float, gain: float) -> None:
    """Spread the scores: `least` becomes one half, and logits `gain` times as large. The order of hands stays."""
    with torch.no_grad():
        for heads in (net.heads8, net.heads16):
            heads.scores.bias.sub_(math.log(least / (1 - least))).mul_(gain)
            heads.scores.weight.mul_(gain)


def export(net: HandDetector, path: Path, metadata: Mapping[str, str]) -> None:
    """Picture (1, 192, 192, 3) uint8 RGB -> boxes (1, 2016, 18), score_logits (1, 2016, 1), patches (1, 2016, 3).

    Weights are stored in half precision. metadata: properties of the file.
    """
    buffer = io.BytesIO()
    picture = torch.zeros(1, INPUT_SIZE, INPUT_SIZE, 3, dtype=torch.uint8)
    torch.onnx.export(
        _Exported(net).eval(),
        (picture,),
        buffer,
        input_names=["image"],
        output_names=list(NAMES),
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load_model_from_string(buffer.getvalue())
    store_as_half(model)
    model.graph.name = "hand_detector"
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    with replacing(path) as stream:
        stream.write(model.SerializeToString())
