"""Names of the version before, which go on working for one version."""

import warnings
from collections.abc import Mapping
from typing import Any


def warn_of_old_name(old: str, new: str, where: str = "") -> None:
    """Say that a name was given that goes with the next version. where: who gave it, as the end of a sentence."""
    warnings.warn(f"{old} is now called {new}{where}; the old name goes with the next version.", stacklevel=3)


def with_new_names(table: Mapping[str, Any], names: Mapping[str, str], where: str) -> dict[str, Any]:
    """The table with keys of the version before under their new names, and a warning for each of them.

    names: new ones by old ones. A key that is there under both names stays under both, for the caller to refuse.
    """
    result = dict(table)
    for old, new in names.items():
        if old in result and new not in result:
            warn_of_old_name(old, new, where)
            result[new] = result.pop(old)
    return result
