"""Skinned meshes of glTF files that hold all of themselves, and nothing but one mesh."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FORMATS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class SkinnedMesh:
    """vertices, normals: (V, 3). uv: (V, 2), v down. faces: (F, 3). weights: (V, J) of the joints `names`.

    joints: name to place (3,), at rest.
    """

    vertices: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    names: list[str]
    joints: dict[str, np.ndarray]


def read_mesh(path: Path) -> SkinnedMesh:
    """The mesh of a file whose buffers are embedded."""
    scene = json.loads(path.read_text())
    buffers = [base64.b64decode(buffer["uri"].split(",", 1)[1]) for buffer in scene["buffers"]]

    def values(number: int) -> np.ndarray:
        accessor = scene["accessors"][number]
        view = scene["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        width = WIDTHS[accessor["type"]]
        flat = np.frombuffer(
            buffers[view["buffer"]], FORMATS[accessor["componentType"]], accessor["count"] * width, start
        )
        return flat.reshape(-1, width)

    primitive = scene["meshes"][0]["primitives"][0]
    attributes = {name: values(number) for name, number in primitive["attributes"].items()}
    skin = scene["skins"][0]
    names = [scene["nodes"][node]["name"].removesuffix("_R").removesuffix("_L") for node in skin["joints"]]
    binds = values(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1).astype(float)
    places = np.linalg.inv(binds)[:, :3, 3]
    weights = np.zeros((len(attributes["POSITION"]), len(names)))
    rows = np.arange(len(weights))
    for slot in range(4):
        np.add.at(weights, (rows, attributes["JOINTS_0"][:, slot]), attributes["WEIGHTS_0"][:, slot])
    return SkinnedMesh(
        vertices=attributes["POSITION"].astype(float),
        normals=attributes["NORMAL"].astype(float),
        uv=attributes["TEXCOORD_0"].astype(float),
        faces=values(primitive["indices"]).reshape(-1, 3).astype(int),
        weights=weights / weights.sum(axis=1, keepdims=True),
        names=names,
        joints=dict(zip(names, places, strict=True)),
    )
