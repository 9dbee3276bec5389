"""Merges overlapping detections of a hand."""

import numpy as np

from dahyf_core.arrays import FloatArray


def overlap(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Intersection over union of one box (4,) with each of boxes (N, 4), as left, top, right, bottom -> (N,)."""
    shared = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    intersection = np.prod(np.maximum(shared, 0), axis=-1)
    union = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) - intersection
    shares: FloatArray = np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)
    return shares


def merge_overlapping(
    score: FloatArray, box: FloatArray, values: FloatArray, min_overlap: float
) -> tuple[FloatArray, FloatArray]:
    """MediaPipe's weighted non-maximum suppression.

    From the highest score down, a detection takes all others that it overlaps by more than min_overlap, keeps its own
    score, and gets their mean values, weighted by score.

    score: (N,). box: (N, 4) left, top, right, bottom. values: (N, ...).
    Returns score (M,) and values (M, ...), best first.
    """
    merged_score, merged_values = [], []
    remaining = np.argsort(-score, kind="stable")
    while remaining.size:
        best = remaining[0]
        together = overlap(box[best], box[remaining]) > min_overlap
        together[0] = True
        group = remaining[together]
        merged_score.append(score[best])
        merged_values.append(np.average(values[group], axis=0, weights=score[group]))
        remaining = remaining[~together]
    return np.array(merged_score), np.array(merged_values).reshape(-1, *values.shape[1:])
