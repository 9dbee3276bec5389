"""Releases: versions that agree, and the same bytes from the same commit."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

import dahyf_core

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def release():
    """The script as a module."""
    loader = SourceFileLoader("release", str(ROOT / "scripts" / "release"))
    module = module_from_spec(spec_from_loader("release", loader))
    loader.exec_module(module)
    return module


def test_core_manifest_changelog_and_tag_state_one_version(release):
    assert release.agreed_version() == dahyf_core.__version__


def test_versions_that_differ_are_named(release, monkeypatch):
    monkeypatch.setitem(release.VERSIONS, "README.md", r"^# (\S+)")
    with pytest.raises(SystemExit, match=re.escape(f"{dahyf_core.__version__} in CHANGELOG.md, DaHyF in README.md")):
        release.agreed_version()


def test_the_changes_of_a_version_end_where_those_of_an_older_one_begin(release, monkeypatch, tmp_path):
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.2.0\n\n- new\n\n## 0.1.0\n\n- old\n")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    assert release.changes_of("0.2.0") == "## 0.2.0\n\n- new\n\n"


def test_two_releases_of_a_commit_are_the_same_bytes(release):
    if not list((ROOT / ".env").glob("bpy-5.0")):
        pytest.skip("the extension is packed by Blender: run scripts/setup bpy-5.0")
    if release.output("git", "status", "--porcelain"):
        pytest.skip("releases are made of committed files only")
    sums = []
    for _ in range(2):
        done = subprocess.run([sys.executable, str(ROOT / "scripts" / "release"), "--bundles", ""], capture_output=True)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        sums.append((release.RELEASE / "SHA256SUMS").read_text())
    assert sums[0] == sums[1]
    for line in sums[0].splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((release.RELEASE / name).read_bytes()).hexdigest() == digest
    names = {line.split("  ")[1] for line in sums[0].splitlines()}
    assert {
        "repository/index.json",
        "CHANGELOG.md",
        "sbom.cdx.json",
        f"dahyf_hands-{dahyf_core.__version__}.zip",
    } <= names
    with tarfile.open(release.RELEASE / f"dahyf_hands-{dahyf_core.__version__}.tar.gz") as source:
        assert f"dahyf_hands-{dahyf_core.__version__}/PKG-INFO" in source.getnames()


def test_the_bill_of_materials_is_valid_and_lists_what_set_up_installs(release, monkeypatch, tmp_path):
    pytest.importorskip("cyclonedx_py", reason="bills of materials need the [dev] extra")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    run = release.run
    monkeypatch.setattr(release, "run", lambda *command: None if command[0] == "scripts/setup" else run(*command))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    release.write_bill_of_materials(tmp_path / "first.json")
    release.write_bill_of_materials(tmp_path / "second.json")
    text = (tmp_path / "first.json").read_text("utf-8")
    assert text == (tmp_path / "second.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    locked = re.findall(
        r"^([\w.-]+)==([^ ;]+)", (ROOT / "addon" / "requirements.lock").read_text("utf-8"), re.MULTILINE
    )
    listed = [(part["name"], part["version"]) for part in json.loads(text)["components"]]
    assert sorted(listed) == sorted(locked)
