"""Times the keying of a rig: 5,000 frames of two hands in bulk, against `keyframe_insert`.

Usage: .env/bpy-5.0/bin/python -m benchmarks blender_keys [FRAMES]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from addon.backend.capture_file import Capture, read_capture
from addon.scene import keys
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.scene.timing import Timeline
from blender_tests.animation import fcurves_of
from blender_tests.capture_factory import capture_arrays, write_capture

REPEATS = 3
INSERTED_FRAMES = 1000


def main(frames: int) -> None:
    """Print the times, their ratio, and the whole import's."""
    with tempfile.TemporaryDirectory() as folder:
        capture = read_capture(write_capture(Path(folder) / "clip.npz", capture_arrays(frames=frames)))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    imported = import_capture(bpy.context, capture, ImportOptions())
    count = sum(len(curve.keyframe_points) for rig in imported.rigs for curve in fcurves_of(rig.armature))
    bulk = best_of(REPEATS, lambda: key_in_bulk(imported, capture))
    inserted = best_of(1, lambda: insert_keys(imported, INSERTED_FRAMES)) * frames / INSERTED_FRAMES
    whole = best_of(REPEATS, lambda: import_capture(bpy.context, capture, ImportOptions()))
    print(f"Blender {bpy.app.version_string}: {frames} frames x {len(imported.rigs)} hands, {count} keys")
    print(f"in bulk          {bulk:8.3f} s   {bulk / count * 1e6:6.2f} us a key")
    print(
        f"keyframe_insert  {inserted:8.3f} s   {inserted / count * 1e6:6.2f} us a key (from {INSERTED_FRAMES} frames)"
    )
    print(f"ratio            {inserted / bulk:8.1f}")
    print(f"whole import     {whole:8.3f} s")


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest run."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def key_in_bulk(imported: ImportedCapture, capture: Capture) -> None:
    """Key all hands as the add-on does."""
    frames = Timeline().frames(capture)
    for rig, hand in zip(imported.rigs, capture.hands, strict=True):
        keys.key_hand(rig.armature, hand, capture.skeleton, frames, "benchmark")


def insert_keys(imported: ImportedCapture, frames: int) -> None:
    """Key as many properties on `frames` frames, one call a property."""
    for rig in imported.rigs:
        rig.armature.animation_data.action = bpy.data.actions.new("benchmark")
        for frame in range(frames):
            for bone in rig.armature.pose.bones:
                bone.keyframe_insert("rotation_quaternion", frame=frame)
            rig.armature.pose.bones[0].keyframe_insert("location", frame=frame)
            rig.armature.keyframe_insert('["confidence"]', frame=frame)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
