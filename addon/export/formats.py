"""The formats: how Blender's exporters write a baked scene, and the conventions of the programs that read it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import addon_utils
import bpy
import numpy as np

from ..errors import ExportError, SettingsError
from ..narrowing import operators, present
from .baked_scene import BakedScene, Space

Up = Literal["Y", "Z"]
Unit = Literal["M", "CM"]

UNITS: Final = MappingProxyType({"M": 1.0, "CM": 100.0})
"""Of the file in a metre."""
ROOT_OFFSET: Final = re.compile(r"(ROOT [^\n]*\s*\{\s*)OFFSET[^\n]*")
"""The offset of the first joint of a BVH file."""
TO_Y_UP: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Rotation from Blender's world, Z up, to a space with Y up and -Z away from the camera."""


@dataclass(frozen=True)
class Convention:
    """The axis that points up in a file, and its unit of length."""

    up: Up = "Y"
    unit: Unit = "M"


@dataclass(frozen=True)
class Format:
    """A format of files.

    label, contents: for menus. write: (baked scene, file, convention). plain: the convention without a program. ups,
    units: what it can be. build_option: what this Blender must be built with. turns: whether `write` is given a scene
    that is turned already, since the exporter writes Blender's axes.
    """

    label: str
    contents: str
    suffix: str
    write: Callable[[BakedScene, Path, Convention], None]
    plain: Convention
    ups: frozenset[str] = frozenset({"Y", "Z"})
    units: frozenset[str] = frozenset({"M", "CM"})
    turns: bool = False
    has_camera: bool = True
    build_option: str = ""
    of_programs: dict[str, Convention] = field(default_factory=dict)

    def convention(self, program: str, up: Up | None, unit: Unit | None) -> Convention:
        """The convention for a program, with the user's own choices. Raises SettingsError for what it cannot
        be, and ExportError where this Blender cannot write it."""
        if self.build_option and not getattr(bpy.app.build_options, self.build_option):
            raise ExportError(
                f"This Blender is built without {self.label}.", "Choose another format, or a Blender from blender.org."
            )
        default = self.of_programs.get(program, self.plain)
        for kind, wanted, possible in (("axis up", up, self.ups), ("unit", unit, self.units)):
            if wanted is not None and wanted not in possible:
                raise SettingsError(
                    f"{self.label} files cannot have the {kind} {wanted}.",
                    f"Leave it out: they always have {', '.join(sorted(possible))}.",
                )
        return Convention(up or default.up, unit or default.unit)

    def space(self, convention: Convention) -> Space:
        """The space into which the scene is baked."""
        turn = TO_Y_UP if self.turns and convention.up == "Y" else np.eye(3)
        return Space(turn, UNITS[convention.unit])


def write_fbx(_baked: BakedScene, path: Path, convention: Convention) -> None:
    """Binary FBX: skinned meshes, keyed bones, textures inside."""
    axes = {"Y": ("-Z", "Y"), "Z": ("Y", "Z")}[convention.up]
    addon_utils.enable("io_scene_fbx")
    operators.export_scene.fbx(
        filepath=str(path),
        object_types={"ARMATURE", "MESH", "CAMERA"},
        axis_forward=axes[0],
        axis_up=axes[1],
        apply_scale_options="FBX_SCALE_NONE",
        add_leaf_bones=False,
        use_mesh_modifiers=True,
        bake_anim=True,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,
        path_mode="COPY",
        embed_textures=True,
    )


def write_glb(baked: BakedScene, path: Path, _convention: Convention) -> None:
    """Binary glTF 2.0: skinned meshes, keyed nodes. Times begin at 0."""
    addon_utils.enable("io_scene_gltf2")
    operators.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        use_active_scene=True,
        export_cameras=True,
        export_apply=not baked.has_shapes,
        export_animation_mode="ACTIVE_ACTIONS",
        export_force_sampling=True,
        export_optimize_animation_size=False,
        export_anim_slide_to_zero=True,
    )


def write_usd(_baked: BakedScene, path: Path, convention: Convention) -> None:
    """UsdSkel. Time codes are frame numbers."""
    operators.wm.usd_export(
        filepath=str(path),
        export_animation=True,
        export_armatures=True,
        export_shapekeys=True,
        export_lights=False,
        convert_world_material=False,
        convert_orientation=convention.up == "Y",
        export_global_forward_selection="NEGATIVE_Z",
        export_global_up_selection="Y",
    )


def write_abc(baked: BakedScene, path: Path, _convention: Convention) -> None:
    """Alembic: the moving vertices, without bones. Y up."""
    operators.wm.alembic_export(
        filepath=str(path),
        start=baked.scene.frame_start,
        end=baked.scene.frame_end,
        as_background_job=False,
    )


def write_bvh(baked: BakedScene, path: Path, _convention: Convention) -> None:
    """Skeletons alone, one a file. Bones but for the root only turn.

    The root's offset is zero and its place in the channels alone: some programs add the two, some do not.
    """
    (armature,) = baked.armatures
    present(bpy.context.view_layer).objects.active = armature
    addon_utils.enable("io_anim_bvh")
    operators.export_anim.bvh(
        filepath=str(path),
        frame_start=baked.scene.frame_start,
        frame_end=baked.scene.frame_end,
        rotate_mode="XYZ",
        root_transform_only=True,
    )
    text = path.read_text("utf-8")
    path.write_text(ROOT_OFFSET.sub(r"\g<1>OFFSET 0.0 0.0 0.0", text, count=1), "utf-8")


CENTIMETRES: Final = Convention("Y", "CM")
FORMATS: Final = MappingProxyType(
    {
        "FBX": Format("FBX", "Skinned meshes and moving bones", ".fbx", write_fbx, CENTIMETRES),
        "GLB": Format(
            "glTF",
            "Skinned meshes and moving bones, in one binary file",
            ".glb",
            write_glb,
            Convention(),
            ups=frozenset("Y"),
            units=frozenset("M"),
        ),
        "USD": Format(
            "USD",
            "Skinned meshes and moving bones, as UsdSkel",
            ".usdc",
            write_usd,
            Convention("Z"),
            units=frozenset("M"),
            build_option="usd",
            of_programs=dict.fromkeys(("UNITY", "MAYA", "GODOT", "THREE"), Convention("Y")),
        ),
        "ABC": Format(
            "Alembic",
            "The moving meshes vertex by vertex, without bones",
            ".abc",
            write_abc,
            Convention(),
            ups=frozenset("Y"),
            build_option="alembic",
            of_programs=dict.fromkeys(("UNREAL", "UNITY", "MAYA"), CENTIMETRES),
        ),
        "BVH": Format(
            "BVH",
            "Moving bones alone, a file for each rig",
            ".bvh",
            write_bvh,
            CENTIMETRES,
            turns=True,
            has_camera=False,
        ),
    }
)
"""Formats by name."""
PROGRAMS: Final = MappingProxyType(
    {
        "ANY": "Any Program",
        "UNREAL": "Unreal Engine",
        "UNITY": "Unity",
        "MAYA": "Maya",
        "GODOT": "Godot",
        "THREE": "three.js",
    }
)
"""Programs that files are written for, by name, with their labels."""
