"""The steps of Set Up: the commands that make the core's environment, their progress and their errors. No bpy here."""

import os
import platform
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import bundle as bundles
from .environment import core_command, interpreter_in

LOCK = Path(__file__).parent.parent / "requirements.lock"
"""What the core needs, with hashes: `scripts/lock_requirements` writes it."""
NEEDED_PYTHON = (3, 11)
DOWNLOAD_MB = 182
INSTALLED_MB = 650
"""What a set-up from the package index downloads, and what it takes on the disk, in millions of bytes.

Measured on Linux x86_64: the wheels that `pip download` gets, without the core's own (Python 3.11: 182.2; 3.13 and
3.14: 181.0), and all files of the finished environment (Python 3.11: 645.9)."""

TRY_PYTHON = f"""
import sys
if sys.version_info < {NEEDED_PYTHON}:
    sys.exit("this is Python " + sys.version.split()[0])
import ensurepip, venv
"""
SHARES = (0.02, 0.08, 0.93, 0.95, 1.0)
"""The progress bar after each step of Set Up, 0 to 1."""
DOWNLOADING = 0.5
"""The progress of the installation once everything is downloaded, 0 to 1."""


@dataclass(frozen=True)
class Cause:
    """What a message of venv or pip means: a reason and a remedy, a sentence each."""

    words: str
    reason: str
    remedy: str


CAUSES = (
    Cause(
        r"ProxyError|Tunnel connection failed|407 Proxy",
        "The proxy refused the connection.",
        "Start Blender with HTTPS_PROXY set to the proxy's address, name and password included, or choose an offline"
        " bundle.",
    ),
    Cause(
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "A firewall replaces certificates.",
        "Start Blender with PIP_CERT set to your company's certificate file, or choose an offline bundle.",
    ),
    Cause(
        r"No space left on device|Errno 28|WinError 112|disk quota exceeded",
        "The disk is full.",
        "Free some space, and press Set Up again.",
    ),
    Cause(
        r"WinError 32|WinError 5\b|being used by another process",
        "Another program, often a virus scanner, holds a file.",
        "Wait or close it, and press Set Up again.",
    ),
    Cause(
        r"Permission denied|Errno 13|Read-only file system",
        "A folder cannot be written to.",
        "Check its permissions, and press Set Up again.",
    ),
    Cause(
        r"NewConnectionError|NameResolutionError|Failed to establish a new connection|ConnectTimeout|Read timed out"
        r"|Network is unreachable|name resolution|Connection (reset|refused|aborted)|Max retries exceeded",
        "The package index cannot be reached.",
        "Check the network, or choose an offline bundle.",
    ),
    Cause(
        r"DO NOT MATCH THE HASHES",
        "A downloaded package is not the one that this add-on was tested with.",
        "Press Set Up again; if it fails again, choose an offline bundle and report this.",
    ),
    Cause(
        r"No matching distribution|requires a different Python|not a supported wheel",
        "No wheel fits this Python or this kind of machine.",
        "Choose the bundle made for them, or another Base Python.",
    ),
)
"""The most specific first: pip also says that nothing matches when it could not reach the index."""

Progress = Callable[[Sequence[str]], tuple[float, str]]
"""Takes the lines that a step has written so far; returns its progress, 0 to 1, and a text for it."""


@dataclass(frozen=True)
class Step:
    """One command, its title and remedy, and the environment variables that it runs with."""

    title: str
    command: tuple[str, ...]
    remedy: str
    progress: Progress | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def obstacle(folder: Path, core: Path | None, bundle: Path | None, online: bool) -> str | None:
    """Why the environment cannot be made below `folder`, as a sentence with its remedy, or None."""
    if core is None and bundle is None:
        return "This add-on carries no core. Install the extension zip, or name a bundle folder that holds the wheels."
    if bundle is None and not online:
        return "Blender's online access is off. Allow it, or choose an offline bundle."
    parent = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(parent, os.W_OK):
        return f"The folder {parent} cannot be written to. Check its permissions."
    free, needed = shutil.disk_usage(parent).free // 1_000_000, INSTALLED_MB + (0 if bundle else DOWNLOAD_MB)
    if free < needed:
        return f"Only {free} MB are free in {parent}; {needed} MB are needed. Free some space."
    return None


def bundle_obstacle(bundle: Path, base: Path, core: Path | None) -> tuple[str, str] | None:
    """Why the core cannot be installed from a bundle by this base Python, or None. Asks the base for its version."""
    version = bundles.version_of(base)
    return bundles.obstacle(bundle, version, core) or bundles.unpinned(bundle, LOCK) if version else None


def set_up_steps(base: Path, built: Path, core: Path | None, bundle: Path | None) -> list[Step]:
    """The commands that make the environment `built`: from the wheels in `bundle`, or from the package index.

    Requirements are installed only in the versions and with the hashes of requirements.lock. Downloads go to a folder
    beside the environment, so that only one disk needs space.
    """
    source = ["--no-index", "--find-links", str(bundle)] if bundle else []
    wheel = str(core) if core else "dahyf-hands"
    python = interpreter_in(built)
    waiting = downloads(built)
    needed = f"Choose a Python {'.'.join(map(str, NEEDED_PYTHON))} or newer with the venv module in the preferences."
    pip = (str(python), "-I", "-u", "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    return [
        Step("Trying the base Python", (str(base), "-I", "-c", TRY_PYTHON), needed),
        Step("Making a private environment", (str(base), "-I", "-m", "venv", "--clear", str(built)), needed),
        Step(
            "Installing what the core needs",
            (*pip, "--progress-bar", "off", *source, "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)),
            "Check the network and the proxy, or choose an offline bundle.",
            lambda said: install_progress(said, built, waiting),
            dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(waiting)),
        ),
        Step(
            "Installing the core",
            (*pip, "--no-index", *source[1:], "--no-deps", wheel),
            "Install the extension zip again, or choose an offline bundle.",
        ),
        check_step(python),
    ]


def downloads(built: Path) -> Path:
    """The folder of the packages downloaded for an environment."""
    return built.with_name("downloads")


def check_step(interpreter: Path) -> Step:
    """The command that tests whether the core works."""
    return Step(
        "Checking the core",
        tuple(core_command(interpreter, "check", "--json")),
        "Press Set Up in the add-on's preferences to make the environment again.",
    )


def install_progress(said: Sequence[str], built: Path, waiting: Path) -> tuple[float, str]:
    """The progress of pip: by bytes downloaded or wheels read, then by packages installed."""
    for line in said:
        if line.startswith("Installing collected packages:"):
            names = line.partition(":")[2].split(",")
            done = installed_among(names, built)
            return DOWNLOADING + (1 - DOWNLOADING) * done / len(names), f"Installing: {done} of {len(names)} packages"
    downloading = [name for line in said if (name := re.match(r"\s*(?:Downloading|Using cached) (\w+)", line))]
    if downloading:
        megabytes = size(waiting) / 1e6
        text = f"Downloading {downloading[-1][1]}: {megabytes:.0f} of about {DOWNLOAD_MB} MB"
        return DOWNLOADING * min(megabytes / DOWNLOAD_MB, 1.0), text
    read = sum(line.startswith("Processing ") for line in said)
    return DOWNLOADING * read / (read + 10), f"Reading packages: {read}" if read else "Looking for packages"


def installed_among(names: Sequence[str], built: Path) -> int:
    """How many of these packages are installed, counted by the RECORD files that pip writes last."""
    folders = [*built.glob("lib/python*/site-packages"), *built.glob("Lib/site-packages")]
    there = {plain(record.name.split("-")[0]) for folder in folders[:1] for record in folder.glob("*.dist-info")}
    return sum(plain(name) in there for name in names)


def plain(name: str) -> str:
    """A package's name, normalized as pip does."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def size(folder: Path) -> int:
    """Bytes of all files below a folder. Files that vanish while they are counted are skipped."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except OSError:
                continue
    return total


def reason(step: Step, said: Sequence[str]) -> tuple[str, str]:
    """Why a step failed and what to do: from the cause that its output shows, else the step's own remedy."""
    text = "\n".join(said)
    cause = next((cause for cause in CAUSES if re.search(cause.words, text, re.IGNORECASE)), None)
    return (f"{step.title} failed. {cause.reason}", cause.remedy) if cause else (f"{step.title} failed.", step.remedy)


def report(title: str, lines: Sequence[str]) -> str:
    """The text of a report: what was done, on which machine, and the output."""
    system = f"{platform.system()} {platform.release()} ({platform.machine()})"
    machine = f"{system}, Blender's Python {platform.python_version()}"
    return "\n".join([f"DaHyF Hands: {title}", machine, "", *lines, ""])
