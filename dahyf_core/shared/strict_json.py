"""Reads JSON of unknown origin with limits on numbers, size and nesting."""

import json
import math
from pathlib import Path
from typing import Any, Final

from ..shared.limits import PRESET_BYTES

LONGEST_INTEGER: Final = 18
"""Digits."""


def read_json(path: Path, largest: int = PRESET_BYTES) -> Any:
    """The content of a JSON file with a limit on its bytes. Raises OSError and ValueError."""
    return parse_json(read_text(path, largest))


def read_text(path: Path, largest: int = PRESET_BYTES) -> str:
    """The text of a file with a limit on its bytes. Raises OSError and ValueError."""
    if not path.is_file():
        raise ValueError("it is not a file")
    if path.stat().st_size > largest:
        raise ValueError("it is too large")
    return path.read_text("utf-8")


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError also for NaN, infinite or too long numbers, and too deep nesting."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def is_number(value: object) -> bool:
    """Whether a value is an integer or a float; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("a number in it is too large")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number in it is too large")
    return number
