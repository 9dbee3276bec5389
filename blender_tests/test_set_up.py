"""From an empty profile to keyed hands, without a network: install the extension, press Set Up, press Capture Hands."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from another_blender import run_script

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "one_hand.mp4"

DO_IT = """
import json, sys, bpy
archive, bundle, clip, blend = sys.argv[sys.argv.index("--") + 1 :]
name = "bl_ext.user_default.dahyf_hands"
bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
preferences = bpy.context.preferences.addons[name].preferences
settings = bpy.context.scene.dahyf_hands
said = {"before": bpy.ops.dahyf_hands.capture.poll(), "online": bpy.app.online_access}
preferences.bundle = bundle
said["set up"] = list(bpy.ops.dahyf_hands.set_up_environment())
said["check"] = list(bpy.ops.dahyf_hands.check_environment())
bpy.ops.wm.save_as_mainfile(filepath=blend)
settings.footage = clip
settings.use_range, settings.range_start, settings.range_end = True, 11, 30
settings.lens, settings.field_of_view = "FOV", 1.0
said["capture"] = list(bpy.ops.dahyf_hands.capture())
armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
said["range"] = list(armature.animation_data.action.frame_range)
said["file"] = armature["dahyf_capture"]
open("said.json", "w").write(json.dumps(said))
"""


@pytest.fixture(scope="module")
def archive() -> Path:
    return max(built("build_extension").glob("dahyf_hands-*.zip"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def bundle() -> Path:
    return built("build_bundle", "{}.{}".format(*sys.version_info)) / "bundle"


def built(script: str, *arguments: str) -> Path:
    """The folder of what a script builds: DAHYF_DIST, where it was built before, or dist, where it is built now."""
    if "DAHYF_DIST" in os.environ:
        return Path(os.environ["DAHYF_DIST"])
    if not (ROOT / ".env" / "core").exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    result = subprocess.run([str(ROOT / "scripts" / script), *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return ROOT / "dist"


def test_from_nothing_to_keyed_hands(archive: Path, bundle: Path, tmp_path: Path) -> None:
    shots = tmp_path / "Große Hände 手"
    shots.mkdir()
    clip = shutil.copy(SAMPLE, shots / "клип 1.mp4")
    arguments = (str(archive), str(bundle), str(clip), str(shots / "scene.blend"))
    result = run_script(tmp_path, DO_IT, *arguments, profile="profile ü", PIP_NO_INDEX="1", DAHYF_PYTHON="")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Exception" not in result.stdout + result.stderr, result.stdout + result.stderr
    assert json.loads((tmp_path / "said.json").read_text()) == {
        "before": False,
        "online": False,
        "set up": ["FINISHED"],
        "check": ["FINISHED"],
        "capture": ["FINISHED"],
        "range": [11.0, 30.0],
        "file": "//клип 1.hands.npz",
    }
