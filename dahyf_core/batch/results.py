"""How a task ended."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from dahyf_core.errors import ExitCode

State = Literal["done", "current", "kept", "failed", "blocked"]
"""done: it was done now; current: it had been done before; kept: its output was changed since by someone else, and
stays; failed; blocked: what it needs has failed."""

NEVER: Final = frozenset(
    {
        ExitCode.USAGE,
        ExitCode.FOOTAGE,
        ExitCode.SETTINGS,
        ExitCode.MODEL_FILE,
        ExitCode.CAPTURE_FILE,
        ExitCode.DATASET,
        ExitCode.RETARGET,
    }
)
"""Exit codes after which the same task with the same files fails again. All others may pass: a full disk, another
process that writes the file, an interruption, a crash."""


def may_pass(code: int) -> bool:
    """Whether a task that ended with this exit code may succeed at another try."""
    return code != ExitCode.DONE and code not in NEVER


class Facts(Struct, kw_only=True, omit_defaults=True):
    """What a capture holds. confidence: median over frames and hands, NaN never: None without hands. lost: frames
    without an observed pose from a hand's first to its last sight, added over hands; seen: those with one.
    thumbnail: a JPEG as base64, empty if it could not be drawn."""

    confidence: float | None = None
    seen: int = 0
    lost: int = 0
    sides: tuple[str, ...] = ()
    thumbnail: str = ""


class Result(Struct, kw_only=True, omit_defaults=True, tag_field="type", tag="task"):
    """The result line of a task. again: whether another try may succeed. seconds: of work, when it was done."""

    stage: str
    output: str
    state: State
    exit_code: Annotated[int, Meta(ge=0, le=255)] = 0
    again: bool = False
    text: str = ""
    remedy: str = ""
    seconds: float = 0.0
    hands: int | None = None
    frames: int | None = None
    facts: Facts | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the output is there."""
        return self.state in ("done", "current", "kept")


def common_code(results: list[Result]) -> int:
    """The exit code of several tasks: 0, the code that all failed ones share, or else BATCH."""
    codes = {result.exit_code for result in results if result.state == "failed"}
    if not codes:
        return ExitCode.DONE
    return codes.pop() if len(codes) == 1 else ExitCode.BATCH


def failed(stage: str, output: str, failure: tuple[str, str, int], warnings: tuple[str, ...] = ()) -> Result:
    """The result of a task that failed. failure: reason, remedy and exit code."""
    text, remedy, code = failure
    return Result(
        stage=stage,
        output=output,
        state="failed",
        exit_code=code,
        again=may_pass(code),
        text=text,
        remedy=remedy,
        warnings=warnings,
    )
