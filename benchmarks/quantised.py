"""Networks with convolutions in int8: static quantisation by ONNX Runtime, and the choices that it leaves open."""

from dahyf_core.runtime import CPU  # before onnxruntime: it switches telemetry off

# isort: split
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import GraphProto, NodeProto
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static

Feed = dict[str, np.ndarray]

ACTIVATIONS = ("Clip", "Relu")

STRIDE = 8
"""Patches whose maps calibration holds at a time."""


@dataclass(frozen=True)
class Variant:
    """One choice. taken: which convolutions become int8. added: whether sums do too."""

    name: str
    method: CalibrationMethod
    taken: Callable[[NodeProto], bool]
    added: bool = False


def everything(node: NodeProto) -> bool:
    return True


def trunk_alone(node: NodeProto) -> bool:
    """Neck, fusion, joint head and regressor stay float."""
    return "/backbone/" in node.name


def inner_trunk(node: NodeProto) -> bool:
    """The first convolutions, which see the picture, stay float besides."""
    return "/backbone/blocks" in node.name


def late_trunk(node: NodeProto) -> bool:
    """The last blocks: few pixels, many channels."""
    return any(f"/backbone/blocks.{number}/" in node.name for number in range(7, 15))


def is_depthwise(node: NodeProto) -> bool:
    return any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)


def depthwise(node: NodeProto) -> bool:
    return trunk_alone(node) and is_depthwise(node)


def pointwise(node: NodeProto) -> bool:
    return trunk_alone(node) and not is_depthwise(node)


def middle_pointwise(node: NodeProto) -> bool:
    return inner_trunk(node) and not is_depthwise(node)


MINMAX, ENTROPY, PERCENTILE = CalibrationMethod.MinMax, CalibrationMethod.Entropy, CalibrationMethod.Percentile
VARIANTS = (
    Variant("all, MinMax", MINMAX, everything),
    Variant("all, Entropy", ENTROPY, everything),
    Variant("all, Percentile", PERCENTILE, everything),
    Variant("all and sums, MinMax", MINMAX, everything, added=True),
    Variant("trunk, MinMax", MINMAX, trunk_alone),
    Variant("trunk and sums, MinMax", MINMAX, trunk_alone, added=True),
    Variant("trunk, Percentile", PERCENTILE, trunk_alone),
    Variant("trunk but first, MinMax", MINMAX, inner_trunk),
    Variant("trunk but first, Percentile", PERCENTILE, inner_trunk),
    Variant("late trunk, MinMax", MINMAX, late_trunk),
    Variant("trunk depthwise, MinMax", MINMAX, depthwise),
    Variant("trunk pointwise, MinMax", MINMAX, pointwise),
    Variant("trunk pointwise, Percentile", PERCENTILE, pointwise),
    Variant("trunk pointwise but first, MinMax", MINMAX, middle_pointwise),
)


class Patches(CalibrationDataReader):
    """What calibration looks at, one patch a run."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds
        self._left = iter(feeds)

    def __len__(self) -> int:
        return len(self._feeds)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = iter(self._feeds[start_index:end_index])

    def get_next(self) -> Feed | None:  # type: ignore[override]
        return next(self._left, None)


def write_float_form(model: Path, path: Path) -> None:
    """The same network with float32 weights in place of stored halves, constants folded, shapes known."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    ort.InferenceSession(model, options, providers=[CPU])
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(path)), path)


def quantise(float_form: Path, variant: Variant, feeds: Sequence[Feed], path: Path) -> None:
    """Write the network with int8 weights, symmetric and by channel, and uint8 maps where `variant` has them.

    feeds: inputs of one patch each, a multiple of STRIDE, from which the ranges of the maps are taken.
    """
    taken = nodes_to_take(onnx.load(float_form).graph, variant)
    quantize_static(
        float_form,
        path,
        Patches(feeds),
        op_types_to_quantize=["Conv", *ACTIVATIONS, "Add"],
        nodes_to_quantize=taken,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=variant.method,
        extra_options={"WeightSymmetric": True, "CalibStridedMinMax": STRIDE},
    )


def nodes_to_take(graph: GraphProto, variant: Variant) -> list[str]:
    """Names of the convolutions that become int8, of the activations behind them, and of sums of their maps.

    An activation that is taken becomes a part of its convolution, whose map then has the range of what is left of it.
    """
    convolutions = [node for node in graph.node if node.op_type == "Conv" and variant.taken(node)]
    maps = {output for node in convolutions for output in node.output}
    activations = [node for node in graph.node if node.op_type in ACTIVATIONS and node.input[0] in maps]
    sums = [node for node in graph.node if node.op_type == "Add" and maps.intersection(node.input)]
    return [node.name for node in convolutions + activations + (sums if variant.added else [])]
