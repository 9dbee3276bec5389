"""Draws panels without a window: a stand-in for Blender's layout that keeps what it is asked to show, and checks it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Self

import bpy

DEFAULT_WIDTH = 260
"""Pixels of the sidebar as Blender opens it."""


class Layout:
    """A stand-in for UILayout. Rows and columns are the layout itself; `shown` holds all texts in order."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.operators: list[str] = []
        self.disabled: list[str] = []

    def row(self, **_options: Any) -> Self:
        return self

    column = box = split = row

    def separator(self, **_options: Any) -> None:
        """Nothing to see."""

    def label(self, text: str = "", icon: str = "NONE", translate: bool = True) -> None:
        check_icon(icon)
        self.shown.append(text)

    def prop(self, owner: Any, name: str, text: str | None = None, icon: str = "NONE") -> None:
        check_icon(icon)
        self.shown.append(text if text is not None else owner.bl_rna.properties[name].name)

    def operator(
        self, name: str, text: str | None = None, icon: str = "NONE", translate: bool = True, depress: bool = False
    ) -> SimpleNamespace:
        check_icon(icon)
        module, _, function = name.partition(".")
        operator = getattr(getattr(bpy.ops, module), function)
        self.operators.append(name)
        if not operator.poll():
            self.disabled.append(name)
        self.shown.append(operator.get_rna_type().name if text is None else text)
        return SimpleNamespace()

    def progress(self, factor: float, type: str, text: str) -> None:
        assert 0 <= factor <= 1
        self.shown.append(text)

    def template_icon(self, icon_value: int, scale: float) -> None:
        """A picture."""

    def menu(self, name: str, **_options: Any) -> None:
        self.shown.append(name)

    def popover(self, *_arguments: Any, **_options: Any) -> None:
        """A list of presets."""

    prop_search = prop


class Context:
    """Blender's context, with a region of a width."""

    def __init__(self, width: int = DEFAULT_WIDTH) -> None:
        self.region = SimpleNamespace(width=width)

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context, name)


def drawn(panel: type[bpy.types.Panel], width: int = DEFAULT_WIDTH) -> Layout:
    """What a panel shows now."""
    layout = Layout()
    panel.draw(SimpleNamespace(layout=layout), Context(width))
    return layout


def text_of(layout: Layout) -> str:
    """All shown texts, with wrapped sentences joined."""
    return " ".join(filter(None, layout.shown))


def check_icon(icon: str) -> None:
    """Icons that Blender does not know raise an error when it draws."""
    assert icon in icons(), icon


def icons() -> Iterator[str]:
    """All names of icons."""
    return bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys()
