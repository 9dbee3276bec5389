"""Every operator is in a menu, so that Blender's search finds it, and has a tooltip."""

import bpy
import pytest

import addon
from addon.panels import menus


def operators() -> list[type[bpy.types.Operator]]:
    classes = [cls for module in addon.MODULES for cls in getattr(module, "CLASSES", ())]
    return [cls for cls in classes if issubclass(cls, bpy.types.Operator)]


@pytest.mark.usefixtures("registered")
def test_every_operator_for_people_stands_in_the_menu_once() -> None:
    for_people = {cls.bl_idname for cls in operators() if "INTERNAL" not in getattr(cls, "bl_options", set())}
    listed = [f"dahyf_hands.{name}" for group in menus.OPERATORS for name in group]
    assert sorted(listed) == sorted(for_people)


@pytest.mark.usefixtures("registered")
def test_every_operator_and_all_its_arguments_have_a_tooltip() -> None:
    for cls in operators():
        rna = getattr(bpy.ops.dahyf_hands, cls.bl_idname.partition(".")[2]).get_rna_type()
        assert rna.description, cls.bl_idname
        arguments = [entry for entry in rna.properties if entry.identifier != "rna_type" and not entry.is_hidden]
        assert [entry.identifier for entry in arguments if not entry.description] == [], cls.bl_idname


@pytest.mark.usefixtures("registered")
def test_the_menu_hangs_in_the_3d_view_while_the_add_on_is_on() -> None:
    for menu in (bpy.types.VIEW3D_MT_object, bpy.types.VIEW3D_MT_pose):
        assert menus.draw_entry in menu._dyn_ui_initialize()
