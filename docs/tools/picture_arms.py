"""Renders characters whose arms go with captured hands, by the default retarget, from the front and from the side.

Above Rigify's generated human with IK arms, below its metarig as a plain FK skeleton: both in A-pose, before hands that
are held up to a camera, wave, bow and turn. On the left the pose that they start from.

Usage: .env/bpy-5.0/bin/python docs/tools/picture_arms.py -o PICTURE.jpg
"""

import argparse
import sys
from itertools import pairwise
from math import radians
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
from mathutils import Matrix, Vector

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "blender_tests"), str(ROOT / "docs" / "tools")]

import addon_utils  # noqa: E402  (these are found once bpy is there)
import bmesh  # noqa: E402
from capture_factory import capture_arrays, write_capture  # noqa: E402
from picture_retarget import add_capsule, show  # noqa: E402
from test_retarget_wrist import hands_up  # noqa: E402

from addon import retarget  # noqa: E402
from addon.backend.capture_file import Capture, read_capture  # noqa: E402
from addon.retarget.mapping.presets import SHIPPED, Preset, read_preset  # noqa: E402
from addon.scene.timing import Timeline  # noqa: E402
from addon.shared.names import SIDES  # noqa: E402
from addon.shared.rig_joints import FINGERS, finger_joints, hand_joint  # noqa: E402

FRAMES = 30
SHOWN = (1, 5, 9, 16, 24)
VIEWS = (0, 90)
"""Degrees by which the character is turned: from the front, from its left."""

COLUMN, ROW = 1.25, 1.0
MARGIN = 0.35
"""To the left of the arms of the first pose."""

PIXELS = 170
"""Of one metre."""

SAMPLES = 8
BODY, SKIN, PALM = (0.42, 0.47, 0.56), (0.75, 0.55, 0.42), (0.8, 0.2, 0.12)
SPINE = ("spine.003", "spine.004", "spine.006")


def main() -> None:
    """Retarget to both characters, lay all out on a sheet, render."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="picture to write")
    output = parser.parse_args().output
    bpy.ops.wm.read_factory_settings(use_empty=True)
    capture = waving_hands()
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.pose.rigify_generate()
    characters = ((bpy.context.object, "DEF-"), (metarig, ""))
    for number, (character, prefix) in enumerate(characters):
        corner = Vector((0, 0, -2 * ROW * number))
        draw(character, prefix, corner, 0)
        preset = retarget.choose_preset(character, retarget.AUTOMATIC)
        done = retarget.retarget(bpy.context, character, retarget.capture_sources(capture, Timeline()), preset)
        print(character.name, preset.name, *done.warnings, sep="\n  ")
        for column, frame in enumerate(SHOWN, start=1):
            bpy.context.scene.frame_set(frame)
            draw(character, prefix, corner, column)
    for character, _ in characters:
        character.hide_render = True
    render(output)


def waving_hands() -> Capture:
    """Two hands before a camera."""
    arrays = capture_arrays(frames=FRAMES)
    hands_up(arrays)
    with TemporaryDirectory() as folder:
        return read_capture(write_capture(Path(folder) / "waving.npz", arrays))


def draw(character: bpy.types.Object, prefix: str, corner: Vector, column: int) -> None:
    """A character as it stands now, from all views, one below the other."""
    for row, degrees in enumerate(VIEWS):
        turn = Matrix.Rotation(radians(-degrees), 4, "Z")
        place = Matrix.Translation(corner + Vector((COLUMN * column, 0, -ROW * row)))
        for mesh, colour in parts(character, prefix):
            show(mesh, Vector(), colour).matrix_world = place @ turn


def parts(character: bpy.types.Object, prefix: str) -> list[tuple[bpy.types.Mesh, tuple[float, float, float]]]:
    """Body, arms with hands, and palms, as they stand now."""
    preset = read_preset(SHIPPED / "rigify_metarig.json")
    bones = character.pose.bones
    body, skin, palm = (bmesh.new() for _ in range(3))
    spine = [bones[prefix + name].head for name in SPINE] + [bones[f"{prefix}spine.006"].tail]
    for index, (lower, upper) in enumerate(pairwise(spine)):
        add_limb(body, lower, upper, 0.05 if index >= len(SPINE) - 2 else 0.1)
    add_limb(body, spine[-2].lerp(spine[-1], 0.5), spine[-1], 0.085)
    for side in SIDES:
        letter = side[0].upper()
        points = [bones[f"{prefix}{name}.{letter}"].head for name in ("shoulder", "upper_arm", "forearm", "hand")]
        for head, tail, radius, shape in zip(
            points[:-1], points[1:], (0.05, 0.045, 0.033), (body, skin, skin), strict=True
        ):
            add_limb(shape, head, tail, radius)
        draw_hand(skin, palm, character, prefix, preset, side)
    made = []
    for shape, colour in ((body, BODY), (skin, SKIN), (palm, PALM)):
        mesh = bpy.data.meshes.new("part")
        shape.to_mesh(mesh)
        shape.free()
        made.append((mesh, colour))
    return made


def add_limb(shape: bmesh.types.BMesh, head: Vector, tail: Vector, radius: float) -> None:
    """A capsule, made apart and then added: Blender's operators go through all of a mesh each time."""
    piece, mesh = bmesh.new(), bpy.data.meshes.new("piece")
    add_capsule(piece, head, tail, radius)
    piece.to_mesh(mesh)
    piece.free()
    shape.from_mesh(mesh)
    bpy.data.meshes.remove(mesh)


def draw_hand(
    skin: bmesh.types.BMesh,
    palm: bmesh.types.BMesh,
    character: bpy.types.Object,
    prefix: str,
    preset: Preset,
    side: str,
) -> None:
    """Fingers, the hand as a slab, and a red plate in its palm."""
    bones = character.pose.bones
    wrist = bones[prefix + preset.bones[hand_joint(side)]].head
    knuckles = []
    for finger in FINGERS:
        names = [prefix + preset.bones[joint] for joint in finger_joints(side, finger)]
        knuckles.append(bones[names[0]].head)
        add_limb(skin, wrist.lerp(knuckles[-1], 0.3), knuckles[-1], 0.012)
        for name in names:
            add_limb(skin, bones[name].head, bones[name].tail, 0.0095)
    middle = (knuckles[1] + knuckles[-1]) / 2
    along = (middle - wrist).normalized()
    across = knuckles[1] - knuckles[-1]
    across = (across - across.dot(along) * along).normalized()
    out = across.cross(along) * (1 if side == "right" else -1)
    for shape, thick, lift, wide in ((skin, 0.026, 0.0, 0.075), (palm, 0.012, 0.012, 0.055)):
        frame = Matrix((across, along, out)).transposed().to_4x4()
        frame.translation = (wrist + middle) / 2 + lift * out
        size = Matrix.Diagonal((wide, (middle - wrist).length * 0.9, thick, 1))
        bmesh.ops.create_cube(shape, size=1, matrix=frame @ size)


def render(output: Path) -> None:
    """One picture of the whole sheet, seen along +Y."""
    columns, rows = len(SHOWN) + 1, 2 * len(VIEWS)
    width, height = COLUMN * columns + MARGIN, ROW * rows
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", max(width, height)
    camera.location = ((width - COLUMN) / 2 - MARGIN, -5, 1.62 + ROW / 2 - height / 2)
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
    scene.cycles.samples, scene.cycles.max_bounces, scene.cycles.use_denoising = SAMPLES, 0, False
    scene.render.resolution_x, scene.render.resolution_y = round(width * PIXELS), round(height * PIXELS)
    scene.render.image_settings.file_format = "PNG" if output.suffix == ".png" else "JPEG"
    scene.render.image_settings.quality = 80
    scene.render.filepath = str(output.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
