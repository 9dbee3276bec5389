"""The steps of Set Up, and the reasons why it cannot start."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from addon.backend import bundle as bundles
from addon.backend import environment, installing


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "dahyf_hands-0.1.0-py3-none-any.whl").touch()
    return folder


def test_a_bundle_needs_no_network(bundle: Path, tmp_path: Path) -> None:
    assert installing.obstacle(tmp_path / "new", None, bundle, online=False) is None
    for step in installing.set_up_steps(Path("python"), tmp_path / "new", None, bundle)[2:4]:
        assert "--no-index" in step.command
        assert step.command[step.command.index("--find-links") + 1] == str(bundle)


@pytest.mark.parametrize("bundled", [False, True])
def test_only_packages_with_the_hashes_of_the_lock_file_are_installed(
    bundle: Path, tmp_path: Path, bundled: bool
) -> None:
    wheel = bundle / "dahyf_hands-0.1.0-py3-none-any.whl"
    steps = installing.set_up_steps(Path("python"), tmp_path / "new", wheel, bundle if bundled else None)
    needed, core = steps[2].command, steps[3].command
    assert "--require-hashes" in needed
    assert needed[needed.index("--only-binary") + 1] == ":all:"
    assert Path(needed[needed.index("-r") + 1]).is_file()
    assert core[-2:] == ("--no-deps", str(wheel))
    assert "--no-index" in core
    assert len(steps) == len(installing.SHARES)


def test_the_lock_file_names_a_hash_for_each_package_and_no_index() -> None:
    lines = installing.LOCK.read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    packages = [number for number, line in enumerate(lines) if re.match(r"[\w.-]+==\S+", line)]
    assert len(packages) > 10
    for number in packages:
        assert lines[number + 1].strip().startswith("--hash=sha256:")


def test_a_package_of_another_hash_is_refused(tmp_path: Path) -> None:
    """By the pip of the Python that makes the environment, and told in plain words."""
    wheel = tmp_path / "numpy-2.4.6-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("numpy-2.4.6.dist-info/METADATA", "Metadata-Version: 2.1\nName: numpy\nVersion: 2.4.6\n")
        archive.writestr(
            "numpy-2.4.6.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("numpy-2.4.6.dist-info/RECORD", "")
    (tmp_path / "lock").write_text("numpy==2.4.6 --hash=sha256:" + 64 * "0")
    step = installing.set_up_steps(Path(sys.executable), tmp_path / "new", None, tmp_path)[2]
    options = [str(tmp_path / "lock") if part == str(installing.LOCK) else part for part in step.command[5:]]
    command = [sys.executable, "-I", "-m", "pip", *options, "--target", str(tmp_path / "new")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode
    if "No module named pip" in result.stderr:
        pytest.skip("this Python has no pip")
    text, _ = installing.reason(step, result.stderr.splitlines())
    assert "not the one that this add-on was tested with" in text
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("core", "bundled", "online", "words"),
    [
        (False, False, True, "carries no core"),
        (True, False, False, "online access is off"),
    ],
)
def test_obstacles_are_told(bundle: Path, tmp_path: Path, core: bool, bundled: bool, online: bool, words: str) -> None:
    wheel = bundle / "dahyf_hands-0.1.0-py3-none-any.whl" if core else None
    reason = installing.obstacle(tmp_path / "new", wheel, bundle if bundled else None, online)
    assert reason is not None
    assert words in reason


PYTHON_313 = (
    "dahyf_hands-0.1.0-py3-none-any.whl",
    "numpy-2.4.6-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "av-18.1.0-cp311-abi3-manylinux_2_28_x86_64.whl",
)


@pytest.fixture
def bundle_313(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle 3.13"
    folder.mkdir()
    for name in PYTHON_313:
        (folder / name).touch()
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="these wheels are Linux's")
def test_a_bundle_for_another_python_is_refused_by_the_name_of_the_one_that_is_needed(bundle_313: Path) -> None:
    assert bundles.obstacle(bundle_313, (3, 13)) is None
    reason = " ".join(bundles.obstacle(bundle_313, (3, 14)))
    assert "made for Python 3.13" in reason
    assert "this Blender needs one for Python 3.14" in reason
    assert bundles.folder_name((3, 14)) in reason
    assert "build_bundle 3.14" in reason


def test_a_bundle_of_another_version_is_refused_by_what_it_lacks(bundle_313: Path, tmp_path: Path) -> None:
    core = tmp_path / "dahyf_hands-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(core, "w") as archive:
        needs = ("numpy>=2.0", "opencv-python-headless", "av<19,>=14", 'torch>=2.4; extra == "train"')
        lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
        archive.writestr("dahyf_hands-0.2.0.dist-info/METADATA", lines)
    reason, _remedy = bundles.obstacle(bundle_313, (3, 13), core)
    assert "lacks opencv_python_headless: it is of another version" in reason


def test_a_bundle_with_other_versions_than_the_lock_file_s_is_refused_by_name(bundle_313: Path) -> None:
    (bundle_313 / "numpy-2.4.6-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl").unlink()
    lock = bundle_313 / "lock"
    lock.write_text(
        "av==18.1.0 \\\n    --hash=sha256:00\nnumpy==2.4.6 ; sys_platform == 'linux' \\\n    --hash=sha256:00\n"
    )
    assert bundles.unpinned(bundle_313, lock) is None
    (bundle_313 / "numpy-2.3.0-cp313-cp313-manylinux_2_28_x86_64.whl").touch()
    reason, _remedy = bundles.unpinned(bundle_313, lock)
    assert "holds numpy 2.3.0, and this add-on was tested with 2.4.6" in reason


def test_the_fitting_one_of_several_bundles_is_found(tmp_path: Path) -> None:
    for minor in (11, 13, 14):
        (tmp_path / bundles.folder_name((3, minor))).mkdir()
    assert bundles.find(tmp_path, (3, 13)).name == bundles.folder_name((3, 13))
    assert bundles.find(tmp_path, (3, 12)) == tmp_path


def test_bundles_are_named_by_python_and_machine() -> None:
    assert bundles.folder_name((3, 13), "linux", "x86_64") == "dahyf_hands-bundle-blender5.1-to-5.2-linux-x86_64"
    assert bundles.folder_name((3, 11), "win32", "AMD64") == "dahyf_hands-bundle-blender4.2-to-5.0-win-amd64"


@pytest.mark.parametrize(
    ("wheel", "python", "system", "fit"),
    [
        ("rich-15.0.0-py3-none-any.whl", (3, 14), "win32", True),
        ("flatbuffers-25.12.19-py2.py3-none-any.whl", (3, 11), "darwin", True),
        ("opencv-5.0-cp37-abi3-manylinux_2_28_x86_64.whl", (3, 14), "linux", True),
        ("opencv-5.0-cp37-abi3-win_amd64.whl", (3, 14), "linux", False),
        ("av-18.1.0-cp313-abi3-manylinux_2_28_x86_64.whl", (3, 11), "linux", False),
        ("numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl", (3, 11), "linux", True),
        ("numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl", (3, 13), "linux", False),
        ("numpy-2.4.6-cp311-cp311-macosx_11_0_arm64.whl", (3, 11), "darwin", True),
    ],
)
def test_wheels_fit_by_their_tags(wheel: str, python: tuple, system: str, fit: bool) -> None:
    assert bundles.fits(wheel, python, system) == fit


def test_an_interpreter_tells_its_version_or_nothing(tmp_path: Path) -> None:
    assert bundles.version_of(Path(sys.executable)) == sys.version_info[:2]
    assert bundles.version_of(tmp_path / "python") is None


def test_an_empty_bundle_is_told(tmp_path: Path) -> None:
    reason, _remedy = bundles.obstacle(tmp_path, (3, 11))
    assert str(tmp_path) in reason


def test_a_full_disk_is_told(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "INSTALLED_MB", 1 << 40)
    reason = installing.obstacle(tmp_path / "new", None, bundle, online=False)
    assert reason is not None
    assert "MB are free" in reason


def test_a_folder_without_permission_is_told(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing.os, "access", lambda _path, _mode: False)
    reason = installing.obstacle(tmp_path / "new", None, bundle, online=False)
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
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError: Failed to establish a new connection'\n"
            "ERROR: No matching distribution found for rich>=13",
            "index cannot be reached",
        ),
        ("something else", "advice of the step"),
    ],
)
def test_causes_are_read_from_what_pip_says(said: str, words: str) -> None:
    step = installing.Step("Installing the core", ("pip",), "advice of the step")
    text, remedy = installing.reason(step, ["Looking in indexes", *said.splitlines()])
    assert text.startswith("Installing the core failed.")
    assert words in f"{text} {remedy}"


@pytest.mark.parametrize(("needed", "works"), [((3, 11), True), ((9, 0), False)])
def test_the_base_python_is_tried_first(needed: tuple, works: bool, tmp_path: Path) -> None:
    step = installing.set_up_steps(Path(sys.executable), tmp_path, None, tmp_path)[0]
    command = [part.replace("(3, 11)", str(needed)) for part in step.command]
    tried = subprocess.run(command, capture_output=True, text=True)
    assert (tried.returncode == 0) == works
    assert works or "this is Python 3" in tried.stderr


def test_paths_stay_whole_on_every_system(tmp_path: Path) -> None:
    """Blanks, quotes and letters of any script are parts of one argument: no shell ever sees them."""
    odd = tmp_path / 'Zoë\'s 手 "x" & y'
    steps = installing.set_up_steps(odd / "python.exe", odd / "environment", None, odd / "bundle")
    assert steps[0].command[0] == str(odd / "python.exe")
    assert str(odd / "environment") in steps[1].command
    assert str(odd / "bundle") in steps[2].command
    assert str(odd / "bundle") in steps[3].command


def test_each_system_keeps_its_interpreter_elsewhere(tmp_path: Path) -> None:
    assert environment.interpreter_in(tmp_path, "linux") == tmp_path / "bin" / "python"
    assert environment.interpreter_in(tmp_path, "darwin") == tmp_path / "bin" / "python"
    assert environment.interpreter_in(tmp_path, "win32") == tmp_path / "Scripts" / "python.exe"


def test_the_user_s_choice_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    assert environment.core_interpreter("", tmp_path) is None
    private = made(environment.next_environment(tmp_path))
    assert environment.core_interpreter("", tmp_path) is None, "it is not finished"
    environment.adopt(tmp_path, tmp_path / "1")
    assert environment.core_interpreter("", tmp_path) == private
    monkeypatch.setenv(environment.INTERPRETER_VARIABLE, "/studio/python")
    assert environment.core_interpreter("", tmp_path) == Path("/studio/python")
    assert environment.core_interpreter("/mine/python", tmp_path) == Path("/mine/python")


def made(folder: Path) -> Path:
    """The interpreter of an environment that looks like one."""
    interpreter = environment.interpreter_in(folder)
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    return interpreter


def test_the_next_environment_takes_over_when_it_is_finished(tmp_path: Path) -> None:
    for name in ("1", "2", "1"):
        built = environment.next_environment(tmp_path)
        assert built == tmp_path / name
        made(built)
        environment.adopt(tmp_path, built)
        assert environment.current_environment(tmp_path) == built
        assert sorted(path.name for path in tmp_path.iterdir()) == [name, "current"]


def test_an_environment_of_another_version_of_the_add_on_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    monkeypatch.setattr(environment, "EXTENSION", tmp_path / "extension")
    wheel = tmp_path / "extension" / "core" / "dahyf_hands-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    wheel.write_bytes(b"one")
    folder = tmp_path / "environment"
    interpreter = made(folder / "1")
    environment.adopt(folder, folder / "1")
    assert environment.core_interpreter("", folder) == interpreter
    wheel.write_bytes(b"another")
    os.utime(wheel, (1, 1))
    assert environment.core_interpreter("", folder) is None
    said = environment.state("", folder)
    assert not said.installed
    assert "another version of this add-on: press Set Up" in said.text
    made(environment.next_environment(folder))
    environment.adopt(folder, folder / "2")
    assert environment.state("", folder).works


def test_what_was_never_finished_is_removed(tmp_path: Path) -> None:
    environment.adopt(tmp_path, made(tmp_path / "1").parent.parent)
    made(tmp_path / "2")
    (tmp_path / "downloads").mkdir()
    (tmp_path / ".current.new").touch()
    environment.remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "current"]


def test_only_what_was_tried_is_said_to_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    monkeypatch.setattr(environment, "checked", {})
    assert environment.state("", tmp_path) == environment.State(False, False, "The core is not installed yet.")
    absent = environment.state(str(tmp_path / "python"), tmp_path)
    assert not absent.installed
    assert "does not exist" in absent.text
    mine = made(tmp_path / "mine")
    assert environment.state(str(mine), tmp_path).text.endswith("press Check to test it.")
    environment.checked[mine] = True
    assert environment.state(str(mine), tmp_path).works
    environment.checked[mine] = False
    assert not environment.state(str(mine), tmp_path).works
    private = made(tmp_path / "1")
    environment.adopt(tmp_path, tmp_path / "1")
    assert environment.state("", tmp_path).works
    private.unlink()
    gone = environment.state("", tmp_path)
    assert not gone.installed
    assert "no longer exists: press Set Up" in gone.text


def test_the_bar_of_an_installation_moves_by_bytes_and_packages(tmp_path: Path) -> None:
    built, waiting = tmp_path / "1", tmp_path / "downloads"
    (waiting / "pip-unpack-x").mkdir(parents=True)
    records = built / "lib" / "python3.11" / "site-packages"
    records.mkdir(parents=True)
    said = ["Collecting numpy>=2.0", "Downloading numpy-2.4.6-cp311.whl (16.9 MB)"]
    fractions = [installing.install_progress(said[:1], built, waiting)[0]]
    for megabytes in (50, 100):
        with (waiting / "pip-unpack-x" / "numpy.whl").open("wb") as stream:
            stream.truncate(megabytes * 1_000_000)
        fraction, text = installing.install_progress(said, built, waiting)
        fractions.append(fraction)
        assert text == f"Downloading numpy: {megabytes} of about {installing.DOWNLOAD_MB} MB"
    said.append("Installing collected packages: numpy, typing-extensions, rich")
    for done, name in enumerate(("numpy-2.4.6", "typing_extensions-4.16.0", "rich-15.0.0"), start=1):
        (records / f"{name}.dist-info").mkdir()
        fraction, text = installing.install_progress(said, built, waiting)
        fractions.append(fraction)
        assert text == f"Installing: {done} of 3 packages"
    assert fractions == sorted(set(fractions))
    assert fractions[0] == 0
    assert fractions[-1] == 1


def test_a_bundle_is_read_wheel_by_wheel(tmp_path: Path) -> None:
    said = [f"Processing ./{name}" for name in PYTHON_313]
    fractions = [installing.install_progress(said[:count], tmp_path, tmp_path / "no")[0] for count in range(4)]
    assert fractions == sorted(set(fractions))
    assert installing.install_progress(said, tmp_path, tmp_path / "no")[1] == "Reading packages: 3"


def test_the_core_runs_isolated() -> None:
    assert environment.core_command(Path(sys.executable), "check") == [
        sys.executable,
        "-I",
        "-m",
        "dahyf_core",
        "check",
    ]
