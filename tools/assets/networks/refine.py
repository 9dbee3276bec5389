"""Turns the plain ONNX conversions of MediaPipe's networks into the files that ship.

    python tools/assets/networks/refine.py FOLDER_OF_CONVERSIONS ASSETS

Pictures go in as bytes, results come out by name and in their natural shapes, weights are stored as float16 (which is
how the originals store them: nothing is lost), and PReLU is spelt in operations that ONNX Runtime runs in its blocked
layout, which halves the palm detector's time.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

SMALLEST_HALF = 256
"""Arrays with fewer elements stay float32: a Cast would cost more than it saves."""


def refine_detector(model: onnx.ModelProto) -> onnx.ModelProto:
    """Image (1, 192, 192, 3) uint8 RGB -> boxes (1, 2016, 18), score_logits (1, 2016, 1)."""
    _feed_bytes(model, "image", 1)
    for old, name in zip(_names(model.graph.output), ("boxes", "score_logits"), strict=True):
        _rename_output(model.graph, old, name)
    _spell_out_prelu(model.graph)
    return _finish(model)


def refine_landmarks(model: onnx.ModelProto) -> onnx.ModelProto:
    """Patches (N, 224, 224, 3) uint8 RGB -> points (N, 21, 3), presence (N), right_score (N), world (N, 21, 3)."""
    _feed_bytes(model, "patches", "N")
    results = {"points": [-1, 21, 3], "presence": [-1], "right_score": [-1], "world": [-1, 21, 3]}
    for flat, (name, shape) in zip(_names(model.graph.output), results.items(), strict=True):
        _append_reshape(model.graph, flat, name, shape)
    return _finish(model)


def _names(values: "list[onnx.ValueInfoProto]") -> list[str]:
    return [value.name for value in values]


def _rename_output(graph: onnx.GraphProto, old: str, name: str) -> None:
    next(node for node in graph.node if old in node.output).output[:] = [name]
    next(value for value in graph.output if value.name == old).name = name


def _feed_bytes(model: onnx.ModelProto, name: str, batch: int | str) -> None:
    """Replace the float input in [0, 1] by one of bytes, called `name`."""
    graph = model.graph
    (old,) = graph.input
    size = [dimension.dim_value for dimension in old.type.tensor_type.shape.dim[1:]]
    graph.input.remove(old)
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.UINT8, [batch, *size]))
    graph.initializer.append(numpy_helper.from_array(np.float32(255), "white"))
    graph.node.insert(0, helper.make_node("Cast", [name], ["levels"], to=TensorProto.FLOAT))
    graph.node.insert(1, helper.make_node("Div", ["levels", "white"], [old.name]))


def _append_reshape(graph: onnx.GraphProto, flat: str, name: str, shape: list[int]) -> None:
    """Replace the output `flat` by `name`, the same values in another shape; -1 is the batch."""
    graph.output.remove(next(value for value in graph.output if value.name == flat))
    dimensions = ["N" if length == -1 else length for length in shape]
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dimensions))
    graph.initializer.append(numpy_helper.from_array(np.array(shape, dtype=np.int64), f"{name}_shape"))
    graph.node.append(helper.make_node("Reshape", [flat, f"{name}_shape"], [name]))


def _spell_out_prelu(graph: onnx.GraphProto) -> None:
    """PReLU(x) = slope * x + (1 - slope) * ReLU(x), the products as 1 x 1 depthwise convolutions."""
    slopes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        value, slope_name = node.input
        prefix = f"prelu_{len(nodes)}"
        slope = slopes[slope_name].reshape(-1, 1, 1, 1)
        for name, weight in (("slope", slope), ("rest", 1 - slope)):
            graph.initializer.append(numpy_helper.from_array(weight, f"{prefix}_{name}"))
        depthwise = {"group": len(slope), "kernel_shape": [1, 1]}
        nodes += [
            helper.make_node("Relu", [value], [f"{prefix}_positive"]),
            helper.make_node("Conv", [value, f"{prefix}_slope"], [f"{prefix}_scaled"], **depthwise),
            helper.make_node("Conv", [f"{prefix}_positive", f"{prefix}_rest"], [f"{prefix}_lifted"], **depthwise),
            helper.make_node("Add", [f"{prefix}_lifted", f"{prefix}_scaled"], list(node.output)),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _finish(model: onnx.ModelProto) -> onnx.ModelProto:
    del model.graph.value_info[:]
    _number_tensors(model.graph)
    _store_halves(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _number_tensors(graph: onnx.GraphProto) -> None:
    """Name and order tensors by their first use and drop unused ones: the converter's names differ from run to run."""
    kept = _names(graph.input) + _names(graph.output)
    used = dict.fromkeys(name for node in graph.node for name in (*node.input, *node.output) if name not in kept)
    numbers = {name: f"t{number}" if name else "" for number, name in enumerate(used)}
    for node in graph.node:
        node.input[:] = [numbers.get(name, name) for name in node.input]
        node.output[:] = [numbers.get(name, name) for name in node.output]
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    del graph.initializer[:]
    for name in used:
        if name in arrays:
            graph.initializer.append(numpy_helper.from_array(numpy_helper.to_array(arrays[name]), numbers[name]))


def _store_halves(graph: onnx.GraphProto) -> None:
    """Store arrays as float16 where that is exact; ONNX Runtime casts them back once, when it loads the file."""
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST_HALF:
            continue
        halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(halves, f"{tensor.name}_half"))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)


def main() -> None:
    source, assets = map(Path, sys.argv[1:])
    for refine, name, target in (
        (refine_detector, "palm_detection_full", "palm_detector"),
        (refine_landmarks, "hand_landmark_full", "hand_landmark"),
    ):
        model = refine(onnx.load(source / f"{name}.onnx"))
        model.graph.name = target
        model.graph.doc_string = ""
        model.doc_string = f"MediaPipe's {name}.tflite (Apache-2.0, the MediaPipe authors), converted to ONNX."
        path = assets / f"{target}.onnx"
        onnx.save(model, path)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
