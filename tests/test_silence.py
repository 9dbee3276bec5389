"""Nothing that the project starts or is imported into speaks to a network, or leaves files with the user."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from footage_factory import write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.pose.shipped import LITE

ROOT = Path(__file__).parent.parent

LIVE = """
import numpy, dahyf_core
stream = dahyf_core.Stream(320, 240)
for frame in range(3):
    stream.look(numpy.zeros((240, 320, 3), numpy.uint8), frame / 30)
"""
PREDICT = "import dahyf_core; dahyf_core.predict(['hand.png'])"
WITHOUT_THE_CORE = f"import onnxruntime; onnxruntime.InferenceSession({str(LITE)!r})"


def strace(log: Path) -> list[str]:
    """What runs a command in a network namespace of its own, and notes its calls to the network."""
    if not sys.platform.startswith("linux") or not shutil.which("strace") or not shutil.which("unshare"):
        pytest.skip("needs Linux with strace and unshare")
    command = ["unshare", "--map-root-user", "--net", "strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("this system permits no network namespace or no strace")
    return command


def run_alone(folder: Path, *arguments: str, prefix: list[str], **variables: str) -> list[Path]:
    """Run this Python in `folder` with an empty home; returns what came to be there."""
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    result = subprocess.run(
        [*prefix, sys.executable, *arguments],
        cwd=folder,
        env=kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | variables,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return [path for path in home.rglob("*") if path.is_file()]


def calls(log: Path) -> list[str]:
    """Calls that name an address, send or receive."""
    return [line for line in log.read_text().splitlines() if re.search(r"AF_|send|recv|connect|bind", line)]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a clip and a picture of a hand."""
    import cv2

    write_video(tmp_path / "clip.mp4", 4, (320, 240), RATE, picture=hand_picture)
    cv2.imwrite(str(tmp_path / "hand.png"), hand_picture(0, 320, 240))
    return tmp_path


@pytest.mark.usefixtures("shipped_network")
@pytest.mark.parametrize(
    "arguments",
    [["-m", "dahyf_core", "capture", "clip.mp4", "-o", "clip.npz"], ["-c", LIVE], ["-c", PREDICT]],
    ids=["capture", "live", "predict"],
)
def test_nothing_is_sent_and_the_home_stays_empty(work: Path, arguments: list[str]) -> None:
    log = work / "strace.txt"
    assert run_alone(work, *arguments, prefix=strace(log)) == []
    assert calls(log) == []


@pytest.mark.usefixtures("shipped_network")
def test_the_check_would_notice(tmp_path: Path) -> None:
    """ONNX Runtime without the core, as it comes."""
    import onnxruntime

    if not run_alone(tmp_path, "-c", WITHOUT_THE_CORE, prefix=[]):
        pytest.skip(f"ONNX Runtime {onnxruntime.__version__} has no telemetry on this system")


@pytest.mark.usefixtures("shipped_network")
def test_the_user_cannot_be_opted_in(work: Path) -> None:
    assert run_alone(work, "-c", LIVE, prefix=[], ORT_DISABLE_TELEMETRY="0") == []


def test_an_import_that_comes_too_late_is_warned_about() -> None:
    script = "import sys; sys.modules['onnxruntime'] = sys; import dahyf_core"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "imported before dahyf_core" in said.stderr


def test_scripts_import_the_core_before_onnxruntime() -> None:
    users = {path: imported(path) for folder in ("scripts", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    users = {path: packages for path, packages in users.items() if "onnxruntime" in packages}
    assert users
    for path, packages in users.items():
        assert "dahyf_core" in packages[: packages.index("onnxruntime")], path


def imported(path: Path) -> list[str]:
    """The packages that a script imports at its top, in order."""
    nodes = ast.parse(path.read_text("utf-8")).body
    names = [node.names[0].name if isinstance(node, ast.Import) else getattr(node, "module", "") for node in nodes]
    return [name.partition(".")[0] for name in names if name]
