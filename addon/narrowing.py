"""Casts for type checkers, where the types of bpy are wider than what the add-on knows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

T = TypeVar("T")

OperatorResult = set[Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]]
"""The return value of an operator."""

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    Icon = IconItems
    OperatorMixin = bpy.types.Operator
    PanelMixin = bpy.types.Panel

    class FileHelper:
        filepath: str

    ExportHelper = FileHelper
    ImportHelper = FileHelper
else:
    from bpy_extras.io_utils import ExportHelper, ImportHelper  # noqa: F401

    Icon = str
    OperatorMixin = PanelMixin = object
    """Base classes of mixins: type checkers see the members of operators and panels; at runtime they are plain."""

operators = cast(Any, bpy.ops)
"""`bpy.ops` without types, since the types do not know the add-on's operators."""


def present(value: T | None) -> T:
    """A value that cannot be None here, although the types of bpy allow it."""
    assert value is not None
    return value


def armature_of(rig: bpy.types.Object) -> bpy.types.Armature:
    """The armature of an armature object."""
    return cast(bpy.types.Armature, rig.data)


def mesh_of(skin: bpy.types.Object) -> bpy.types.Mesh:
    """The mesh data of a mesh object."""
    return cast("bpy.types.Mesh", skin.data)


def pose_of(rig: bpy.types.Object) -> bpy.types.Pose:
    """The pose of an armature object."""
    return present(rig.pose)


def camera_data_of(camera: bpy.types.Object) -> bpy.types.Camera:
    """The camera of a camera object."""
    return cast(bpy.types.Camera, camera.data)


def view_of(area: bpy.types.Area) -> bpy.types.SpaceView3D:
    """The 3D View of an area that shows one."""
    return cast(bpy.types.SpaceView3D, area.spaces.active)


def holds(owner: bpy.types.bpy_struct, name: str) -> bool:
    """Whether a data-block or bone has a custom property of that name."""
    return name in cast(Any, owner)


def rna_property(kind: bpy.types.bpy_struct | type[bpy.types.bpy_struct], name: str) -> Any:
    """Blender's definition of a property, with the members of its type, such as `default` and `enum_items`."""
    return kind.bl_rna.properties[name]


def picture_suffixes() -> Iterable[str]:
    """The suffixes of pictures that Blender reads, in lower case, with their dot."""
    suffixes: Iterable[str] = cast(Any, bpy.path).extensions_image
    return suffixes


def movie_suffixes() -> Iterable[str]:
    """The suffixes of videos that Blender reads, in lower case, with their dot."""
    suffixes: Iterable[str] = cast(Any, bpy.path).extensions_movie
    return suffixes


def attach(owner: type[bpy.types.ID], name: str, group: type[bpy.types.PropertyGroup]) -> None:
    """Give all data-blocks of a kind a group of properties."""
    setattr(owner, name, cast(Any, bpy.props).PointerProperty(type=group))


def string_property(name: str, description: str) -> Any:
    """A property for the annotations of a class."""
    return cast(Any, bpy.props).StringProperty(name=name, description=description)


def matrix_of(array: NDArray[np.floating]) -> Matrix:
    """(4, 4) numbers as a matrix of Blender."""
    return Matrix(cast(Any, array))


def buffer_of(array: NDArray[np.generic]) -> Any:
    """An array for functions of Blender that accept buffers, although their types say sequences."""
    return array
