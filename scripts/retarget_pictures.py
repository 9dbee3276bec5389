"""Renders five poses of the open hand, and below each the hand of a generated Rigify rig that was retargeted from it.

Usage: .env/bpy-5.0/bin/python scripts/retarget_pictures.py -o PICTURE.jpg
"""

import argparse
import sys
from math import radians
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import addon_utils  # noqa: E402  (these two are found once bpy is there)
import bmesh  # noqa: E402

from addon import compat, keys, retarget, rig  # noqa: E402
from addon.camera import OPENCV_ROTATION  # noqa: E402
from addon.capture_file import BONE_NAMES, FINGERS, Hand, Skeleton, State  # noqa: E402

SIZE = (750, 345)
SAMPLES = 6
SPACING = Vector((0.2, 0.0, -0.24))
SHOWN_LENGTH = 0.2
"""Of a hand in the picture, from the wrist to the tip of the middle finger at rest."""

BENT = (80, 95, 60)
STRAIGHT = (0, 0, 0)
POSES = {
    "open": {},
    "fist": {"index": BENT, "middle": BENT, "ring": BENT, "pinky": BENT, "thumb": (35, 40, 50)},
    "point": {"middle": BENT, "ring": BENT, "pinky": BENT, "thumb": (30, 40, 40)},
    "ok": {"index": (45, 60, 35), "thumb": (25, 20, 25)},
    "relaxed": {"index": (15, 25, 15), "middle": (25, 35, 20), "ring": (32, 40, 25), "pinky": (40, 45, 25)},
}
"""Degrees by which the three joints of a finger bend."""

DEFORMING = tuple(
    f"DEF-{finger}.0{number}.R"
    for finger in ("thumb", "f_index", "f_middle", "f_ring", "f_pinky")
    for number in (1, 2, 3)
)
PALM = ("DEF-hand.R", *(f"DEF-palm.0{number}.R" for number in (1, 2, 3, 4)))


def main() -> None:
    """Pose, retarget, lay both out in a grid, render."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="picture to write")
    output = parser.parse_args().output
    bpy.ops.wm.read_factory_settings(use_empty=True)
    character = rigify_human()
    source = captured_hand()
    sources = retarget.scene_sources(bpy.context.scene, source.armature)
    retarget.retarget(bpy.context, character, sources, retarget.choose_preset(character, retarget.AUTOMATIC))
    for column in range(len(POSES)):
        bpy.context.scene.frame_set(column + 1)
        place = SPACING.x * column
        show(posed_skin(source), Vector((place, 0, 0)), (0.75, 0.5, 0.4))
        show(posed_bones(character), Vector((place, 0, SPACING.z)), (0.35, 0.5, 0.75))
    for hidden in (source.armature, source.mesh, character):
        hidden.hide_render = True
    render(output)


def rigify_human() -> bpy.types.Object:
    """The human that Rigify generates."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.context.object


def captured_hand() -> rig.Rig:
    """The open hand, keyed on one frame a pose as an import keys a capture."""
    with np.load(ROOT / "dahyf_core" / "assets" / "open_hand.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    skeleton = Skeleton(BONE_NAMES, tuple(arrays["parents"].tolist()), arrays["weights"])
    count = len(POSES)
    hand = Hand(
        side="right",
        pose=np.array([pose_of(bends, arrays["joints"]) for bends in POSES.values()]),
        translation=np.zeros((count, 3)),
        confidence=np.ones(count),
        state=np.full(count, State.OBSERVED, np.uint8),
        vertices=arrays["vertices"],
        joints=arrays["joints"],
        tips=arrays["tips"],
        faces=arrays["faces"],
    )
    collection = bpy.context.scene.collection
    built = rig.build_rig(bpy.context, hand, skeleton, collection, "open", rig.skin_material("skin"))
    built.armature.rotation_euler = OPENCV_ROTATION
    built.armature["dahyf_side"] = hand.side
    keys.key_hand(built.armature, hand, skeleton, np.arange(count) + 1.0, "poses")
    return built


def pose_of(bends: dict[str, tuple[int, int, int]], joints: NDArray[np.floating]) -> NDArray[np.float64]:
    """(16, 3) axis-angle: fingers up, the palm half to the camera, and bent as asked."""
    upright = Matrix(((0, 0, 1), (1, 0, 0), (0, 1, 0)))
    turned = Matrix.Rotation(radians(-35), 3, "Y") @ upright
    axis, angle = turned.to_quaternion().to_axis_angle()
    pose = np.zeros((len(BONE_NAMES), 3))
    pose[0] = np.array(axis) * angle
    for finger, angles in bends.items():
        first = 1 + 3 * FINGERS.index(finger)
        across = np.array((0.0, 0.0, 1.0))
        if finger == "thumb":
            along = joints[first + 1] - joints[first]
            across = np.cross(along, joints[BONE_NAMES.index("pinky1")] - joints[first])
        pose[first : first + 3] = np.radians(angles)[:, None] * across / np.linalg.norm(across)
    return pose


def posed_skin(source: rig.Rig) -> bpy.types.Mesh:
    """The hand's skin as it is now, wrist at the origin, at the size that is shown."""
    evaluated = source.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = bpy.data.meshes.new_from_object(evaluated)
    bones = source.armature.data.bones
    length = (bones["middle3.R"].tail_local - bones["wrist.R"].head_local).length
    wrist = source.armature.matrix_world @ source.armature.pose.bones["wrist.R"].head
    mesh.transform(Matrix.Scale(SHOWN_LENGTH / length, 4) @ Matrix.Translation(-wrist) @ source.mesh.matrix_world)
    return mesh


def posed_bones(character: bpy.types.Object) -> bpy.types.Mesh:
    """The bones that deform the rig's hand as they are now, a capsule each, as `posed_skin` is laid out."""
    bones = character.pose.bones
    rest = character.data.bones
    length = (rest[DEFORMING[8]].tail_local - rest[PALM[0]].head_local).length
    scale = SHOWN_LENGTH / length
    wrist = bones[PALM[0]].head
    shape = bmesh.new()
    for name in DEFORMING:
        add_capsule(shape, (bones[name].head - wrist) * scale, (bones[name].tail - wrist) * scale, 0.0085)
    for name in PALM[1:]:
        add_capsule(shape, (bones[name].head - wrist) * scale, (bones[name].tail - wrist) * scale, 0.011)
        add_capsule(shape, Vector(), (bones[name].head - wrist) * scale, 0.011)
    mesh = bpy.data.meshes.new("bones")
    shape.to_mesh(mesh)
    shape.free()
    return mesh


def add_capsule(shape: bmesh.types.BMesh, head: Vector, tail: Vector, radius: float) -> None:
    """A tube with a ball at each end."""
    along = tail - head
    turn = Vector((0, 0, 1)).rotation_difference(along).to_matrix().to_4x4()
    bmesh.ops.create_cone(
        shape,
        segments=24,
        radius1=radius,
        radius2=radius,
        depth=along.length,
        matrix=Matrix.Translation((head + tail) / 2) @ turn,
    )
    for end in (head, tail):
        bmesh.ops.create_uvsphere(
            shape, u_segments=24, v_segments=12, radius=radius * 1.15, matrix=Matrix.Translation(end)
        )


def show(mesh: bpy.types.Mesh, place: Vector, colour: tuple[float, float, float]) -> None:
    """Put a mesh of one colour into the scene."""
    mesh.shade_smooth()
    material = bpy.data.materials.new("shown")
    shader = next(node for node in compat.shader_nodes(material) if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1)
    mesh.materials.clear()
    mesh.materials.append(material)
    shown = bpy.data.objects.new("shown", mesh)
    shown.location = place
    bpy.context.scene.collection.objects.link(shown)


def render(output: Path) -> None:
    """One picture of the whole grid, seen along +Y."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = SPACING.x * len(POSES)
    camera.location = (SPACING.x * (len(POSES) - 1) / 2, -2, SPACING.z / 2 + SHOWN_LENGTH / 2 - 0.01)
    camera.rotation_euler = (radians(90), 0, 0)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy = 3
    sun.rotation_euler = (radians(50), radians(-25), 0)
    for each in (camera, sun):
        scene.collection.objects.link(each)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("world")
    scene.world.color = (0.6, 0.6, 0.6)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 80
    scene.render.filepath = str(output.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
