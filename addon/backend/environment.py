"""The core's own Python environment: its folder, and the interpreter that runs the core. No bpy here.

Blender's own Python stays untouched. Set Up builds a new environment beside the one in use, which stays in use until
the new one has passed its check. The file `current` names the one in use, and the core installed there by a digest of
its wheel. Every other environment in the folder is unfinished.
"""

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

INTERPRETER_VARIABLE = "DAHYF_PYTHON"
CURRENT = "current"
EXTENSION = Path(__file__).parent.parent
"""The folder of this add-on."""

checked: dict[Path, bool] = {}
"""By interpreter that Check has tested since Blender started: whether the core works there."""


@dataclass(frozen=True)
class State:
    """Whether the core is installed, whether Check found that it works, and a sentence that says so."""

    installed: bool
    works: bool
    text: str


def interpreter_in(folder: Path, system: str = sys.platform) -> Path:
    """The interpreter of the environment in `folder`."""
    return folder / "Scripts" / "python.exe" if system == "win32" else folder / "bin" / "python"


def current_environment(folder: Path) -> Path | None:
    """The environment below `folder` that is in use, or None."""
    name, _ = noted(folder)
    return folder / name if name.isdigit() else None


def is_outdated(folder: Path) -> bool:
    """Whether the environment in use has the core of another version of this add-on."""
    name, digest = noted(folder)
    wheel = bundled_wheel(EXTENSION)
    return bool(name) and wheel is not None and digest != digest_of(wheel, wheel.stat().st_mtime_ns)


def noted(folder: Path) -> tuple[str, str]:
    """The name of the environment in use and the digest of its core, as `adopt` wrote them; empty where unknown."""
    try:
        lines = (folder / CURRENT).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    name, digest, *_ = (*lines, "", "")
    return name, digest


@lru_cache(maxsize=1)
def digest_of(wheel: Path, _modified: int) -> str:
    """The SHA-256 of a wheel, cached because the panel asks at every redraw."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def next_environment(folder: Path) -> Path:
    """Where below `folder` the next environment is built. Its name is short, as Windows limits the length of paths."""
    current = current_environment(folder)
    return folder / ("2" if current is not None and current.name == "1" else "1")


def adopt(folder: Path, built: Path) -> None:
    """Make a finished environment below `folder` the one in use, and remove the others. Raises OSError."""
    new = folder / f".{CURRENT}.new"
    wheel = bundled_wheel(EXTENSION)
    digest = digest_of(wheel, wheel.stat().st_mtime_ns) if wheel else ""
    new.write_text(f"{built.name}\n{digest}\n", "utf-8")
    new.replace(folder / CURRENT)
    checked[interpreter_in(built)] = True
    remove_unfinished(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove all environments below `folder` but the one in use. Files that another program holds open stay."""
    current = current_environment(folder)
    for found in folder.iterdir() if folder.is_dir() else ():
        if found.name == CURRENT or found == current:
            continue
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found, ignore_errors=True)
        else:
            with suppress(OSError):
                found.unlink()


def core_interpreter(chosen: str, folder: Path) -> Path | None:
    """The interpreter that runs the core: the user's choice, else DAHYF_PYTHON, else the private one, else None.

    A private environment with the core of another version of the add-on does not count.
    """
    if given := given_interpreter(chosen):
        return given
    current = current_environment(folder)
    private = interpreter_in(current) if current and not is_outdated(folder) else None
    return private if private and private.is_file() else None


def given_interpreter(chosen: str) -> Path | None:
    """The interpreter that the user names, in the preferences or by DAHYF_PYTHON, or None."""
    return next((Path(name) for name in (chosen, os.environ.get(INTERPRETER_VARIABLE, "")) if name), None)


def state(chosen: str, folder: Path) -> State:
    """What is known of the core. It counts as working only after a check."""
    given, interpreter = given_interpreter(chosen), core_interpreter(chosen, folder)
    if interpreter is None:
        if current_environment(folder) is None:
            return State(False, False, "The core is not installed yet.")
        if is_outdated(folder):
            return State(False, False, "The core is from another version of this add-on: press Set Up to update it.")
        return State(False, False, "The Python that the core was installed with no longer exists: press Set Up.")
    if not interpreter.is_file():
        return State(False, False, f"The chosen interpreter {interpreter} does not exist.")
    works = checked.get(interpreter)
    if works is False:
        return State(True, False, f"The core does not work in {interpreter}: press Show Report to see why.")
    if works or not given:
        return State(True, True, f"The core runs in {interpreter}")
    return State(True, False, f"The core should be in {interpreter}: press Check to test it.")


def base_interpreter(chosen: str = "") -> Path:
    """The Python from which environments are made: the user's choice, else Blender's own.

    Blender's Python is only run, never written to.
    """
    if chosen:
        return Path(chosen)
    return Path(sys.executable)


def core_command(interpreter: Path, *arguments: str) -> list[str]:
    """`dahyf ARGUMENTS`, isolated from the user's site packages and from Blender's variables."""
    return [str(interpreter), "-I", "-m", "dahyf_core", *arguments]


def bundled_wheel(extension: Path) -> Path | None:
    """The core's wheel inside the extension, or None."""
    return next(iter(sorted((extension / "core").glob("dahyf_hands-*.whl"))), None)
