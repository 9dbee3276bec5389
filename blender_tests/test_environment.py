"""The plan of the set-up, and what stands in its way."""

import subprocess
import sys
from pathlib import Path

import pytest

from addon.backend import environment


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "dahyf_hands-0.1.0-py3-none-any.whl").touch()
    return folder


def test_a_bundle_needs_no_network(bundle: Path, tmp_path: Path) -> None:
    assert environment.obstacle(tmp_path / "new", None, bundle, online=False) is None
    install = environment.set_up_steps(Path("python"), tmp_path / "new", None, bundle)[2].command
    assert "--no-index" in install
    assert install[install.index("--find-links") + 1] == str(bundle)


@pytest.mark.parametrize(
    ("core", "bundled", "online", "words"),
    [
        (False, False, True, "carries no core"),
        (True, False, False, "online access is off"),
    ],
)
def test_obstacles_are_told(bundle: Path, tmp_path: Path, core: bool, bundled: bool, online: bool, words: str) -> None:
    wheel = bundle / "dahyf_hands-0.1.0-py3-none-any.whl" if core else None
    reason = environment.obstacle(tmp_path / "new", wheel, bundle if bundled else None, online)
    assert reason is not None
    assert words in reason


def test_an_empty_bundle_is_told(tmp_path: Path) -> None:
    reason = environment.obstacle(tmp_path / "new", None, tmp_path, online=True)
    assert reason is not None
    assert str(tmp_path) in reason


def test_a_full_disk_is_told(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "NEEDED_BYTES", 1 << 60)
    reason = environment.obstacle(tmp_path / "new", None, bundle, online=False)
    assert reason is not None
    assert "MB are free" in reason


def test_a_folder_without_permission_is_told(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.os, "access", lambda _path, _mode: False)
    reason = environment.obstacle(tmp_path / "new", None, bundle, online=False)
    assert reason is not None
    assert f"{tmp_path} cannot be written to" in reason


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ERROR: ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", "HTTPS_PROXY"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "PIP_CERT"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("PermissionError: [WinError 32] The process cannot access the file: used by another process", "virus scanner"),
        ("PermissionError: [WinError 5] Access is denied: 'C:\\\\Users'", "virus scanner"),
        ("PermissionError: [Errno 13] Permission denied: '/studio'", "permissions"),
        (
            "ERROR: Could not find a version\nERROR: No matching distribution found for onnxruntime>=1.21",
            "No wheel fits",
        ),
        ("something else", "advice of the step"),
    ],
)
def test_causes_are_read_from_what_pip_says(said: str, words: str) -> None:
    step = environment.Step("Installing the core", ("pip",), "advice of the step")
    assert words in environment.remedy(step, ["Looking in indexes", *said.splitlines()])


@pytest.mark.parametrize(("needed", "works"), [((3, 11), True), ((9, 0), False)])
def test_the_base_python_is_tried_first(needed: tuple, works: bool, tmp_path: Path) -> None:
    step = environment.set_up_steps(Path(sys.executable), tmp_path, None, tmp_path)[0]
    command = [part.replace("(3, 11)", str(needed)) for part in step.command]
    tried = subprocess.run(command, capture_output=True, text=True)
    assert (tried.returncode == 0) == works
    assert works or "this is Python 3" in tried.stderr


def test_paths_stay_whole_on_every_system(tmp_path: Path) -> None:
    """Blanks, quotes and letters of any script are parts of one argument: no shell ever sees them."""
    odd = tmp_path / 'Zoë\'s 手 "x" & y'
    steps = environment.set_up_steps(odd / "python.exe", odd / "environment", None, odd / "bundle")
    assert steps[0].command[0] == str(odd / "python.exe")
    assert str(odd / "environment") in steps[1].command
    assert str(odd / "bundle") in steps[2].command


def test_each_system_keeps_its_interpreter_elsewhere(tmp_path: Path) -> None:
    assert environment.interpreter_in(tmp_path, "linux") == tmp_path / "bin" / "python"
    assert environment.interpreter_in(tmp_path, "darwin") == tmp_path / "bin" / "python"
    assert environment.interpreter_in(tmp_path, "win32") == tmp_path / "Scripts" / "python.exe"


def test_the_user_s_choice_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = environment.interpreter_in(tmp_path)
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    assert environment.core_interpreter("", tmp_path) is None
    private.parent.mkdir()
    private.touch()
    assert environment.core_interpreter("", tmp_path) == private
    monkeypatch.setenv(environment.INTERPRETER_VARIABLE, "/studio/python")
    assert environment.core_interpreter("", tmp_path) == Path("/studio/python")
    assert environment.core_interpreter("/mine/python", tmp_path) == Path("/mine/python")


def test_the_core_runs_isolated() -> None:
    assert environment.core_command(Path(sys.executable), "check") == [
        sys.executable,
        "-I",
        "-m",
        "dahyf_core",
        "check",
    ]
