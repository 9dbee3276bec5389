"""The add-on as users get it: packed by Blender's own tool, installed into a new profile, enabled and used."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import bpy
import pytest
from another_blender import run_script
from capture_factory import capture_arrays, write_capture
from rig_factory import build_rig

from addon import compat
from addon.retarget.mapping.presets import SHIPPED, read_preset

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

INSTALL_AND_SET = """
import sys, bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[-1], repo="user_default", enable_on_install=True)
bpy.context.preferences.addons["bl_ext.user_default.dahyf_hands"].preferences.bundle = "/studio/bundle"
bpy.ops.wm.save_userpref()
"""

UPDATE = """
import sys, bpy
bpy.ops.wm.read_userpref()
bpy.ops.extensions.package_install_files(filepath=sys.argv[-1], repo="user_default", enable_on_install=True)
assert bpy.context.preferences.addons["bl_ext.user_default.dahyf_hands"].preferences.bundle == "/studio/bundle"
bpy.utils.extension_path_user("bl_ext.user_default.dahyf_hands", path="environment", create=True)
print("updated")
"""

REMOVE = """
import bpy
bpy.ops.wm.read_userpref()
repositories = bpy.context.preferences.extensions.repos
index = next(index for index, each in enumerate(repositories) if each.module == "user_default")
bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="dahyf_hands")
bpy.ops.wm.save_userpref()
assert "bl_ext.user_default.dahyf_hands" not in bpy.context.preferences.addons
print("removed")
"""

FROM_A_REPOSITORY = """
import sys, bpy
bpy.context.preferences.system.use_online_access = True
repositories = bpy.context.preferences.extensions.repos
studio = repositories.new(name="Studio", module="studio", remote_url=sys.argv[-1])
index = list(repositories).index(studio)
bpy.ops.extensions.repo_sync(repo_index=index)
bpy.ops.extensions.package_install(repo_index=index, pkg_id="dahyf_hands", enable_on_install=True)
assert "bl_ext.studio.dahyf_hands" in bpy.context.preferences.addons
print("installed")
"""

RETARGET = """
import sys
from addon import command_line
sys.exit(command_line.run(sys.argv[sys.argv.index("--") + 1 :]))
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


@pytest.mark.skipif(
    compat.IS_PYTHON_MODULE and bpy.app.version < (4, 3, 0),
    reason="Blender 4.2 as a Python module crashes as it reads saved preferences: it looks for a graphics card",
)
def test_an_update_keeps_the_settings_and_a_removal_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    for code, word in ((INSTALL_AND_SET, ""), (UPDATE, "updated"), (REMOVE, "removed")):
        result = run_script(tmp_path, code, str(archive))
        assert word in result.stdout, result.stdout + result.stderr
    assert not [path for path in (tmp_path / "profile").rglob("*dahyf*") if path.is_file()]
    assert not list((tmp_path / "profile").rglob("dahyf_hands"))


def test_a_studio_s_own_repository(archive: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    shutil.copy(archive, repository)
    packaging("server-generate", "--repo-dir", str(repository))
    result = run_script(tmp_path, FROM_A_REPOSITORY, (repository / "index.json").as_uri())
    assert "installed" in result.stdout, result.stdout + result.stderr


def test_a_script_retargets_with_the_same_exit_codes_and_lines(tmp_path: Path) -> None:
    build_rig(read_preset(SHIPPED / "mixamo.json"), name="hero")
    hero = tmp_path / "hero.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(hero))
    capture = write_capture(tmp_path / "clip.npz", capture_arrays())
    script = f"import sys, bpy; sys.path.insert(0, {str(ROOT)!r}); bpy.ops.wm.open_mainfile(filepath={str(hero)!r})"
    for name, code in (("hero", 0), ("nobody", 9)):
        output = tmp_path / f"{name}_out.blend"
        arguments = ("retarget", str(capture), "--rig", name, "-o", str(output), "--json")
        result = run_script(tmp_path, script + RETARGET, *arguments)
        assert result.returncode == code, result.stdout + result.stderr
        assert output.exists() == (code == 0)
        assert ('"type": "done"' if code == 0 else '"type": "error"') in result.stdout


def test_versions_agree() -> None:
    manifest = tomllib.loads((ROOT / "addon" / "blender_manifest.toml").read_text())
    core = re.search(r'__version__ = "(.+)"', (ROOT / "dahyf_core" / "__init__.py").read_text())
    assert core is not None
    assert manifest["version"] == core[1]
