"""Captures as binary glTF 2.0: skinned hands with their animations, and the camera."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dahyf_core import __version__
from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture
from dahyf_core.export.options import ExportOptions, known_camera
from dahyf_core.export.skeleton import SkeletonAnimation, animate, rest_transforms

if TYPE_CHECKING:
    from pygltflib import GLTF2

BONES_A_VERTEX = 4
"""Skin weights per vertex that every program reads. The open hand has no more; of other models the largest are kept."""
SKIN_COLOUR = [0.7, 0.46, 0.36, 1.0]
SKIN_ROUGHNESS = 0.55
NEAREST = 0.01
"""Near plane of the camera, m."""
CENTRE_PX = 0.5
"""Distance of the principal point from the middle of the picture above which a warning is given."""


def write_glb(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write a GLB file: y up, metres, as glTF requires. Raises SettingsError. Warns of what its camera cannot store."""
    from pygltflib import GLTF2, Asset, Material, PbrMetallicRoughness, Scene

    file = GLTF2(asset=Asset(version="2.0", generator=f"DaHyF Hands {__version__}"))
    file.scene, file.scenes = 0, [Scene(name="Scene", nodes=[])]
    colour = PbrMetallicRoughness(baseColorFactor=SKIN_COLOUR, metallicFactor=0.0, roughnessFactor=SKIN_ROUGHNESS)
    file.materials = [Material(name="skin", pbrMetallicRoughness=colour, doubleSided=False)]
    data = _Data(file)
    motions = [_add_hand(file, data, hand) for hand in animate(capture, rate=options.rate)]
    file.animations = motions if len(motions) == 1 else [_together(motions), *motions]
    if options.camera:
        _add_camera(file, known_camera(capture))
    data.finish()
    stream.write(b"".join(file.save_to_bytes()))


class _Data:
    """The single buffer of a file, and its accessors."""

    def __init__(self, file: "GLTF2") -> None:
        self._file = file
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, values: Array | NDArray[np.integer], kind: str, target: int | None = None) -> int:
        """The number of a new accessor. values: (N, ...) float32, uint32 or uint8. kind: glTF's name of an element."""
        from pygltflib import FLOAT, UNSIGNED_BYTE, UNSIGNED_INT, Accessor, BufferView

        component = {"float32": FLOAT, "uint32": UNSIGNED_INT, "uint8": UNSIGNED_BYTE}[values.dtype.name]
        part = np.ascontiguousarray(values).tobytes()
        self._file.bufferViews.append(
            BufferView(buffer=0, byteOffset=self._length, byteLength=len(part), target=target)
        )
        flat = values.reshape(len(values), -1)
        self._file.accessors.append(
            Accessor(
                bufferView=len(self._file.bufferViews) - 1,
                componentType=component,
                count=len(values),
                type=kind,
                min=flat.min(axis=0).tolist(),
                max=flat.max(axis=0).tolist(),
            )
        )
        part += bytes(-len(part) % 4)
        self._parts.append(part)
        self._length += len(part)
        return len(self._file.accessors) - 1

    def finish(self) -> None:
        """Write the buffer into the file."""
        from pygltflib import Buffer

        self._file.buffers = [Buffer(byteLength=self._length)]
        self._file.set_binary_blob(b"".join(self._parts))


def _add_hand(file: "GLTF2", data: _Data, hand: SkeletonAnimation) -> Any:
    """Add the nodes, skin and mesh of a hand; returns its animation."""
    from pygltflib import MAT4, Node, Skin

    first = len(file.nodes) + 1
    file.nodes.append(Node(name=hand.name, children=[first]))
    file.scenes[0].nodes.append(first - 1)
    for bone, name in enumerate(hand.bones):
        children = [first + int(child) for child in np.flatnonzero(hand.parents == bone)]
        turn = np.roll(hand.rest_rotations[bone], -1).tolist()
        file.nodes.append(
            Node(name=name, translation=hand.rest_translations[bone].tolist(), rotation=turn, children=children)
        )
    binds = np.linalg.inv(rest_transforms(hand)).swapaxes(-1, -2).astype(np.float32)  # column by column
    joints = list(range(first, first + len(hand.bones)))
    file.skins.append(
        Skin(name=hand.name, joints=joints, skeleton=first - 1, inverseBindMatrices=data.add(binds, MAT4))
    )
    file.meshes.append(_mesh(data, hand))
    file.nodes.append(Node(name=f"skin_of_{hand.name}", mesh=len(file.meshes) - 1, skin=len(file.skins) - 1))
    file.scenes[0].nodes.append(len(file.nodes) - 1)
    return _motion(data, hand, first)


def _mesh(data: _Data, hand: SkeletonAnimation) -> Any:
    from pygltflib import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, SCALAR, VEC3, VEC4, Attributes, Mesh, Primitive

    strongest = np.argsort(-hand.weights, axis=1, kind="stable")[:, :BONES_A_VERTEX]
    weights = np.take_along_axis(hand.weights, strongest, axis=1).astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    vertices = hand.vertices.astype(np.float32)
    attributes = Attributes(
        POSITION=data.add(vertices, VEC3, ARRAY_BUFFER),
        NORMAL=data.add(normals(hand.vertices, hand.faces).astype(np.float32), VEC3, ARRAY_BUFFER),
        JOINTS_0=data.add(np.where(weights > 0, strongest, 0).astype(np.uint8), VEC4, ARRAY_BUFFER),
        WEIGHTS_0=data.add(weights.astype(np.float32), VEC4, ARRAY_BUFFER),
    )
    faces = data.add(hand.faces.reshape(-1).astype(np.uint32), SCALAR, ELEMENT_ARRAY_BUFFER)
    return Mesh(name=hand.name, primitives=[Primitive(attributes=attributes, indices=faces, material=0)])


def _motion(data: _Data, hand: SkeletonAnimation, first: int) -> Any:
    """The animation of a hand whose bones are the nodes from `first` on."""
    from pygltflib import SCALAR, VEC3, VEC4, Animation, AnimationChannel, AnimationChannelTarget, AnimationSampler

    times = data.add(hand.times.astype(np.float32), SCALAR)
    turns = np.roll(hand.rotations, -1, axis=-1).astype(np.float32)
    curves = [(0, "translation", data.add(hand.translations.astype(np.float32), VEC3))]
    curves += [(bone, "rotation", data.add(turns[:, bone], VEC4)) for bone in range(len(hand.bones))]
    return Animation(
        name=hand.name,
        samplers=[AnimationSampler(input=times, output=values, interpolation="LINEAR") for _, _, values in curves],
        channels=[
            AnimationChannel(sampler=number, target=AnimationChannelTarget(node=first + bone, path=path))
            for number, (bone, path, _) in enumerate(curves)
        ],
    )


def _together(motions: Sequence[Any]) -> Any:
    """One animation of all hands with the same data, because most programs play only the first animation of a file."""
    from pygltflib import Animation, AnimationChannel

    result = Animation(name="hands", samplers=[], channels=[])
    for motion in motions:
        first = len(result.samplers)
        result.samplers += motion.samplers
        result.channels += [
            AnimationChannel(sampler=first + channel.sampler, target=channel.target) for channel in motion.channels
        ]
    return result


def _add_camera(file: "GLTF2", camera: Intrinsics) -> None:
    """The camera looks along -z of its node, as it does in the scene."""
    from pygltflib import Camera, Node, Perspective

    off = max(abs(camera.cx - camera.width / 2), abs(camera.cy - camera.height / 2))
    if off > CENTRE_PX or camera.distortion:
        what = "distortion" if camera.distortion else f"principal point, {off:.0f} px from the middle of the picture"
        warnings.warn(f"A glTF camera cannot store the lens's {what}, which was left out.", stacklevel=2)
    view = Perspective(
        yfov=float(2 * np.arctan(camera.height / 2 / camera.fy)),
        aspectRatio=float(camera.width / camera.fx / (camera.height / camera.fy)),
        znear=NEAREST,
    )
    file.cameras.append(Camera(name="camera", type="perspective", perspective=view))
    file.nodes.append(Node(name="camera", camera=0))
    file.scenes[0].nodes.append(len(file.nodes) - 1)


def normals(vertices: Array, faces: NDArray[np.integer]) -> Array:
    """(V, 3) unit normals of vertices (V, 3) of triangles (F, 3), weighted by their areas."""
    corners = vertices[faces]
    of_faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    result = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(result, faces[:, corner], of_faces)
    lengths = np.linalg.norm(result, axis=1, keepdims=True)
    units: Array = np.divide(result, lengths, out=np.tile([0.0, 0.0, 1.0], (len(result), 1)), where=lengths > 0)
    return units
