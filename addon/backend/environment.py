"""The core's own Python environment: made, checked and described. No bpy here; Blender's own Python stays untouched."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NEEDED_BYTES = 700_000_000
NEEDED_PYTHON = (3, 11)
INTERPRETER_VARIABLE = "DAHYF_PYTHON"

TRY_PYTHON = f"""
import sys
if sys.version_info < {NEEDED_PYTHON}:
    sys.exit("this is Python " + sys.version.split()[0])
import ensurepip, venv
"""

CAUSES = (
    (
        r"ProxyError|Tunnel connection failed|407 Proxy",
        "The proxy lets nothing through: start Blender with HTTPS_PROXY set to the proxy's address, name and password"
        " included, or choose an offline bundle.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "A firewall replaces certificates: start Blender with PIP_CERT set to your company's certificate file, or"
        " choose an offline bundle.",
    ),
    (
        r"No space left on device|Errno 28|WinError 112|disk quota exceeded",
        "The disk is full: free some space, in the temporary folder too, and press Set Up again.",
    ),
    (
        r"WinError 32|WinError 5\b|being used by another process",
        "Another program, often a virus scanner, holds a file: wait or close it, and press Set Up again.",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system",
        "A folder cannot be written to: check its permissions, and press Set Up again.",
    ),
    (
        r"No matching distribution|requires a different Python|not a supported wheel",
        "No wheel fits this Python or this kind of machine: choose the bundle made for them, or another Base Python.",
    ),
)
"""What the words of venv and pip mean, most telling first, and what to do."""


@dataclass(frozen=True)
class Step:
    """One command of the set-up, with the words that are shown while it runs and when it fails."""

    title: str
    command: tuple[str, ...]
    remedy: str


def interpreter_in(folder: Path, system: str = sys.platform) -> Path:
    """The interpreter of the environment in `folder`."""
    return folder / "Scripts" / "python.exe" if system == "win32" else folder / "bin" / "python"


def core_interpreter(chosen: str, folder: Path) -> Path | None:
    """The interpreter that runs the core: the user's choice, else DAHYF_PYTHON, else the private one, else None."""
    for candidate in (chosen, os.environ.get(INTERPRETER_VARIABLE, "")):
        if candidate:
            return Path(candidate)
    private = interpreter_in(folder)
    return private if private.is_file() else None


def base_interpreter(chosen: str = "") -> Path:
    """The Python that environments are made with: the user's choice, else the one that Blender brings.

    Blender's Python is only run, never written to.
    """
    if chosen:
        return Path(chosen)
    return Path(sys.executable)


def core_command(interpreter: Path, *arguments: str) -> list[str]:
    """`dahyf ARGUMENTS`, isolated from the user's site packages and from Blender's variables."""
    return [str(interpreter), "-I", "-m", "dahyf_core", *arguments]


def bundled_wheel(extension: Path) -> Path | None:
    """The core's wheel that travels inside the extension."""
    return next(iter(sorted((extension / "core").glob("dahyf_hands-*.whl"))), None)


def obstacle(folder: Path, core: Path | None, bundle: Path | None, online: bool) -> str | None:
    """Why the environment cannot be made here, as a sentence with its remedy; None when nothing stands in the way."""
    if core is None and bundle is None:
        return "This add-on carries no core. Install the extension zip, or name a bundle folder that holds the wheels."
    if bundle is not None and not any(bundle.glob("*.whl")):
        return f"The bundle folder {bundle} holds no wheels. Choose the unpacked offline bundle."
    if bundle is None and not online:
        return (
            "Blender's online access is off. Allow it in Preferences > System > Network, or choose an offline bundle."
        )
    parent = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(parent, os.W_OK):
        return f"The folder {parent} cannot be written to. Check its permissions."
    free = shutil.disk_usage(parent).free
    if free < NEEDED_BYTES:
        needed = NEEDED_BYTES // 1_000_000
        return f"Only {free // 1_000_000} MB are free in {parent}; {needed} MB are needed. Free some space."
    return None


def set_up_steps(base: Path, folder: Path, core: Path | None, bundle: Path | None) -> list[Step]:
    """The commands that make the environment in `folder`: from the wheels in `bundle`, or from the package index."""
    source = ["--no-index", "--find-links", str(bundle)] if bundle else []
    wheel = str(core) if core else "dahyf-hands"
    python = str(interpreter_in(folder))
    needed = f"Choose a Python {'.'.join(map(str, NEEDED_PYTHON))} or newer with the venv module in the preferences."
    return [
        Step("Trying the base Python", (str(base), "-I", "-c", TRY_PYTHON), needed),
        Step(
            "Making a private environment",
            (str(base), "-I", "-m", "venv", "--clear", str(folder)),
            needed,
        ),
        Step(
            "Installing the core",
            (python, "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *source, wheel),
            "Check the network and the proxy, or choose an offline bundle.",
        ),
        check_step(interpreter_in(folder)),
    ]


def check_step(interpreter: Path) -> Step:
    """The command that shows whether the core works."""
    return Step(
        "Checking the core",
        tuple(core_command(interpreter, "check", "--json")),
        "Press Set Up in the add-on's preferences to make the environment anew.",
    )


def remedy(step: Step, said: Sequence[str]) -> str:
    """What to do after a step failed: by the cause that its words tell, else what the step itself advises."""
    text = "\n".join(said)
    return next((advice for words, advice in CAUSES if re.search(words, text, re.IGNORECASE)), step.remedy)


def report(title: str, lines: Sequence[str]) -> str:
    """A text for people: what was done on which machine, and what came out."""
    system = f"{platform.system()} {platform.release()} ({platform.machine()})"
    machine = f"{system}, Blender's Python {platform.python_version()}"
    return "\n".join([f"DaHyF Hands: {title}", machine, "", *lines, ""])
