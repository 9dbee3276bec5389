"""Times the headless command `retarget`: many captures onto one generated Rigify character, in one process.

Usage: .env/bpy-5.0/bin/python -m benchmarks blender_retarget [--captures 100] [--frames 300]
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import bpy

import addon_utils  # isort: skip  (it is found once bpy is there)

from addon import command_line
from blender_tests.capture_factory import capture_arrays, write_capture

RIG = "rig"


def main() -> None:
    """Make character and captures, retarget, print seconds, memory and data-blocks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=100)
    parser.add_argument("--frames", type=int, default=300)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        captures = [
            write_capture(folder / f"take_{number:03}.npz", capture_arrays(frames=chosen.frames, seed=number))
            for number in range(chosen.captures)
        ]
        save_character(folder / "character.blend")
        before, size_before = blocks(), peak_megabytes()
        output = folder / "out.blend"
        start = time.perf_counter()
        code = command_line.run(["retarget", *map(str, captures), "--rig", RIG, "-o", str(output), "--json"])
        seconds = time.perf_counter() - start
        if code:
            sys.exit(code)
        size = output.stat().st_size / 1e6
    grown = {name: count - before[name] for name, count in blocks().items() if count != before[name]}
    print(f"Blender {bpy.app.version_string}: {chosen.captures} captures of {chosen.frames} frames, two hands each")
    print(f"{seconds:.1f} s, {1000 * seconds / chosen.captures:.0f} ms a capture; {size:.0f} MB written")
    print(f"peak memory {size_before:.0f} MB before, {peak_megabytes():.0f} MB after; new data-blocks: {grown}")


def save_character(path: Path) -> None:
    """The human that Rigify generates, alone in a file that is open."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    bpy.context.object.name = RIG
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def blocks() -> dict[str, int]:
    """How many data-blocks there are of each kind."""
    kinds = (name for name in dir(bpy.data) if isinstance(getattr(bpy.data, name), bpy.types.bpy_prop_collection))
    return {name: len(getattr(bpy.data, name)) for name in kinds}


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
