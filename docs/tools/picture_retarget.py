"""Renders five poses of the open hand, and below them the same retargeted onto a rig of every preset.

Rigify's is the human that it generates; the others are built from their presets, with any bone rolls and rest pose.

Usage: PYTHONPATH=.:blender_tests .env/bpy-5.0/bin/python docs/tools/picture_retarget.py -o PICTURE.jpg
"""

import argparse
from math import radians
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent

import addon_utils  # noqa: E402  (these two are found once bpy is there)
import bmesh  # noqa: E402
from rig_factory import Style, build_rig  # noqa: E402

from addon import compat, retarget  # noqa: E402
from addon.backend.capture_file import Hand, Skeleton  # noqa: E402
from addon.retarget.mapping.presets import SHIPPED, Preset, preset_files, read_preset  # noqa: E402
from addon.scene import keys, rig  # noqa: E402
from addon.scene.camera import OPENCV_ROTATION  # noqa: E402
from addon.shared.capture_schema import State  # noqa: E402
from addon.shared.names import BONE_NAMES, MANO_FINGERS  # noqa: E402
from addon.shared.rig_joints import FINGERS as JOINT_FINGERS  # noqa: E402
from addon.shared.rig_joints import finger_joints, hand_joint  # noqa: E402

PIXELS = 500
"""Of one metre of the sheet."""

SAMPLES = 8
SPACING = Vector((0.17, 0.0, -0.24))
BLOCK = Vector((0.9, 0.0, -0.56))
"""From one rig's ten hands to the next one's."""

BLOCKS_A_ROW = 3
SIDE = "right"
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


def main() -> None:
    """Pose, retarget to each rig, lay all out on a sheet, render."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="picture to write")
    output = parser.parse_args().output
    bpy.ops.wm.read_factory_settings(use_empty=True)
    source = captured_hand()
    sources = retarget.scene_sources(bpy.context.scene, source.armature)
    presets = {identifier: read_preset(path) for identifier, path in preset_files(SHIPPED).items()}
    shown = {name: preset for name, preset in presets.items() if hand_joint(SIDE) in preset.bones}
    for number, (identifier, preset) in enumerate(shown.items()):
        character, drawn = rigify_human(preset) if identifier == "rigify" else made_up(preset, number)
        retarget.retarget(bpy.context, character, sources, retarget.choose_preset(character, retarget.AUTOMATIC))
        row, column = divmod(number, BLOCKS_A_ROW)
        corner = Vector((BLOCK.x * column, 0, BLOCK.z * row))
        title(preset.name, corner)
        draw_block(source, character, drawn, corner)
        character.hide_render = True
    for hidden in (source.armature, source.mesh):
        hidden.hide_render = True
    render(output, -(-len(shown) // BLOCKS_A_ROW))


def draw_block(source: rig.Rig, character: bpy.types.Object, drawn: Preset, corner: Vector) -> None:
    """The source's poses in a row, the rig's below."""
    for column in range(len(POSES)):
        bpy.context.scene.frame_set(column + 1)
        place = corner + Vector((SPACING.x * column, 0, 0))
        show(posed_skin(source), place, (0.75, 0.5, 0.4))
        show(posed_bones(character, drawn), place + Vector((0, 0, SPACING.z)), (0.35, 0.5, 0.75))


def made_up(preset: Preset, seed: int) -> tuple[bpy.types.Object, Preset]:
    """A rig with a preset's bones, of any rolls and rest pose, and the bones to draw."""
    rng = np.random.default_rng(seed)
    style = Style(arm_drop=rng.uniform(0, 1), finger_bend=rng.uniform(0, 0.4), seed=seed)
    return build_rig(preset, style, name=preset.name), preset


def rigify_human(preset: Preset) -> tuple[bpy.types.Object, Preset]:
    """The human that Rigify generates, and the bones that deform it."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.context.object.hide_render = True
    bpy.ops.pose.rigify_generate()
    deforming = {joint: f"DEF-{bone.replace('_fk', '')}" for joint, bone in preset.bones.items()}
    return bpy.context.object, Preset(preset.name, deforming)


def captured_hand() -> rig.Rig:
    """The open hand, keyed on one frame a pose as an import keys a capture."""
    with np.load(ROOT / "dahyf_core" / "assets" / "open_hand.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    skeleton = Skeleton(BONE_NAMES, tuple(arrays["parents"].tolist()), arrays["weights"])
    count = len(POSES)
    hand = Hand(
        side=SIDE,
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
        first = 1 + 3 * MANO_FINGERS.index(finger)
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


def posed_bones(character: bpy.types.Object, drawn: Preset) -> bpy.types.Mesh:
    """The bones of the rig's hand as they are now, a capsule each, as `posed_skin` is laid out."""
    bones = character.pose.bones
    fingers = [
        [drawn.bones[joint] for joint in finger_joints(SIDE, finger) if joint in drawn.bones]
        for finger in JOINT_FINGERS
    ]
    hand = drawn.bones[hand_joint(SIDE)]
    rest = character.data.bones
    middle = fingers[JOINT_FINGERS.index("middle")]
    scale = SHOWN_LENGTH / (rest[middle[-1]].tail_local - rest[hand].head_local).length
    wrist = bones[hand].head
    shape = bmesh.new()
    for names in fingers:
        add_capsule(shape, Vector(), (bones[names[0]].head - wrist) * scale, 0.0105)
        for name in names:
            add_capsule(shape, (bones[name].head - wrist) * scale, (bones[name].tail - wrist) * scale, 0.0085)
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


def show(
    data: bpy.types.Mesh | bpy.types.TextCurve, place: Vector, colour: tuple[float, float, float]
) -> bpy.types.Object:
    """Put a thing of one colour into the scene."""
    material = bpy.data.materials.new("shown")
    shader = next(node for node in compat.shader_nodes(material) if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1)
    data.materials.clear()
    data.materials.append(material)
    shown = bpy.data.objects.new("shown", data)
    shown.location = place
    bpy.context.scene.collection.objects.link(shown)
    return shown


def title(text: str, corner: Vector) -> None:
    """The preset's name above its hands."""
    letters = bpy.data.curves.new("title", "FONT")
    letters.body, letters.size = text, 0.035
    shown = show(letters, corner + Vector((-SPACING.x / 3, 0, 0.21)), (0.9, 0.9, 0.9))
    shown.rotation_euler = (radians(90), 0, 0)


def render(output: Path, rows: int) -> None:
    """One picture of the whole sheet, seen along +Y."""
    width, height = BLOCK.x * BLOCKS_A_ROW, -BLOCK.z * rows
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = max(width, height)
    camera.location = (width / 2 - SPACING.x * 0.6, -2, 0.26 - height / 2)
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
    scene.render.resolution_x, scene.render.resolution_y = round(width * PIXELS), round(height * PIXELS)
    scene.render.image_settings.file_format = "JPEG"
    scene.render.image_settings.quality = 80
    scene.render.filepath = str(output.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
