"""Settings of tracking: thresholds for hands, and intervals of the detector."""

import sys
from dataclasses import dataclass, fields, replace

from dahyf_core.errors import SettingsError
from dahyf_core.shared.limits import HANDS


@dataclass(frozen=True)
class TrackingSettings:
    """Times in seconds of footage. Raises SettingsError for values that make no sense.

    max_hands: hands followed at a time, and returned. enter_presence: presence from which a new hand is followed.
    keep_presence: presence under which a followed hand is lost. ghost_presence: smallest mean presence of a hand.

    The detector runs in the frame in which a hand is lost, and every search_interval for a search_time after that and
    while no hand is followed; else every watch_interval while fewer than max_hands are; and never while all are.
    established_time: a hand that is seen for less, and does not go on from or in another, is a ghost.
    """

    max_hands: int = 2
    enter_presence: float = 0.6
    keep_presence: float = 0.5
    ghost_presence: float = 0.65
    search_interval: float = 0.1
    search_time: float = 1.0
    watch_interval: float = 0.3
    established_time: float = 0.15

    def finding_at(self, presence: float) -> "TrackingSettings":
        """The same, but what is a hand with this probability is followed and kept, and what is less is not begun."""
        keep, ghost = min(self.keep_presence, presence), min(self.ghost_presence, presence)
        return replace(self, enter_presence=presence, keep_presence=keep, ghost_presence=ghost)

    def __post_init__(self) -> None:
        if self.max_hands < 1:
            raise SettingsError(f"A limit of {self.max_hands} hands is impossible.", "Allow at least one hand.")
        if self.max_hands > HANDS:
            raise SettingsError(
                f"{self.max_hands} hands cannot be followed at the same time.", f"Allow at most {HANDS}."
            )
        for field in fields(self):
            value = getattr(self, field.name)
            most = 1.0 if field.name.endswith("presence") else sys.float_info.max
            if field.type is float and not 0 <= value <= most:
                raise SettingsError(
                    f"The tracking setting {field.name} cannot be {value}.", "Use 0 or more; a presence is at most 1."
                )
