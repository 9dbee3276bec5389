"""Captures as USD: UsdSkel skeletons with their animation and skin, and the camera."""

import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dahyf_core import __version__
from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture
from dahyf_core.export.gltf import SKIN_COLOUR, normals
from dahyf_core.export.options import METRES, ExportOptions, known_camera
from dahyf_core.export.skeleton import SkeletonAnimation, animate, rest_transforms
from dahyf_core.geometry import FROM_CAMERA

SMALLEST_WEIGHT = 1e-6
APERTURE = 36.0
"""Horizontal aperture, in tenths of a unit, as in USD cameras."""
ROOT = "Hands"


def write_usd(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write a USD file. Time codes are frame numbers of the footage. Lost hands are invisible. Raises SettingsError."""
    from pxr import Usd, UsdGeom

    hands = animate(capture, options.up or "y", options.unit or "m", rate=options.rate)
    stage = Usd.Stage.CreateInMemory()
    stage.GetRootLayer().documentation = f"DaHyF Hands {__version__}"
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, f"/{ROOT}").GetPrim())
    UsdGeom.SetStageUpAxis(stage, hands[0].up.upper())
    UsdGeom.SetStageMetersPerUnit(stage, METRES[hands[0].unit])
    stage.SetTimeCodesPerSecond(float(hands[0].rate))
    stage.SetFramesPerSecond(float(hands[0].rate))
    stage.SetStartTimeCode(float(hands[0].frames[0]))
    stage.SetEndTimeCode(float(hands[0].frames[-1]))
    for hand in hands:
        _add_hand(stage, hand)
    if options.camera:
        _add_camera(stage, known_camera(capture), hands[0])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"capture{suffix}"
        _write(stage.GetRootLayer(), file)
        stream.write(file.read_bytes())


def _write(layer: Any, file: Path) -> None:
    """Write a layer. Raises OSError, as other formats do."""
    from pxr import Tf

    try:
        written = layer.Export(str(file))
    except Tf.ErrorException as error:
        raise OSError(0, f"USD cannot write {file}") from error
    if not written:
        raise OSError(0, f"USD cannot write {file}")


def _add_hand(stage: Any, hand: SkeletonAnimation) -> None:
    from pxr import Gf, UsdGeom, UsdSkel, Vt

    path = f"/{ROOT}/{_valid(hand.name)}"
    root = UsdSkel.Root.Define(stage, path)
    _show(root, hand)
    skeleton = UsdSkel.Skeleton.Define(stage, f"{path}/Skeleton")
    joints = Vt.TokenArray(_joints(hand))
    skeleton.CreateJointsAttr(joints)
    skeleton.CreateJointNamesAttr(Vt.TokenArray([_valid(bone) for bone in hand.bones]))
    skeleton.CreateBindTransformsAttr(Vt.Matrix4dArray(list(map(_matrix, rest_transforms(hand)))))
    rest = [
        Gf.Matrix4d().SetTransform(Gf.Rotation(_quaternion(turn)), Gf.Vec3d(*step.tolist()))
        for turn, step in zip(hand.rest_rotations, hand.rest_translations, strict=True)
    ]
    skeleton.CreateRestTransformsAttr(Vt.Matrix4dArray(rest))
    motion = UsdSkel.Animation.Define(stage, f"{path}/Animation")
    motion.CreateJointsAttr(joints)
    count = len(hand.bones)
    motion.CreateScalesAttr(Vt.Vec3hArray([Gf.Vec3h(1, 1, 1)] * count))
    rotations, translations = motion.CreateRotationsAttr(), motion.CreateTranslationsAttr()
    steps = hand.rest_translations.astype(np.float32)
    for row, code in enumerate(hand.frames.tolist()):
        steps[0] = hand.translations[row]
        rotations.Set(Vt.QuatfArray([Gf.Quatf(_quaternion(turn)) for turn in hand.rotations[row]]), code)
        translations.Set(Vt.Vec3fArray.FromNumpy(steps.copy()), code)
    UsdSkel.BindingAPI.Apply(skeleton.GetPrim()).CreateAnimationSourceRel().SetTargets([motion.GetPath()])
    mesh = _mesh(stage, f"{path}/Skin", hand)
    UsdSkel.BindingAPI(mesh).CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    root.CreateExtentAttr(UsdGeom.PointBased.ComputeExtent(mesh.GetPointsAttr().Get()))


def _mesh(stage: Any, path: str, hand: SkeletonAnimation) -> Any:
    from pxr import Gf, UsdGeom, UsdSkel, Vt

    mesh = UsdGeom.Mesh.Define(stage, path)
    points = Vt.Vec3fArray.FromNumpy(hand.vertices.astype(np.float32))
    mesh.CreatePointsAttr(points)
    mesh.CreateExtentAttr(UsdGeom.PointBased.ComputeExtent(points))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray([3] * len(hand.faces)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray(hand.faces.reshape(-1).tolist()))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(normals(hand.vertices, hand.faces).astype(np.float32)))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateDisplayColorAttr([Gf.Vec3f(*SKIN_COLOUR[:3])])
    most = int((hand.weights > SMALLEST_WEIGHT).sum(axis=1).max())
    strongest = np.argsort(-hand.weights, axis=1, kind="stable")[:, :most]
    weights = np.take_along_axis(hand.weights, strongest, axis=1).astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateJointIndicesPrimvar(False, most).Set(Vt.IntArray(strongest.reshape(-1).tolist()))
    binding.CreateJointWeightsPrimvar(False, most).Set(Vt.FloatArray(weights.reshape(-1).tolist()))
    binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1.0))
    return mesh


def _show(root: Any, hand: SkeletonAnimation) -> None:
    """Key the visibility of a hand at the frames in which it is lost or found again."""
    from pxr import UsdGeom

    if hand.present.all():
        return
    attribute = root.CreateVisibilityAttr()
    for row, code in enumerate(hand.frames.tolist()):
        if row == 0 or hand.present[row] != hand.present[row - 1]:
            attribute.Set(UsdGeom.Tokens.inherited if hand.present[row] else UsdGeom.Tokens.invisible, code)


def _add_camera(stage: Any, intrinsics: Intrinsics, hand: SkeletonAnimation) -> None:
    """Add the camera, exact for any principal point and pixel aspect. Distortion is left out, as for the hands."""
    from pxr import Gf, UsdGeom

    camera = UsdGeom.Camera.Define(stage, f"/{ROOT}/Camera")
    width, height = APERTURE, APERTURE * intrinsics.height / intrinsics.width * intrinsics.fx / intrinsics.fy
    camera.CreateProjectionAttr(UsdGeom.Tokens.perspective)
    camera.CreateHorizontalApertureAttr(width)
    camera.CreateVerticalApertureAttr(height)
    camera.CreateFocalLengthAttr(intrinsics.fx * width / intrinsics.width)
    camera.CreateHorizontalApertureOffsetAttr((intrinsics.width / 2 - intrinsics.cx) / intrinsics.width * width)
    camera.CreateVerticalApertureOffsetAttr((intrinsics.cy - intrinsics.height / 2) / intrinsics.height * height)
    camera.CreateClippingRangeAttr(Gf.Vec2f(0.01, 100.0) / METRES[hand.unit])
    looking = np.eye(4)
    looking[:3, :3] = FROM_CAMERA[hand.up] @ FROM_CAMERA["y"].T  # a camera of USD looks along -z, y up
    camera.AddTransformOp().Set(_matrix(looking))


def _joints(hand: SkeletonAnimation) -> list[str]:
    """Bones as paths, `wrist_R/index1_R`."""
    paths: list[str] = []
    for bone, parent in zip(hand.bones, hand.parents.tolist(), strict=True):
        paths.append(f"{paths[parent]}/{_valid(bone)}" if parent >= 0 else _valid(bone))
    return paths


def _valid(name: str) -> str:
    """A name that USD allows."""
    return name.replace(".", "_")


def _matrix(transform: Any) -> Any:
    """USD multiplies rows from the left."""
    from pxr import Gf

    return Gf.Matrix4d(*transform.T.reshape(-1).tolist())


def _quaternion(turn: Any) -> Any:
    from pxr import Gf

    return Gf.Quatd(*turn.tolist())
