"""Points of the skin all over the open hand, for labels that are denser than 21 keypoints.

Left and right hands have the same points, since a mirrored hand keeps the order of its vertices.
"""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.hand_model.model import HandModel, Skeleton

# fmt: off
DENSE_VERTICES: NDArray[np.int64] = np.array([
    320, 1602, 784, 1379, 1570, 72, 1526, 497, 140, 1244, 1599, 1582, 1458, 944, 1280, 1592, 1563, 1249, 525, 195,
    1316, 1573, 660, 1519, 1335, 1340, 1306, 153, 812, 542, 1606, 1440, 1274, 1293, 1252, 1491, 358, 1577, 1589,
    1596, 1514, 296, 461, 161, 1333, 605, 1349, 1586, 1135, 1352, 1088, 146, 1539, 1115, 669, 809, 1574, 1493,
    426, 11, 1286, 48, 1564, 1452, 401, 264, 1211, 1509, 1505, 1513, 326, 1292, 1317, 590, 1543, 1432, 777, 1438,
    1557, 1336, 20, 1608, 515, 1058, 1354, 1587, 1140, 1604, 891, 1156, 131, 1345, 1538, 288, 1302, 816, 1285,
    679, 1531, 430, 1571, 1568, 1284, 1437, 634, 1334, 1226, 1087, 117, 236, 1520, 207, 1304, 1490, 1163, 1320,
    905, 1572, 1576, 1227, 1387, 1332, 441, 818, 1298, 1521, 143, 800,
])
# fmt: on
"""(128,) vertices of the open hand, by farthest-point sampling (`farthest_points`). Their order is part of labels and
networks, so that the list is fixed here."""


def dense_points(model: HandModel, posed: Skeleton) -> Array:
    """(B, 128, 3) m, the points on the skin of posed hands. Raises ValueError for another hand than the open one."""
    if model.name != "open_hand":
        raise ValueError(f"dense points are vertices of the open hand, not of {model.name}")
    return model.skin(posed, DENSE_VERTICES)


def farthest_points(vertices: Array, count: int, first: int, left_out: NDArray[np.integer]) -> NDArray[np.int64]:
    """Indices (count,) of `vertices` (V, 3), each farthest from those before it, from `first` on."""
    chosen = [first]
    distance = np.linalg.norm(vertices - vertices[first], axis=1)
    distance[left_out] = 0.0
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(vertices - vertices[chosen[-1]], axis=1))
    return np.array(chosen)
