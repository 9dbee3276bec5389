"""Draws a scene with OpenGL, without a window: moderngl on EGL, on Mesa's software rasteriser as well as on a GPU.

This is our own code because creases, veins and scattering of skin need special shaders, and the same number must give
the same picture. Renderers of scene files offer neither in so few packages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import Side
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.noise import fractal_noise
from dahyf_core.synthesis.scene import HandMesh, Light, Scene, ThingMesh
from dahyf_core.synthesis.skins import load_skins
from dahyf_core.synthesis.surface import unit
from dahyf_core.synthesis.surroundings import load_surroundings

SHADOW_SIZE = 256
SHADOW_RADIUS = 0.19
"""Metres around the middle of the first hand that cast and catch shadows."""
NOISE_SIZE = 64
NEAR, FAR = 0.03, 20.0
MOST_SPHERES = 160
NOISE_UNIT, SHADOW_UNIT, PRINT_UNIT, COLOUR_UNIT, RELIEF_UNIT, REFLECTION_UNIT = range(6)
MOST_BLURRED = 3
"""Smallest version of a texture, in halvings: at smaller ones neighbours in the atlas run into each other."""


@dataclass(frozen=True)
class Rendering:
    """A picture without its background. colour: (S, S, 4) uint8, RGB times coverage, coverage. depth: (S, S) metres."""

    colour: NDArray[np.uint8]
    depth: Array


class Renderer:
    """Square pictures of scenes. Holds OpenGL objects: use it in the thread that made it, and close it."""

    def __init__(self, hands: Mapping[Side, ArmedHand], size: int) -> None:
        """hands: by side; size: pixels. Raises SettingsError where OpenGL is missing."""
        self._gl = _create_context()
        self._size = size
        self._hands = hands
        self._skin = self._program("skin")
        self._thing = self._program("thing")
        self._shadow = self._program("shadow", lit=False)
        self._create_targets()
        noise = fractal_noise(NOISE_SIZE)
        self._noise = self._gl.texture3d((NOISE_SIZE,) * 3, 4, noise.tobytes())
        self._thing["print_texture"].value = PRINT_UNIT
        self._load_textures()
        self._skin_buffers = {
            side: _SkinBuffers(self._gl, self._skin, self._shadow, hand) for side, hand in hands.items()
        }

    def render(self, scene: Scene) -> Rendering:
        """Draw a scene; the same scene gives the same bytes."""
        with self._gl:  # other renderers have contexts of their own
            return self._render(scene)

    def _render(self, scene: Scene) -> Rendering:
        hands = [self._skin_buffers[hand.side].fill(hand, self._hands[hand.side]) for hand in scene.hands]
        things = [_ThingBuffers(self._gl, self._thing, self._shadow, thing) for thing in scene.things]
        shadow_matrix = _shadow_matrix(scene)
        self._draw_shadows(shadow_matrix, [*hands, *things])
        self._target.use()
        self._target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._noise.use(NOISE_UNIT)
        self._colours.use(COLOUR_UNIT)
        self._reliefs.use(RELIEF_UNIT)
        self._reflections.use(REFLECTION_UNIT)
        self._shadow_map.use(SHADOW_UNIT)
        for program in (self._skin, self._thing):
            _set(program, projection=_projection(scene.pinhole, scene.size), shadow_matrix=shadow_matrix)
            _set_light(program, scene.light)
        self._gl.enable(self._gl.CULL_FACE)
        self._draw_hands(scene.hands, hands)
        self._gl.disable(self._gl.CULL_FACE)  # sleeves are open
        self._draw_things(scene.things, things)
        for buffers in things:
            buffers.release()
        return self._read()

    def close(self) -> None:
        """Free all that OpenGL holds."""
        self._gl.release()

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _create_targets(self) -> None:
        size = (self._size, self._size)
        self._depth = self._gl.depth_texture(size)
        self._target = self._gl.framebuffer(self._gl.texture(size, 4), self._depth)
        self._shadow_map = self._gl.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self._shadow_map.compare_func = "<="
        self._shadow_map.filter = self._gl.NEAREST, self._gl.NEAREST
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_target = self._gl.framebuffer([], self._shadow_map)
        self._gl.enable(self._gl.DEPTH_TEST)
        self._gl.front_face = "cw"  # the picture's rows run downwards

    def _load_textures(self) -> None:
        atlas, reflections = load_skins(), load_surroundings().reflections
        self._colours = self._layers(atlas.colours, "f1")
        self._reliefs = self._layers(atlas.reliefs, "f1")
        self._reflections = self._layers(reflections, "f4")
        for layers in (self._colours, self._reliefs):
            layers.build_mipmaps(0, MOST_BLURRED)
            layers.filter = self._gl.LINEAR_MIPMAP_NEAREST, self._gl.LINEAR
        _set(self._skin, colours=COLOUR_UNIT, reliefs=RELIEF_UNIT)

    def _layers(self, pictures: NDArray[Any], kind: str) -> Any:
        """A texture of pictures (L, S, S, C)."""
        count, rows, columns, channels = pictures.shape
        data = np.ascontiguousarray(pictures).tobytes()
        layers = self._gl.texture_array((columns, rows, count), channels, data, dtype=kind, alignment=1)
        layers.repeat_x = layers.repeat_y = False
        return layers

    def _program(self, name: str, lit: bool = True) -> Any:
        fragment = _source(f"{name}.frag")
        if lit:
            fragment = _source("lighting.glsl") + fragment
        return self._gl.program(vertex_shader=_source(f"{name}.vert"), fragment_shader=fragment)

    def _draw_shadows(self, matrix: Array, all_buffers: Sequence[Any]) -> None:
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        _set(self._shadow, shadow_matrix=matrix)
        for buffers in all_buffers:
            buffers.shadow.render()

    def _draw_hands(self, hands: Sequence[HandMesh], all_buffers: Sequence["_SkinBuffers"]) -> None:
        if len({hand.side for hand in hands}) < len(hands):
            raise ValueError("a scene has at most one hand of each side")
        spheres = np.zeros((MOST_SPHERES, 4), np.float32)
        all_spheres = np.concatenate([hand.spheres for hand in hands])
        spheres[: len(all_spheres)] = all_spheres
        _set(self._skin, spheres=spheres, sphere_count=len(all_spheres))
        for hand, buffers in zip(hands, all_buffers, strict=True):
            _set(self._skin, **{field.name: getattr(hand.skin, field.name) for field in fields(hand.skin)})
            _set(self._skin, arm_patch=self._hands[hand.side].arm_patch)
            _set(self._skin, gloved=hand.glove is not None)
            if hand.glove is not None:
                for field in fields(hand.glove):
                    _set(self._skin, **{f"glove_{field.name}": getattr(hand.glove, field.name)})
            buffers.picture.render()

    def _draw_things(self, things: Sequence[ThingMesh], all_buffers: Sequence["_ThingBuffers"]) -> None:
        for thing, buffers in zip(things, all_buffers, strict=True):
            coating = {field.name: getattr(thing.coating, field.name) for field in fields(thing.coating)}
            del coating["photograph"]
            _set(self._thing, **coating)
            buffers.photograph.use(PRINT_UNIT)
            buffers.picture.render()

    def _read(self) -> Rendering:
        shape = (self._size, self._size)
        colour = np.frombuffer(self._target.read(components=4, alignment=1), np.uint8).reshape(*shape, 4)
        depth = np.frombuffer(self._depth.read(alignment=1), np.float32).reshape(shape)
        return Rendering(colour, NEAR * FAR / (FAR - depth * (FAR - NEAR)))


class _SkinBuffers:
    """A hand's vertices on the device, of which positions and normals change from scene to scene."""

    def __init__(self, gl: Any, program: Any, shadow: Any, hand: ArmedHand) -> None:
        count = len(hand.drawn)
        self._moving = gl.buffer(reserve=count * 24, dynamic=True)
        fixed = gl.buffer(
            np.concatenate([hand.surface.rest[hand.drawn], hand.finger, hand.uv], axis=1).astype("f4").tobytes()
        )
        index = gl.buffer(hand.drawn_faces.astype("i4").tobytes())
        moving_part = (self._moving, "3f 3f", "in_position", "in_normal")
        self.picture = gl.vertex_array(
            program, [moving_part, (fixed, "3f 4f 2f", "in_rest", "in_finger", "in_uv")], index
        )
        self.shadow = gl.vertex_array(shadow, [(self._moving, "3f 12x", "in_position")], index)

    def fill(self, mesh: HandMesh, hand: ArmedHand) -> "_SkinBuffers":
        vertices = mesh.vertices.astype(np.float32)
        values = np.concatenate([vertices, hand.normals(vertices)], axis=1)[hand.drawn]
        self._moving.write(values.astype("f4").tobytes())
        return self


class _ThingBuffers:
    """A thing's vertices on the device, for one scene."""

    def __init__(self, gl: Any, program: Any, shadow: Any, thing: ThingMesh) -> None:
        values = np.concatenate([thing.vertices, thing.normals, thing.place], axis=1).astype("f4")
        buffer, index = gl.buffer(values.tobytes()), gl.buffer(thing.faces.astype("i4").tobytes())
        self.picture = gl.vertex_array(program, [(buffer, "3f 3f 3f", "in_position", "in_normal", "in_place")], index)
        self.shadow = gl.vertex_array(shadow, [(buffer, "3f 24x", "in_position")], index)
        photograph = np.zeros((1, 1, 3), np.uint8) if thing.coating.photograph is None else thing.coating.photograph
        self.photograph = gl.texture(photograph.shape[:2], 3, photograph.tobytes(), alignment=1)
        self._held = (self.picture, self.shadow, buffer, index, self.photograph)

    def release(self) -> None:
        for held in self._held:
            held.release()


def _create_context() -> Any:
    try:
        import moderngl
    except ImportError as error:
        raise SettingsError(
            "Drawing hands needs the package moderngl, which is not installed.", "Install dahyf-hands[train]."
        ) from error
    try:
        return moderngl.create_context(standalone=True, backend="egl", require=330)  # type: ignore[arg-type]
    except Exception as error:  # moderngl raises plain Exceptions
        raise SettingsError(
            f"OpenGL 3.3 cannot be opened through EGL: {error}.",
            "Install a driver or Mesa's software renderer (on Debian: libegl1 and libgl1-mesa-dri).",
        ) from error


def _source(name: str) -> str:
    return (files("dahyf_core.synthesis") / "shaders" / name).read_text(encoding="utf-8")


def _set(program: Any, **uniforms: Any) -> None:
    """Set uniforms by name; arrays are given row by row, as numpy has them, and matrices act on column vectors."""
    for name, value in uniforms.items():
        uniform = program[name]
        if np.ndim(value) == 0:
            uniform.value = value
        else:
            array = np.asarray(value, np.float32)
            uniform.write((array.T if array.shape in ((3, 3), (4, 4)) else array).tobytes())


def _set_light(program: Any, light: Light) -> None:
    _set(program, **{field.name: getattr(light, field.name) for field in fields(light)})
    _set(program, noise=NOISE_UNIT, shadow_map=SHADOW_UNIT, reflections=REFLECTION_UNIT)


def _projection(pinhole: tuple[float, float, float, float], size: int) -> Array:
    """(4, 4) from the camera frame to clip space; row 0 of the target is the top of the picture."""
    fx, fy, cx, cy = pinhole
    return np.array(
        [
            [2 * fx / size, 0.0, 2 * (cx + 0.5) / size - 1, 0.0],
            [0.0, 2 * fy / size, 2 * (cy + 0.5) / size - 1, 0.0],
            [0.0, 0.0, (FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)],
            [0.0, 0.0, 1.0, 0.0],
        ]
    )


def _shadow_matrix(scene: Scene) -> Array:
    """(4, 4) from the camera frame to the clip space of the lamp, whose rays are parallel."""
    towards = scene.light.lamp_direction
    first = unit(np.cross(towards, np.eye(3)[np.argmin(np.abs(towards))]))
    axes = np.stack([first, np.cross(towards, first), -towards]) / SHADOW_RADIUS
    middle = scene.hands[0].spheres[:, :3].mean(axis=0)
    matrix = np.eye(4)
    matrix[:3, :3] = axes
    matrix[:3, 3] = -axes @ middle
    return matrix
