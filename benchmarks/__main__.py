"""Runs one benchmark: python -m benchmarks NAME [ARGUMENT...], from the repository's root.

Those of Blender run in its Python: .env/bpy-5.0/bin/python -m benchmarks blender_keys.
"""

import runpy
import sys
from pathlib import Path

BENCHMARKS = (
    "speed",
    "batch",
    "latency",
    "cost",
    "limits",
    "runtime",
    "drawn_clips",
    "spectrum",
    "installed_size",
    "readme_tables",
    "blender_keys",
    "blender_clean",
    "blender_retarget",
)


def main() -> None:
    """Run the benchmark that is named, as a program of its own."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        sys.exit(f"{__doc__}\nNAME is one of:\n" + "\n".join(f"  {each:<18}{summary(each)}" for each in BENCHMARKS))
    sys.argv[:2] = [f"benchmarks {name}"]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")


def summary(name: str) -> str:
    """The first line of a benchmark's docstring."""
    return Path(__file__).with_name(f"{name}.py").read_text("utf-8").split("\n", 1)[0].strip('"')


main()
