"""Submissions to the servers of FreiHAND and HO-3D: a pred.json in a zip file, written and checked.

pred.json is [joints, vertices]: for each picture of the evaluation set, in its order, 21 joints and MANO's 778
vertices, x, y, z in metres. Joints, tips and axes are those of the set (`benchmarks.Layout`).
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.capture import replacing
from dahyf_core.errors import DatasetError
from dahyf_core.evaluation.benchmarks import JOINTS, LAYOUTS, VERTICES, Benchmark, Layout, open_benchmark
from dahyf_core.metrics import distances
from dahyf_core.shared.limits import UNPACKED_BYTES, UNPACKED_RATIO

MEMBER = "pred.json"
DECIMALS = 6
HAND_SPAN = (0.04, 0.4)
"""Smallest and largest plausible length of the median hand, metres."""
TIP_TOLERANCE = 0.02
"""Largest distance of a tip from its vertex in the median hand, metres. Tips of other sources are a few mm off."""


def write_submission(joints: Array, vertices: Array, path: Path) -> None:
    """Write a zip file of pred.json. joints: (N, 21, 3), vertices: (N, 778, 3), as `predict` gives.

    Raises OutputError.
    """
    with replacing(path) as stream, ZipFile(stream, "w", ZIP_DEFLATED) as archive, archive.open(MEMBER, "w") as member:
        member.writelines(part.encode() for part in _document(joints, vertices))


def _document(joints: Array, vertices: Array) -> Iterator[str]:
    yield "["
    yield from _list(joints)
    yield ",\n"
    yield from _list(vertices)
    yield "]"


def _list(hands: Iterable[Array]) -> Iterator[str]:
    separator = "["
    for hand in hands:
        yield separator + json.dumps(np.round(hand.astype(float), DECIMALS).tolist(), separators=(",", ":"))
        separator = ",\n"
    yield "]"


def check_submission(benchmark: Benchmark, path: Path, folder: Path) -> int:
    """Check that a server would accept a file, with the set's units, axes and order of joints. Returns N.

    folder: of the data set, whose evaluation set says how many hands there must be. Raises DatasetError.
    """
    layout = LAYOUTS[benchmark]
    joints, vertices = read_submission(path, len(open_benchmark(benchmark, folder)))
    span = float(np.median(np.ptp(vertices, axis=1).max(axis=1)))
    if not HAND_SPAN[0] <= span <= HAND_SPAN[1]:
        raise _refused(path, f"its hands are {span:.3g} m long", "Write metres.")
    depth = layout.axes[2] * joints[..., 2]
    if np.median(depth) <= 0:
        raise _refused(path, "its hands lie behind the camera", _axes_remedy(layout))
    apart = np.median(distances(joints[:, layout.tip_places], vertices[:, layout.tips]), axis=0)
    if apart.max() > TIP_TOLERANCE:
        reason = f"its finger tips lie {1e3 * apart.max():.0f} mm from their vertices"
        raise _refused(path, reason, "Write the joints in the order of the set, in the axes of the vertices.")
    return len(joints)


def read_submission(path: Path, count: int) -> tuple[Array, Array]:
    """Joints (N, 21, 3) and vertices (N, 778, 3) of a file that must hold `count` hands. Raises DatasetError.

    HO-3D's larger set takes several GB of memory.
    """
    remedy = "Write it with `dahyf submit`."
    try:
        with ZipFile(path) as archive:
            if archive.namelist() != [MEMBER]:
                held = ", ".join(archive.namelist()) or "nothing"
                raise _refused(path, f"it holds {held}, not {MEMBER} alone", remedy)
            if archive.getinfo(MEMBER).file_size > UNPACKED_RATIO * path.stat().st_size + UNPACKED_BYTES:
                raise ValueError("it would unpack to far more data than its hands need")
            content = json.loads(archive.read(MEMBER))
    except OSError as error:
        raise DatasetError(f"The submission {path} cannot be read: {error.strerror or error}.", remedy) from error
    except (BadZipFile, ValueError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise _refused(path, f"it is damaged: {error}", remedy) from error
    if not isinstance(content, list) or len(content) != 2:
        raise _refused(path, f"{MEMBER} is not a list of joints and of vertices", remedy)
    joints = _checked(path, "joints", content[0], (count, JOINTS, 3))
    return joints, _checked(path, "vertices", content[1], (count, VERTICES, 3))


def _checked(path: Path, name: str, values: Any, shape: tuple[int, ...]) -> Array:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise _refused(path, f"its {name} are not lists of numbers of one length", "Write all hands.") from error
    if array.shape != shape:
        raise _refused(
            path, f"its {name} have the shape {array.shape}, not {shape}", "Write all of them for each hand."
        )
    if not np.isfinite(array).all():
        raise _refused(
            path, f"some of its {name} are not finite", "Write a guess for pictures in which no hand is found."
        )
    return array


def _axes_remedy(layout: Layout) -> str:
    signs = ", ".join("-" if sign < 0 else "+" for sign in layout.axes)
    return f"The set's axes are OpenCV's with the signs {signs}."


def _refused(path: Path, reason: str, remedy: str) -> DatasetError:
    return DatasetError(f"The submission {path} is not valid: {reason}.", remedy)
