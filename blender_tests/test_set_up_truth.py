"""Set Up reports the real state: after a failure, a second try, and while it replaces a working core. Real pip."""

import hashlib
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from addon import extension
from addon.backend import bundle as bundles
from addon.backend import environment, installing, job, notices
from addon.operators import environment as operators
from addon.settings import preferences

pytestmark = pytest.mark.usefixtures("registered")

WORKS = 'print(\'{"type": "status", "text": "all is there"}\')'
BROKEN = "import sys; print('something is missing', file=sys.stderr); sys.exit(1)"

Bundle = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of the add-on; the preferences are `chosen`."""
    mine = tmp_path / "user"

    def user_folder(path: str = "", create: bool = False) -> Path:
        if create:
            (mine / path).mkdir(parents=True, exist_ok=True)
        return mine / path

    monkeypatch.setattr(extension, "user_folder", user_folder)
    monkeypatch.setattr(environment, "checked", {})
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    notices.clear_all()
    return mine


@pytest.fixture
def chosen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    settings = SimpleNamespace(interpreter="", base_python="", bundle="")
    monkeypatch.setattr(preferences, "preferences_of", lambda _context: settings)
    return settings


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """Bundles of a core and what it needs, which the lock file then is about."""
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(installing, "LOCK", lock)

    def make(name: str, core: str, needs: str = "") -> Path:
        made = tmp_path / name
        made.mkdir()
        write_wheel(made, "dahyf_hands", "0.1.0", {"dahyf_core/__init__.py": "", "dahyf_core/__main__.py": core})
        needed = write_wheel(made, "needed", "1", {"needed.py": ""})
        digest = hashlib.sha256(needed.read_bytes()).hexdigest()
        lock.write_text(f"{needs or 'needed'}==1 --hash=sha256:{digest}\n")
        return made

    return make


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    files |= {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in files.items():
            wheel.writestr(member, text)
    return path


def set_up() -> bool:
    try:
        return bpy.ops.dahyf_hands.set_up_environment() == {"FINISHED"}
    except RuntimeError:  # an operator that reports an error
        return False


def state() -> environment.State:
    return environment.state("", preferences.environment_folder())


def environments(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "environment").iterdir())


def test_failures_and_successes_in_turn(folder: Path, chosen: SimpleNamespace, bundle: Bundle) -> None:
    chosen.bundle = str(bundle("lacking", WORKS, needs="nowhere-to-be-found"))
    assert not set_up()
    failed = notices.of("set_up")
    assert failed.kind == notices.ERROR
    assert failed.text == ("Installing what the core needs failed. No wheel fits this Python or this kind of machine.")
    assert not state().installed, "no tick beside a core that is not there"
    assert environments(folder) == [], "what was begun is gone"
    report = (folder / operators.SET_UP_REPORT).read_text("utf-8")
    assert "nowhere-to-be-found" in report

    chosen.bundle = str(bundle("good", WORKS))
    assert set_up()
    assert notices.of("set_up") == notices.Notice(notices.INFO, "The core is installed and works.")
    assert state().works
    assert environments(folder) == ["1", "current"]

    chosen.bundle = str(bundle("broken", BROKEN))
    assert not set_up()
    assert notices.of("set_up").text == "Checking the core failed."
    assert state().works, "the earlier core goes on working"
    assert environments(folder) == ["1", "current"]
    assert bpy.ops.dahyf_hands.check_environment() == {"FINISHED"}
    assert "something is missing" in (folder / operators.SET_UP_REPORT).read_text("utf-8"), (
        "Check has a report of its own"
    )
    assert "all is there" in (folder / operators.CHECK_REPORT).read_text("utf-8")

    chosen.bundle = str(bundle("newer", WORKS + "; print('newer')"))
    assert set_up()
    assert environments(folder) == ["2", "current"]
    assert state().text.startswith(f"The core runs in {folder / 'environment' / '2'}")


def test_a_bundle_for_another_python_is_refused_before_anything_is_made(
    folder: Path, chosen: SimpleNamespace, bundle: Bundle
) -> None:
    made = bundle("other", WORKS)
    (made / "numpy-2.4.6-cp39-cp39-manylinux_2_28_x86_64.whl").touch()
    chosen.bundle = str(made)
    assert not set_up()
    said = notices.of("set_up").sentences
    version = "{}.{}".format(*sys.version_info)
    assert "is made for Python 3.9" in said
    assert f"needs one for Python {version}" in said
    assert bundles.folder_name(sys.version_info[:2]) in said
    assert not (folder / "environment").exists()


def test_a_chosen_interpreter_without_a_core_is_found_out_by_check(
    folder: Path, chosen: SimpleNamespace, tmp_path: Path
) -> None:
    chosen.interpreter = sys.executable
    here = environment.state(chosen.interpreter, preferences.environment_folder())
    assert here.installed
    assert not here.works
    with pytest.raises(RuntimeError, match="Checking the core failed"):
        bpy.ops.dahyf_hands.check_environment()
    assert "does not work" in environment.state(chosen.interpreter, preferences.environment_folder()).text


def test_a_stopped_set_up_leaves_nothing(
    folder: Path, chosen: SimpleNamespace, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen.bundle = str(bundle("good", WORKS))
    monkeypatch.setattr(job, "wait", job.cancel)
    assert not set_up()
    assert notices.of("set_up") == notices.Notice(notices.INFO, "Set Up was stopped.")
    assert environments(folder) == []
    assert not state().installed


def test_a_folder_that_cannot_be_made_is_told(folder: Path, chosen: SimpleNamespace, bundle: Bundle) -> None:
    chosen.bundle = str(bundle("good", WORKS))
    folder.write_text("a file where the folder should be")
    assert not set_up()
    assert notices.of("set_up").kind == notices.ERROR
