"""The plan of the set-up, and what stands in its way."""

import sys
from pathlib import Path

import pytest

from addon import environment


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "dahyf_hands-0.1.0-py3-none-any.whl").touch()
    return folder


def test_a_bundle_needs_no_network(bundle: Path, tmp_path: Path) -> None:
    assert environment.obstacle(tmp_path / "new", None, bundle, online=False) is None
    install = environment.set_up_steps(Path("python"), tmp_path / "new", None, bundle)[1].command
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
