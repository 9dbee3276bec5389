"""What the panel says of work that has ended: one notice a section, kept until the next try. No bpy here."""

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
    """How work ended: ERROR, WARNING or INFO, sentences, and operators that carry the remedy out."""

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
    """Let a section of the panel say how its work ended."""
    _notices[section] = notice


def of(section: str) -> Notice | None:
    """What a section says, or None."""
    return _notices.get(section)


def clear(section: str) -> None:
    """Forget what a section says."""
    _notices.pop(section, None)


def clear_all() -> None:
    """Forget everything: new work starts, or another file is open."""
    _notices.clear()
