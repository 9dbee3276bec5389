"""What the network's trunk says of patches, kept in shards."""

import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from patches import Material

from dahyf_core.capture import replacing
from dahyf_core.network.trunk import LEVEL_ENDS
from dahyf_core.pose.network_card import LITE

MIDDLE_CONVOLUTION = 3 + 3 * (LEVEL_ENDS[1] + 1)
"""Number of convolutions before the one that reads the trunk's middle map: three of the stem, three a block."""
SHARD, BATCH = 256, 8
VIEW = np.array([[0.0, 0.0, 200.0, 800.0]], np.float32)


def open_trunk(threads: int) -> ort.InferenceSession:
    """The network that ships, whose last output is the trunk's middle map."""
    model = onnx.load(str(LITE))
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    middle = convolutions[MIDDLE_CONVOLUTION].input[0]
    model.graph.output.append(onnx.helper.make_tensor_value_info(middle, onnx.TensorProto.FLOAT, None))
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(session: ort.InferenceSession, patches: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
    """presence (N,) and middle (N, 112, 14, 14) of patches (N, 224, 224, 3)."""
    names, parts = ["presence", session.get_outputs()[-1].name], []
    for part in np.array_split(patches, max(1, len(patches) // BATCH)):
        parts.append(session.run(names, {"patches": part, "views": VIEW.repeat(len(part), 0)}))
    presence, middle = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return {"presence": presence, "middle": middle.astype(np.float16)}


def write_shard(folder: Path, material: Material, session: ort.InferenceSession, kind: str, number: int) -> None:
    """Cut the patches of a shard, look at them, and keep both; a shard that is there stays."""
    path = folder / f"{kind}-{number:03d}.npz"
    if path.exists():
        return
    examples = [material.example(kind, index) for index in range(number * SHARD, (number + 1) * SHARD)]
    patches = np.stack([example.patch for example in examples])
    arrays = run(session, patches) | {
        "is_hand": np.array([example.is_hand for example in examples]),
        "group": np.array([example.group for example in examples]),
        "kind": np.array([example.kind for example in examples]),
        "patches": patches,
    }
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    with replacing(path) as file:
        file.write(stream.getvalue())
