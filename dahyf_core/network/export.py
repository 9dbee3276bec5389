"""Export of the network to ONNX: inputs are bytes and a view, outputs are what the estimator needs."""

import copy
import io
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.capture import replacing
from dahyf_core.geometry.tensors import rot6d_from_matrix
from dahyf_core.metrics.tensors import agreement
from dahyf_core.network.config import NetworkConfig
from dahyf_core.network.dahyf import DaHyF
from dahyf_core.network.fast_trunk import PICTURE, fuse
from dahyf_core.network.trunk import TwoPartTrunk
from dahyf_core.network.verification import HandHead
from dahyf_core.network.view import View, project
from dahyf_core.pose.network_card import INPUTS, IS_HAND, OUTPUTS

OPSET = 17
SMALLEST_HALF = 256
"""Arrays with fewer elements stay float32: a Cast would cost more than it saves."""


Module = TypeVar("Module", bound=nn.Module)


class Exported(nn.Module):
    """A network with plain tensors as inputs and outputs.

    patches: (N, S, S, 3) bytes, RGB. views: (N, 4) centre x, y, side and focal length of virtual cameras, px.
    joints: (N, 21, 2) px of a patch of PATCH_SIZE, whatever S is. presence: (N,) probability of a hand, times the
    agreement of located and projected joints (eq. 8-9), which is low for a hand that is not where its joints are.
    right_score: (N,) probability. sixes: (N, 16, 6), the first two columns of each rotation. shape: (N, 10).
    translation: (N, 3) m. world: (N, 21, 3) m, `DaHyF.straight_points`.

    is_hand: (N,), by the hand head, if there is one.

    Of networks that read depths, also agreement: (N,); depth: (N, 21) behind the wrist, in lengths of the palm;
    visibility: (N, 21) probability of a joint being seen; log_sigma: (N, 21, 3) of x and y in sides of the patch, and
    of depth. dense: (N, 128, 3) px, px, and log sigma in sides of the patch, of points of the skin, where it has them.
    """

    def __init__(self, network: DaHyF, hand_head: HandHead | None = None) -> None:
        super().__init__()
        self.network = network
        self.hand_head = hand_head

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the outputs after OUTPUTS."""
        is_hand = (IS_HAND,) if self.hand_head is not None else ()
        readings = ("agreement", "depth", "visibility", "log_sigma") if self.network.readings is not None else ()
        dense = ("dense",) if self.network.dense is not None else ()
        return (*is_hand, *readings, *dense)

    def forward(self, patches: Tensor, views: Tensor) -> tuple[Tensor, ...]:
        images = patches.permute(0, 3, 1, 2).float() / 255
        view = View(views[:, :2], views[:, 2], views[:, 3])
        pyramid = self.network.backbone(images)
        prediction = self.network.read(pyramid, view)
        keypoints = prediction.keypoints
        if keypoints is None:
            keypoints = self.network.image_keypoints(prediction.hand)
        projected = project(keypoints + prediction.translation[:, None], view)
        pred_joints_2d = prediction.joints
        if pred_joints_2d is None:
            pred_joints_2d = projected if prediction.initial is None else prediction.initial.landmarks.points
        agreed = agreement(view.centred(pred_joints_2d), view.centred(projected))
        outputs: tuple[Tensor, ...] = (
            pred_joints_2d,
            prediction.presence.sigmoid() * agreed,
            prediction.right_score.sigmoid(),
            rot6d_from_matrix(prediction.hand.rotations),
            prediction.hand.shape,
            prediction.translation,
            self.network.straight_points(prediction, view),
        )
        if self.hand_head is not None:
            outputs += (self.hand_head(pyramid[1]).sigmoid(),)
        if (readings := prediction.readings) is not None:
            outputs += (agreed, readings.depth, readings.visibility.sigmoid(), readings.log_sigma)
        return outputs if prediction.dense is None else (*outputs, prediction.dense)


def export(
    network: DaHyF,
    path: Path,
    metadata: Mapping[str, str] = MappingProxyType({}),
    hand_head: HandHead | None = None,
) -> None:
    """Write a network as ONNX with a dynamic batch and weights stored as float16. metadata: properties of the file.

    hand_head: see `fitting_hand_head`.
    """
    exported = Exported(fused(network), hand_head).eval()
    size = patch_size(network.config)
    example = (torch.zeros(2, size, size, 3, dtype=torch.uint8), torch.tensor([[0.0, 0.0, 200.0, 800.0]] * 2))
    names = (*OUTPUTS, *exported.further)
    buffer = io.BytesIO()
    torch.onnx.export(
        exported,
        example,
        buffer,  # type: ignore[arg-type]  # it takes files too
        input_names=INPUTS,
        output_names=names,
        dynamic_axes={name: {0: "N"} for name in (*INPUTS, *names)},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load_model_from_string(buffer.getvalue())
    store_as_half(model)
    helper.set_model_props(model, dict(metadata))
    with replacing(path) as stream:
        stream.write(model.SerializeToString())


def fused(network: Module) -> Module:
    """A copy for the CPU whose parallel branches are single convolutions."""
    copied = copy.deepcopy(network).cpu().eval()
    fuse(copied)
    return copied


def patch_size(config: NetworkConfig) -> int:
    """Side of the patches that the network's file takes, px."""
    return PICTURE if config.backbone == "lite2" else PATCH_SIZE


class ExportedEarly(nn.Module):
    """The early part of a trunk: patches (N, S, S, 3) of bytes, to its two maps."""

    def __init__(self, trunk: TwoPartTrunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        return self.trunk.early(patches.permute(0, 3, 1, 2).float() / 255)


def export_early(trunk: TwoPartTrunk, path: Path) -> None:
    """Write the early part of a trunk, which ONNX Runtime runs several times faster than torch, on a CPU."""
    torch.onnx.export(
        ExportedEarly(fused(trunk)).eval(),
        (torch.zeros(2, trunk.picture, trunk.picture, 3, dtype=torch.uint8),),
        path,
        input_names=["patches"],
        output_names=["fine", "middle"],
        dynamic_axes={name: {0: "N"} for name in ("patches", "fine", "middle")},
        opset_version=OPSET,
        dynamo=False,
    )


def store_as_half(model: onnx.ModelProto) -> None:
    """Store large weights as float16, each followed by a Cast, which ONNX Runtime folds when it loads the file.

    This is our own code because onnxconverter-common also converts small arrays and the arithmetic to float16, and
    clips weights below 1e-7 and beyond 1e4. The file would no longer equal the network.
    """
    casts = []
    for tensor in model.graph.initializer:
        array, name = numpy_helper.to_array(tensor), tensor.name
        if array.dtype == np.float32 and array.size >= SMALLEST_HALF:
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
            casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)


def round_to_half(network: nn.Module) -> None:
    """Round weights to what `store_as_half` keeps of them, so that the file equals the network."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.numel() >= SMALLEST_HALF:
                parameter.copy_(parameter.half())
