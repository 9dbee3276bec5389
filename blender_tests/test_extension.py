"""The add-on as users get it: packed by Blender's own tool, installed into a new profile, enabled and used."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import bpy
import pytest
from another_blender import run_script
from capture_factory import capture_arrays, write_capture

ROOT = Path(__file__).parent.parent
PACKAGING_TOOL = Path(bpy.utils.system_resource("SCRIPTS")) / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"

USE_IT = """
import sys, bpy
archive, capture = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
assert "bl_ext.user_default.dahyf_hands" in bpy.context.preferences.addons
assert bpy.ops.dahyf_hands.import_capture(filepath=capture) == {"FINISHED"}
assert sum(obj.type == "ARMATURE" for obj in bpy.data.objects) == 2
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.dahyf_hands")
assert not hasattr(bpy.types, "DAHYF_HANDS_OT_import_capture")
print("used and disabled")
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    packaging("build", "--source-dir", str(ROOT / "addon"), "--output-dir", str(folder))
    (path,) = folder.glob("*.zip")
    return path


def packaging(*arguments: str) -> None:
    subprocess.run([sys.executable, str(PACKAGING_TOOL), *arguments], check=True, capture_output=True)


def test_blender_finds_it_valid(archive: Path) -> None:
    packaging("validate", str(archive))


def test_installs_enables_imports_and_goes(archive: Path, tmp_path: Path) -> None:
    capture = write_capture(tmp_path / "clip.npz", capture_arrays())
    result = run_script(tmp_path, USE_IT, str(archive), str(capture))
    assert "used and disabled" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 0


def test_versions_agree() -> None:
    manifest = tomllib.loads((ROOT / "addon" / "blender_manifest.toml").read_text())
    core = re.search(r'__version__ = "(.+)"', (ROOT / "dahyf_core" / "__init__.py").read_text())
    assert core is not None
    assert manifest["version"] == core[1]
