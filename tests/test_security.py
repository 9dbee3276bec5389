"""Security: each line of SECURITY.md names a test that is there, and the rules that hold for all of the code."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("dahyf_core", "addon") for path in (ROOT / folder).rglob("*.py"))
ROWS = [line for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines() if line.startswith("| ")][2:]


def calls(path: Path) -> list[ast.Call]:
    """All calls in a source file."""
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    """The name that is called, without its module."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


@pytest.mark.parametrize("row", ROWS)
def test_each_threat_names_a_test_that_is_there(row):
    file, name = re.findall(r"`([^`]+)::([^`]+)`", row)[-1]
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_no_subprocess_uses_a_shell():
    for path in SOURCES:
        for call in calls(path):
            assert not any(each.arg == "shell" for each in call.keywords), f"{path}:{call.lineno}"
            assert ast.unparse(call.func) not in {"os.system", "os.popen", "subprocess.getoutput"}, path


def test_no_temporary_name_is_made_without_its_file():
    for path in SOURCES:
        assert not any(name_of(call) == "mktemp" for call in calls(path)), path


def test_every_template_environment_escapes():
    found = [call for path in SOURCES for call in calls(path) if name_of(call) == "Environment"]
    assert found
    for call in found:
        assert "autoescape=True" in [ast.unparse(each).replace(" ", "") for each in call.keywords], ast.unparse(call)


def test_the_extension_asks_for_network_and_files_alone():
    manifest = tomllib.loads((ROOT / "addon" / "blender_manifest.toml").read_text("utf-8"))
    assert set(manifest["permissions"]) == {"network", "files"}
