"""Writes the table of docs/export.md: format x reader x largest error, in every frame of two moving hands.

Usage: PYTHONPATH=.:tests .env/core/bin/python docs/tools/export_table/measure.py \\
           --blender .env/bpy-5.0/bin/python --three FOLDER [-o docs/export.md]

FOLDER is one in which `npm install three` was done. Exits with 1 if an error is above 0.1 mm, 0.1 degrees or 1 ms.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from capture_factory import make_capture

from dahyf_core.arrays import Array
from dahyf_core.capture import save_capture
from dahyf_core.export import animate, export_capture
from dahyf_core.geometry import FROM_CAMERA, angle_between, bone_levels, forward_kinematics, matrix_from_axis_angle

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FRAMES, RATE = 30, Fraction(30)
LIMITS = (0.1, 0.1, 1.0)
"""Of the errors: mm, degrees, ms."""
BEGIN, END = "<!-- read back -->\n", "<!-- end of read back -->\n"
BLENDER_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From the camera frame to Blender's world."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Bones by name as a reader has them, in metres and any axes.

    worlds: (T, B, 4, 4). rest: (B, 4, 4). seconds: (K,) of the keys from the first one. vertices: (T, V, 3).
    """

    names: list[str]
    worlds: Array
    rest: Array
    seconds: Array
    vertices: Array | None = None


@dataclass(frozen=True)
class Row:
    """One cell of the table: what was written by whom, what read it, and the largest errors, None if not there."""

    file: str
    writer: str
    reader: str
    millimetres: float
    degrees: float | None
    milliseconds: float | None


def plain(name: str) -> str:
    """A bone's name without the signs that formats replace."""
    return "".join(letter for letter in name if letter.isalnum())


def truth_of_core(capture: object) -> Motion:
    """The capture's bones, in the camera frame."""
    names, worlds = [], []
    for hand, animation in enumerate(animate(capture)):  # type: ignore[arg-type]
        turns = matrix_from_axis_angle(capture.pose[hand].astype(float))  # type: ignore[attr-defined]
        heads, rotations = forward_kinematics(
            turns,
            capture.rest_joints[hand].astype(float),
            bone_levels(capture.parents),  # type: ignore[attr-defined]
        )
        heads = heads + capture.translation[hand][:, None]  # type: ignore[attr-defined]
        world = np.tile(np.eye(4), (*heads.shape[:2], 1, 1))
        world[..., :3, :3], world[..., :3, 3] = rotations, heads
        names += list(animation.bones)
        worlds.append(world)
    together = np.concatenate(worlds, axis=1)
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    return Motion(names, together, rest, np.arange(FRAMES) / float(RATE))


def compare(truth: Motion, read: Motion, turn: Array, scale: float) -> tuple[float, float | None, float | None]:
    """Largest errors in mm, degrees and ms. turn: from the truth's axes to the reader's. scale: its unit in metres."""
    if not truth.names or not read.names:
        assert truth.vertices is not None
        assert read.vertices is not None
        off = np.linalg.norm(read.vertices * scale - truth.vertices @ turn.T, axis=-1).max()
        return 1000 * float(off), None, None
    place = {plain(name): index for index, name in enumerate(read.names)}
    order = [place[plain(name)] for name in truth.names]
    heads = read.worlds[:, order][..., :3, 3] * scale
    off = np.linalg.norm(heads - truth.worlds[..., :3, 3] @ turn.T, axis=-1).max()
    turned = _turns(read.worlds[:, order]) @ np.swapaxes(_turns(read.rest[order]), -1, -2)
    wanted = turn @ _turns(truth.worlds) @ np.swapaxes(_turns(truth.rest), -1, -2) @ turn.T
    late = np.abs(read.seconds - truth.seconds).max() if len(read.seconds) == len(truth.seconds) else np.inf
    return 1000 * float(off), float(np.degrees(angle_between(turned, wanted).max())), 1000 * float(late)


def _turns(matrices: Array) -> Array:
    """The rotations of matrices that may scale too."""
    turns = matrices[..., :3, :3]
    return turns / np.linalg.norm(turns, axis=-2, keepdims=True)


class Readers:
    """What reads files: each method gives a Motion of a file."""

    def __init__(self, folder: Path, blender: Path, three: Path) -> None:
        self.folder, self.blender, self.three = folder, blender, three

    def by_blender(self, path: Path, first: int) -> Motion:
        """Blender's importer. first: the frame on which it puts the first one."""
        output = self.folder / "read.npz"
        self.in_blender("read", path, RATE, output, first, FRAMES)
        return loaded(output)

    def in_blender(self, *arguments: object) -> None:
        """Run in_blender.py."""
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [str(self.blender), str(HERE / "in_blender.py"), *map(str, arguments)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    def by_three(self, path: Path) -> Motion:
        """The loader of three.js."""
        output = self.folder / "read.json"
        seconds = [str(frame / float(RATE)) for frame in range(FRAMES)]
        command = ["node", str(HERE / "in_three.mjs"), str(self.three.resolve()), str(path), str(output), *seconds]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        read = json.loads(output.read_text())
        worlds = np.array(read["worlds"]).reshape(FRAMES, -1, 4, 4)
        keys = np.array(read["keys"])
        return Motion(read["names"], worlds, np.array(read["rest"]).reshape(-1, 4, 4), keys - keys[:1])

    def by_bvhsdk(self, path: Path) -> Motion:
        """bvhsdk, whose kinematics are its own."""
        import bvhsdk

        file = bvhsdk.ReadFile(str(path))
        names = [name for name in (joint.name for joint in file.getlistofjoints()) if name != "hands"]
        joints = [file.getJoint(name) for name in names]
        worlds = np.array([[joint.getGlobalTransform(frame) for joint in joints] for frame in range(file.frames)])
        rest = np.tile(np.eye(4), (len(names), 1, 1))
        return Motion(names, worlds, rest, np.arange(file.frames) * file.frametime)

    def by_usd_core(self, path: Path) -> Motion:
        """usd-core."""
        from pxr import Usd, UsdGeom, UsdSkel

        stage = Usd.Stage.Open(str(path))
        cache, names, worlds, rests = UsdSkel.Cache(), [], [], []
        codes: list[float] = []
        for prim in stage.Traverse():
            if not prim.IsA(UsdSkel.Root):
                continue
            cache.Populate(UsdSkel.Root(prim), Usd.PrimDefaultPredicate)
            for inner in Usd.PrimRange(prim):
                if inner.IsA(UsdSkel.Skeleton):
                    query = cache.GetSkelQuery(UsdSkel.Skeleton(inner))
                    codes = query.GetAnimQuery().GetJointTransformTimeSamples()
                    placed = [np.array(UsdGeom.XformCache(code).GetLocalToWorldTransform(inner)) for code in codes]
                    posed = [
                        np.array(query.ComputeJointSkelTransforms(code)) @ at
                        for code, at in zip(codes, placed, strict=True)
                    ]
                    rests.append(np.array(query.GetJointWorldBindTransforms()) @ placed[0])
                    worlds.append(np.array(posed))
                    names += [str(joint).rsplit("/", 1)[-1] for joint in query.GetJointOrder()]
        seconds = (np.array(codes) - codes[0]) / stage.GetTimeCodesPerSecond()
        together = np.concatenate(worlds, axis=1).swapaxes(-1, -2)
        return Motion(names, together, np.concatenate(rests).swapaxes(-1, -2), seconds)


def loaded(path: Path) -> Motion:
    """What in_blender.py wrote."""
    with np.load(path) as file:
        keys = (file["keys"] - file["keys"][:1]) / float(RATE)
        return Motion(file["names"].tolist(), file["worlds"], file["rest"], keys, file["vertices"])


def joined(motions: list[Motion]) -> Motion:
    """Several files of a skeleton each as one."""
    names = [name for motion in motions for name in motion.names]
    worlds = np.concatenate([motion.worlds for motion in motions], axis=1)
    return Motion(names, worlds, np.concatenate([motion.rest for motion in motions]), motions[0].seconds)


def rows(readers: Readers) -> Iterator[Row]:
    """Every format by every reader."""
    folder = readers.folder
    capture = make_capture(frames=FRAMES, rate=RATE)
    save_capture(capture, folder / "clip.npz")
    truth = truth_of_core(capture)
    up = FROM_CAMERA["y"]
    for suffix, turn, scale, reads in (
        (".bvh", up, 0.01, {"bvhsdk": readers.by_bvhsdk, "three.js": readers.by_three}),
        (".glb", up, 1.0, {"three.js": readers.by_three}),
        (".usda", up, 1.0, {"usd-core": readers.by_usd_core}),
    ):
        path = folder / f"core{suffix}"
        export_capture(capture, path)
        for name, read in reads.items():
            yield Row(suffix, "core", name, *compare(truth, read(path), turn, scale))
        first = 1 if suffix == ".bvh" else 0
        yield Row(suffix, "core", "Blender", *compare(truth, readers.by_blender(path, first), BLENDER_UP, 1.0))
    readers.in_blender("export", folder / "clip.npz", folder)
    yield from rows_of_blender(readers, loaded(folder / "truth.npz"))


def rows_of_blender(readers: Readers, truth: Motion) -> Iterator[Row]:
    """The add-on's exports."""
    folder, up = readers.folder, np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    same = np.eye(3)
    several = sorted(folder.glob("hands_*.bvh"))
    for suffix, turn, scale, reads in (
        (".fbx", up, 0.01, {"three.js": readers.by_three}),
        (".glb", up, 1.0, {"three.js": readers.by_three}),
        (".usdc", same, 1.0, {"usd-core": readers.by_usd_core}),
        (".bvh", up, 0.01, {"bvhsdk": readers.by_bvhsdk, "three.js": readers.by_three}),
        (".abc", same, 1.0, {}),
    ):
        paths = several if suffix == ".bvh" else [folder / f"hands{suffix}"]
        for name, read in reads.items():
            yield Row(suffix, "Blender", name, *compare(truth, joined([read(path) for path in paths]), turn, scale))
        first = 0 if suffix == ".glb" else 1
        motions = [readers.by_blender(path, first) for path in paths]
        read_back = motions[0] if suffix == ".abc" else joined(motions)
        yield Row(suffix, "Blender", "Blender", *compare(truth, read_back, same, 1.0))


def table(found: list[Row]) -> str:
    """Markdown."""
    head = "| file | written by | read by | joints, mm | rotations, degrees | time, ms |\n|---|---|---|---|---|---|\n"

    def said(value: float | None) -> str:
        return "" if value is None else f"{value:.4f}"

    return head + "".join(
        f"| `{row.file}` | {row.writer} | {row.reader} | {said(row.millimetres)} | {said(row.degrees)} |"
        f" {said(row.milliseconds)} |\n"
        for row in found
    )


def main() -> None:
    """Measure, print the table, and write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blender", type=Path, required=True, help="Python with the bpy module")
    parser.add_argument("--three", type=Path, required=True, help="folder with node_modules/three")
    parser.add_argument("-o", "--output", type=Path, help="page whose table is replaced")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = list(rows(Readers(Path(folder), chosen.blender, chosen.three)))
    print(table(found))
    if chosen.output is not None:
        page = chosen.output.read_text("utf-8")
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        chosen.output.write_text(f"{before}{BEGIN}{table(found)}{END}{after}", "utf-8")
    wrong = [row for row in found if any(value is not None and value > limit for value, limit in zip(
        (row.millimetres, row.degrees, row.milliseconds), LIMITS, strict=True))]  # fmt: skip
    if wrong:
        sys.exit(f"{len(wrong)} of {len(found)} are off: {', '.join(f'{row.file} by {row.reader}' for row in wrong)}")


if __name__ == "__main__":
    main()
