"""The notices in the panel: how the last work of each section ended, until new work starts. No bpy here."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["ERROR", "WARNING", "INFO"]
ERROR: Final = "ERROR"
WARNING: Final = "WARNING"
INFO: Final = "INFO"

REMEDIES: Final = {
    1: ("dahyf_hands.check_environment",),
    5: ("dahyf_hands.set_up_environment",),
    6: ("dahyf_hands.import_capture",),
}
"""Operators that may help, by the core's exit code."""


@dataclass(frozen=True)
class Notice:
    """How work ended: ERROR, WARNING or INFO, its sentences, and operators that carry out the remedy."""

    kind: Kind
    text: str
    remedy: str = ""
    operators: tuple[str, ...] = ()

    @property
    def sentences(self) -> str:
        """Text and remedy in one line."""
        return f"{self.text} {self.remedy}".strip()


_notices: dict[str, Notice] = {}


def put(section: str, notice: Notice) -> None:
    """Show a notice in a section of the panel."""
    _notices[section] = notice


def of(section: str) -> Notice | None:
    """The notice of a section, or None."""
    return _notices.get(section)


def clear(section: str) -> None:
    """Remove the notice of a section."""
    _notices.pop(section, None)


def clear_all() -> None:
    """Remove all notices: new work starts, or another file was opened."""
    _notices.clear()
