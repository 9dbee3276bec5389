"""Scores of a trained network: the numbers of the table, and the wrist rotation error by angle off axis."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from dahyf_core.arrays import Array
from dahyf_core.metrics import auroc
from dahyf_core.metrics.tensors import cosine_agreement
from dahyf_core.network import DaHyF
from dahyf_core.network.view import project
from dahyf_core.training.batches import Batch, WeightedSource
from dahyf_core.training.loop import measured_batches
from dahyf_core.training.objective import Objective
from dahyf_core.training.validation import distances, predict


@torch.inference_mode()
def scores(
    network: DaHyF, objective: Objective, hands: WeightedSource, others: WeightedSource | None
) -> dict[str, float]:
    """Means over hands as `validation.measure` has them, and the AUROC of the confidence against `others`."""
    columns: dict[str, list[Tensor]] = {}
    sure = []
    for batch in measured_batches(hands):
        found = predict(network, batch)
        for name, values in distances(found, objective, batch).items():
            columns.setdefault(name, []).append(values)
        sure.append(confidences(network, objective, batch))
    result = {name: float(torch.cat(parts).mean()) for name, parts in columns.items()}
    if others is not None and network.joint_head is not None:
        unsure = [confidences(network, objective, batch) for batch in measured_batches(others)]
        result["confidence_auroc"] = auroc(np.concatenate(sure), np.concatenate(unsure))
    return result


@torch.inference_mode()
def wrist_by_angle(network: DaHyF, objective: Objective, hands: WeightedSource) -> tuple[Array, Array]:
    """(N,) degrees off axis of each hand's patch, and (N,) degrees by which its wrist rotation errs."""
    angles, errors = [], []
    for batch in measured_batches(hands):
        found = distances(predict(network, batch), objective, batch)
        off = torch.rad2deg(torch.atan(batch.view.center.norm(dim=-1) / batch.view.focal))
        known = batch.labels.is_hand & batch.labels.right & batch.labels.has_parameters
        angles.append(off[known].numpy())
        errors.append(found["wrist_degrees"].numpy())
    return np.concatenate(angles), np.concatenate(errors)


def confidences(network: DaHyF, objective: Objective, batch: Batch) -> Array:
    """(B,) of eq. 8-9; nothing where no joints are located."""
    found = predict(network, batch)
    if found.joints is None:
        return np.zeros(0)
    projected = project(objective.keypoints(found.hand, found.translation, batch.labels), batch.view)
    return cosine_agreement(batch.view.centred(found.joints), batch.view.centred(projected)).numpy()


def binned(angles: Array, errors: Array, edges: Array) -> Iterator[float | None]:
    """The mean error between each two edges, None where there is no hand."""
    for low, high in pairwise(edges):
        inside = (angles >= low) & (angles < high)
        yield float(errors[inside].mean()) if inside.any() else None
