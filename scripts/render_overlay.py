"""Renders keyed hands through the capture's camera over the footage, in one picture: frames, and the same with hands.

Usage: .env/bpy-5.0/bin/python scripts/render_overlay.py SCENE.blend -o PICTURE.png [--frames 20 60 100]
"""

import argparse
import re
import sys
import tempfile
from dataclasses import dataclass
from math import radians
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

COUNT = 5
CANDIDATES = 100
GAP = 6
SAMPLES = 32
FOOTAGE_DISTANCE = 50.0
LONGEST_FOOTAGE = 1_000_000


@dataclass(frozen=True)
class Overlay:
    """What is shown over the footage, and how wide one frame becomes in the picture."""

    scene: bpy.types.Scene
    hands: list[bpy.types.Object]
    width: int

    def render(self, frame: int, with_hands: bool, path: Path) -> NDArray[np.float32]:
        """One frame as (H, W, 4), the first row at the bottom, as Blender keeps pictures."""
        for hand in self.hands:
            hand.visible_camera = with_hands
            hand.visible_shadow = with_hands
        self.scene.cycles.samples = SAMPLES if with_hands else 1
        self.scene.render.filepath = str(path)
        self.scene.frame_set(frame)
        bpy.ops.render.render(write_still=True)
        return pixels_of(path)


def main() -> None:
    """Render and write the picture."""
    arguments = parse()
    bpy.ops.wm.open_mainfile(filepath=str(arguments.scene.resolve()))
    scene = bpy.context.scene
    overlay = Overlay(scene, [obj for obj in scene.objects if obj.type == "MESH"], arguments.width)
    frames = arguments.frames or spread(scene, overlay.hands, COUNT)
    set_up(scene, arguments.width)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        rows = [[overlay.render(frame, with_hands, path) for frame in frames] for with_hands in (True, False)]
    write(sheet(rows), arguments.output.resolve())
    print(f"Wrote {arguments.output}: frames {', '.join(map(str, frames))}")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path, help="a .blend file that a capture was imported into")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .png to write")
    parser.add_argument("--frames", type=int, nargs="+", help=f"default: {COUNT} in which a hand is seen")
    parser.add_argument("--width", type=int, default=400, help="pixels of one frame's longer side (default: 400)")
    return parser.parse_args()


def spread(scene: bpy.types.Scene, hands: list[bpy.types.Object], count: int) -> list[int]:
    """Frames in the middle of equal parts of the time in which a hand is seen."""
    seen = []
    for frame in np.linspace(scene.frame_start, scene.frame_end, CANDIDATES).round().astype(int).tolist():
        scene.frame_set(frame)
        if not all(hand.hide_render for hand in hands):
            seen.append(frame)
    parts = (np.arange(count) + 0.5) / count
    return sorted({seen[int(part * len(seen))] for part in parts}) if seen else [scene.frame_start]


def set_up(scene: bpy.types.Scene, width: int) -> None:
    """Footage behind the camera as something that Cycles renders, light from above left, and true colours."""
    if not scene.camera.data.background_images:
        sys.exit("render_overlay: there is no footage behind the scene's camera.")
    hang_footage(scene, scene.camera.data.background_images[0])
    light(scene)
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_percentage = max(1, round(100 * width / max(render.resolution_x, render.resolution_y)))
    render.image_settings.file_format = "PNG"
    scene.cycles.device = "CPU"
    scene.cycles.filter_width = 1.0
    scene.view_settings.view_transform = "Standard"


def hang_footage(scene: bpy.types.Scene, background: bpy.types.CameraBackgroundImage) -> None:
    """A screen far behind the hands that fills the picture and lights nothing."""
    corners = [corner * (FOOTAGE_DISTANCE / -corner.z) for corner in scene.camera.data.view_frame(scene=scene)]
    mesh = bpy.data.meshes.new("footage")
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    mesh.uv_layers.new().data.foreach_set("uv", [1, 1, 1, 0, 0, 0, 0, 1])
    mesh.materials.append(footage_material(background))
    screen = bpy.data.objects.new("footage", mesh)
    screen.parent = scene.camera
    for kind in ("diffuse", "glossy", "transmission", "shadow", "volume_scatter"):
        setattr(screen, f"visible_{kind}", False)
    scene.collection.objects.link(screen)
    scene.camera.data.clip_end = 2 * FOOTAGE_DISTANCE


def footage_material(background: bpy.types.CameraBackgroundImage) -> bpy.types.Material:
    """The footage's frames as they are, without shading."""
    material = bpy.data.materials.new("footage")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    texture = nodes.new("ShaderNodeTexImage")
    texture.extension = "EXTEND"
    texture.image = background.image or bpy.data.images.load(bpy.path.abspath(background.clip.filepath))
    if background.clip:
        play(texture, background.clip)
    emission = nodes.new("ShaderNodeEmission")
    links.new(texture.outputs["Color"], emission.inputs["Color"])
    links.new(emission.outputs["Emission"], nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return material


def play(texture: bpy.types.ShaderNodeTexImage, clip: bpy.types.MovieClip) -> None:
    """Let a texture show at each frame what the clip shows."""
    texture.image.source = clip.source
    texture.image_user.frame_start = clip.frame_start
    texture.image_user.frame_duration = LONGEST_FOOTAGE
    if clip.source == "SEQUENCE":
        texture.image_user.frame_offset = int(re.findall(r"\d+", Path(clip.filepath).stem)[-1]) - 1
    texture.image_user.use_auto_refresh = True


def light(scene: bpy.types.Scene) -> None:
    """A soft sun over the camera's left shoulder, and some light from everywhere."""
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle = 2.4, radians(20)
    sun.rotation_euler = (radians(72), 0, radians(-30))
    scene.collection.objects.link(sun)
    world = bpy.data.worlds.new("light")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.35, 0.35, 0.35, 1)
    scene.world = world


def sheet(rows: list[list[NDArray[np.float32]]]) -> NDArray[np.float32]:
    """Pictures of one size side by side, the first row at the bottom, white between them."""
    height, width, _ = rows[0][0].shape
    whole = np.ones((len(rows) * (height + GAP) - GAP, len(rows[0]) * (width + GAP) - GAP, 4), np.float32)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, left = row * (height + GAP), column * (width + GAP)
            whole[top : top + height, left : left + width] = picture
    return whole


def pixels_of(path: Path) -> NDArray[np.float32]:
    """A picture file as (H, W, 4)."""
    image = bpy.data.images.load(str(path), check_existing=False)
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def write(picture: NDArray[np.float32], path: Path) -> None:
    """Write (H, W, 4) as a PNG."""
    height, width, _ = picture.shape
    image = bpy.data.images.new("sheet", width, height)
    image.pixels.foreach_set(picture.ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()


if __name__ == "__main__":
    main()
