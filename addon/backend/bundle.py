"""Offline bundles: folders of wheels, each for one Python version and one kind of machine. No bpy here."""

import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

Version = tuple[int, int]

SYSTEMS: Final = {"linux": "linux", "darwin": "macosx", "win32": "win"}
"""By `sys.platform`: how platform tags of wheels begin, or what they contain."""


BLENDERS: Final = {(3, 11): "blender4.2-to-5.0", (3, 13): "blender5.1-to-5.2", (3, 14): "debian-blender5.2"}
"""The Blenders that bring a Python, as names of bundles say it."""


def folder_name(python: Version, system: str = sys.platform, machine: str = "") -> str:
    """The bundle folder's name for the Blenders with a Python: `dahyf_hands-bundle-blender5.1-to-5.2-linux-x86_64`."""
    blenders = BLENDERS.get(python, f"python{python[0]}.{python[1]}")
    kind = f"{SYSTEMS.get(system, system)}-{(machine or platform.machine()).lower()}"
    return f"dahyf_hands-bundle-{blenders}-{kind}"


def find(chosen: Path, python: Version) -> Path:
    """The bundle for a Python: the chosen folder, or the one of the right name in it."""
    inside = chosen / folder_name(python)
    return inside if inside.is_dir() else chosen


def obstacle(folder: Path, python: Version, core: Path | None = None) -> tuple[str, str] | None:
    """Why a core cannot be installed from a folder for this Python and what to do, a sentence each, or None.

    core: the core's wheel, where it is not the bundle's own.
    """
    wheels = [path.name for path in folder.glob("*.whl")]
    version = f"{python[0]}.{python[1]}"
    remedy = f"Choose the folder {folder_name(python)}, which scripts/build_bundle {version} makes."
    if not wheels:
        return f"The bundle folder {folder} holds no wheels.", remedy
    names = {distribution(wheel) for wheel in wheels}
    if names - {distribution(wheel) for wheel in wheels if fits(wheel, python)}:
        needed = f"this Blender needs one for Python {version}"
        return f"The bundle {folder.name} is made for {made_for(wheels)}; {needed}.", remedy
    if core and (lacking := sorted(requirements(core) - names)):
        return f"The bundle {folder.name} lacks {', '.join(lacking)}: it is of another version of this add-on.", remedy
    return None


def unpinned(folder: Path, lock: Path) -> tuple[str, str] | None:
    """Why a folder's wheels are not those that a lock file names and what to do, a sentence each, or None."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text("utf-8"), re.MULTILINE):
        pins.setdefault(re.sub(r"[-.]+", "_", name).lower(), set()).add(version)
    for wheel in sorted(path.name for path in folder.glob("*.whl")):
        name, version = distribution(wheel), wheel.split("-")[1]
        if version not in pins.get(name, {version}):
            needed = " or ".join(sorted(pins[name]))
            reason = f"The bundle {folder.name} holds {name} {version}, and this add-on was tested with {needed}."
            return reason, "Choose the bundle that was built together with this add-on."
    return None


def requirements(wheel: Path) -> set[str]:
    """The packages that a wheel requires, without extras, normalized as in the names of wheels."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    found = (re.match(r"Requires-Dist: ([\w.-]+)(?!.*extra *==)", line) for line in lines)
    return {re.sub(r"[-.]+", "_", match[1]).lower() for match in found if match}


def distribution(wheel: str) -> str:
    """The name of the package in a wheel."""
    return wheel.split("-")[0].lower()


def fits(wheel: str, python: Version, system: str = sys.platform) -> bool:
    """Whether a Python on this system can install a wheel, by the tags in the wheel's name."""
    pythons, abis, platforms = wheel.removesuffix(".whl").split("-")[-3:]
    if platforms != "any" and not any(belongs_to(tag, system) for tag in platforms.split(".")):
        return False
    return any(
        tag in ("py3", f"py{python[0]}{python[1]}", f"cp{python[0]}{python[1]}")
        or ("abi3" in abis.split(".") and (version := python_of(tag)) is not None and version <= python)
        for tag in pythons.split(".")
    )


def belongs_to(platform_tag: str, system: str) -> bool:
    """Whether a tag such as manylinux_2_28_x86_64, macosx_11_0_arm64 or win_amd64 is one of a system's."""
    if system == "linux":
        return "linux" in platform_tag
    return platform_tag.startswith(SYSTEMS.get(system, system))


def python_of(tag: str) -> Version | None:
    """The version in a tag such as cp313."""
    found = re.fullmatch(r"cp(\d)(\d+)", tag)
    return (int(found[1]), int(found[2])) if found else None


def made_for(wheels: list[str]) -> str:
    """The Python versions that wheels are made for: `Python 3.11`. Read from wheels that fit one version only."""
    tags = {tag for wheel in wheels if "-abi3-" not in wheel for tag in wheel.split("-")[-3].split(".")}
    versions = sorted(version for version in map(python_of, tags) if version)
    if not versions:
        return "another kind of machine"
    return "Python " + " and ".join(f"{major}.{minor}" for major, minor in versions)


def version_of(interpreter: Path) -> Version | None:
    """The version of an interpreter, or None if it does not answer. Another interpreter is run to ask it."""
    if interpreter == Path(sys.executable):
        return sys.version_info[:2]
    try:
        command = [str(interpreter), "-I", "-c", "import sys; print(*sys.version_info[:2])"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        major, minor = answer.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
