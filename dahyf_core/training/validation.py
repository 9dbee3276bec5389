"""Validation of a network on unseen patches: the numbers that runs report."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dahyf_core.geometry.tensors import similarity_aligned
from dahyf_core.network import DaHyF, HandParameters, Labels, Prediction
from dahyf_core.network.losses import palm_relative
from dahyf_core.network.trunk import TwoPartTrunk
from dahyf_core.network.view import project
from dahyf_core.training.batches import Batch
from dahyf_core.training.objective import Objective

PALM_SIZE_MM = 100.0
"""Palms are scaled to this root of the summed squared distances from their middle, about that of a grown hand."""


def predict(network: DaHyF, batch: Batch) -> Prediction:
    """Predictions of a network for a batch of images, or of features that were computed ahead."""
    if len(batch.inputs) == 1:
        return network(to_images(batch), batch.view)
    inputs = [values.float().contiguous(memory_format=torch.channels_last) for values in batch.inputs]
    assert isinstance(network.backbone, TwoPartTrunk)
    return network.read(network.backbone.later(*inputs), batch.view)


def to_images(batch: Batch) -> Tensor:
    """The images (B, 3, S, S) of a batch, RGB in [0, 1]."""
    return batch.inputs[0].float().contiguous(memory_format=torch.channels_last) / 255


@torch.inference_mode()
def measure(network: DaHyF, objective: Objective, batches: Iterable[Batch]) -> dict[str, float]:
    """Means over all right hands of the batches.

    pa_mm, mpjpe_mm: joints after Procrustes alignment, and with wrists and palm sizes made equal. pa_vertices_mm: the
    skin after Procrustes alignment, where pose and shape of the network's hand model are known. wrist_degrees.
    located_px, projected_px, dense_px: distance of located and projected joints, and of points of the skin, at 224 px.
    depth_palms: error of joints' depths, in lengths of the palm. visibility_share: of joints told right. initial_*: of
    the hand before the image's residual.
    """
    columns: defaultdict[str, list[NDArray[np.floating]]] = defaultdict(list)
    for batch in batches:
        for name, values in distances(predict(network, batch), objective, batch).items():
            columns[name].append(values.cpu().numpy())
    return {name: float(np.concatenate(parts).mean()) for name, parts in columns.items() if sum(map(len, parts))}


def distances(prediction: Prediction, objective: Objective, batch: Batch) -> dict[str, Tensor]:
    """Errors that `measure` averages, for all known labels of a batch."""
    labels = batch.labels
    known = labels.is_hand & labels.right
    found = hand_distances(prediction.hand, objective, labels, known)
    if prediction.initial is not None:
        first = hand_distances(prediction.initial.hand, objective, labels, known)
        found |= {f"initial_{name}": values for name, values in first.items()}
    projected = project(objective.keypoints(prediction.hand, prediction.translation, labels), batch.view)
    visible = labels.visible & known[:, None]
    if prediction.readings is not None:
        behind = (prediction.readings.depth - labels.depth).abs().mean(dim=1)
        found["depth_palms"] = behind[known & labels.has_3d]
        told = (prediction.readings.visibility > 0) == (labels.joint_visible > 0.5)
        found["visibility_share"] = told[(labels.joint_visible >= 0) & known[:, None]].float()
    if prediction.dense is not None:
        found["dense_px"] = (prediction.dense[..., :2] - labels.dense_2d).norm(dim=-1)[
            labels.dense_known & known[:, None]
        ]
    for name, joints in (("located_px", prediction.joints), ("projected_px", projected)):
        if joints is not None:
            found[name] = (joints - labels.joints_2d).norm(dim=-1)[visible]
    return found


def hand_distances(hand: HandParameters, objective: Objective, labels: Labels, known: Tensor) -> dict[str, Tensor]:
    """Errors of the pose alone."""
    origin = torch.zeros_like(hand.shape[:, :3])
    points, truth = to_palm_mm(objective.keypoints(hand, origin, labels)), to_palm_mm(labels.joints_3d)
    with_3d, with_parameters = known & labels.has_3d, known & labels.has_parameters
    skin, true_skin = (1000 * objective.skin(parameters) for parameters in (hand, labels))
    turns = hand.rotations[:, 0].transpose(1, 2) @ labels.rotations[:, 0]
    cosines = (turns.diagonal(dim1=1, dim2=2).sum(dim=-1) - 1) / 2
    return {
        "pa_mm": (similarity_aligned(points, truth) - truth).norm(dim=-1).mean(dim=1)[with_3d],
        "mpjpe_mm": (points - truth).norm(dim=-1).mean(dim=1)[with_3d],
        "pa_vertices_mm": (similarity_aligned(skin, true_skin) - true_skin).norm(dim=-1).mean(dim=1)[with_parameters],
        "wrist_degrees": torch.rad2deg(cosines.clamp(-1, 1).acos())[with_parameters],
    }


def to_palm_mm(joints: Tensor) -> Tensor:
    """Joints (B, 21, 3) from the wrist, in mm of a hand with a palm of PALM_SIZE_MM."""
    return PALM_SIZE_MM * palm_relative(joints)
