"""From an empty profile to keyed hands, without a network: install the extension, press Set Up, press Capture Hands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from another_blender import has_windows, run_script

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "one_hand.mp4"

DO_IT = """
import json, os, sys, traceback, bpy
archive, bundle, clip, blend = sys.argv[sys.argv.index("--") + 1 :]
name = "bl_ext.user_default.dahyf_hands"
how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"

def steps():
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    settings = bpy.context.scene.dahyf_hands
    said = {"before": bpy.ops.dahyf_hands.capture.poll(), "online": bpy.app.online_access}
    bpy.context.preferences.addons[name].preferences.bundle = bundle
    said["set up"] = list(bpy.ops.dahyf_hands.set_up_environment(how))
    yield
    said["set up notice"] = sys.modules[name + ".backend.notices"].of("set_up").text
    said["check"] = list(bpy.ops.dahyf_hands.check_environment(how))
    yield
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    settings.footage = clip
    settings.use_range, settings.range_start, settings.range_end = True, 11, 30
    settings.lens, settings.field_of_view = "FOV", 1.0
    said["capture"] = list(bpy.ops.dahyf_hands.capture(how))
    yield
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    said["range"] = list(armature.animation_data.action.frame_range)
    said["file"] = armature["dahyf_capture"]
    notices = sys.modules[name + ".backend.notices"]
    said["notice"] = notices.of("capture").kind, notices.of("capture").text
    open("said.json", "w").write(json.dumps(said))

def go_on():
    # Called by the window's timer. Each step waits for the work that the one before began.
    try:
        if name + ".backend.job" not in sys.modules or not sys.modules[name + ".backend.job"].is_running():
            with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
                next(running)
        return 0.2
    except StopIteration:
        os._exit(0)
    except Exception:
        traceback.print_exc()
        os._exit(1)

running = steps()
if bpy.app.background:
    for _ in running:
        pass
else:
    bpy.app.timers.register(go_on)
"""


@pytest.fixture(scope="module")
def archive() -> Path:
    return max(built("build_extension").glob("dahyf_hands-*.zip"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The folder that holds the bundle for this Blender, perhaps beside those for others."""
    return built("build_bundle", "{}.{}".format(*sys.version_info))


def built(script: str, *arguments: str) -> Path:
    """The folder of what a script builds: DAHYF_DIST, where it was built before, or dist, where it is built now."""
    if "DAHYF_DIST" in os.environ:
        return Path(os.environ["DAHYF_DIST"])
    if not (ROOT / ".env" / "core").exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    result = subprocess.run([str(ROOT / "scripts" / script), *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return ROOT / "dist"


@pytest.mark.parametrize("window", [False, True], ids=["headless", "in a window"])
def test_from_nothing_to_keyed_hands(archive: Path, bundle: Path, tmp_path: Path, window: bool) -> None:
    if window and not has_windows():
        pytest.skip("needs a Blender executable and xvfb-run")
    shots = tmp_path / "Große Hände 手"
    shots.mkdir()
    clip = shutil.copy(SAMPLE, shots / "клип 1.mp4")
    result = run_script(
        tmp_path,
        DO_IT,
        *(str(archive), str(bundle), str(clip), str(shots / "scene.blend")),
        profile="profile ü",
        window=window,
        PIP_NO_INDEX="1",
        DAHYF_PYTHON="",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Exception" not in result.stdout + result.stderr, result.stdout + result.stderr
    begun = ["RUNNING_MODAL" if window else "FINISHED"]
    said = json.loads((tmp_path / "said.json").read_text())
    kind, text = said.pop("notice")
    assert kind == "INFO"
    assert re.fullmatch(r"Keyed 1 hand in 20 frames: \w+ [\w ,]*\d+ seen[\w ,]*\. It took \d+\.\d seconds\.", text)
    assert said == {
        "before": False,
        "online": False,
        "set up": begun,
        "set up notice": "The core is installed and works.",
        "check": begun,
        "capture": begun,
        "range": [11.0, 30.0],
        "file": "//клип 1.hands.npz",
    }
