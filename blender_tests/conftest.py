"""A scene of its own for every test, and captures to import."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from capture_factory import capture_arrays, write_capture

import addon
from addon.capture_file import Capture, read_capture

MakeCapture = Callable[..., Capture]


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def make_capture(tmp_path: Path) -> MakeCapture:
    """Write a made-up capture and read it back. `change` may alter its arrays before; the rest goes to the factory."""

    def make(change: Callable[[dict], None] = lambda arrays: None, **options: Any) -> Capture:
        arrays = capture_arrays(**options)
        change(arrays)
        return read_capture(write_capture(tmp_path / "clip.hands.npz", arrays))

    return make


@pytest.fixture(scope="session")
def registered() -> Iterator[None]:
    """The add-on's classes, as Blender has them once it is enabled."""
    addon.register()
    yield
    addon.unregister()
