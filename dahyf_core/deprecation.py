"""Names of the previous version, which still work for one version."""

import warnings
from collections.abc import Mapping
from typing import Any


def warn_of_old_name(old: str, new: str, where: str = "") -> None:
    """Warn that an old name was used, which the next version removes. where: end of the sentence, who used it."""
    warnings.warn(f"{old} is now called {new}{where}; the next version removes the old name.", stacklevel=3)


def with_new_names(table: Mapping[str, Any], names: Mapping[str, str], where: str) -> dict[str, Any]:
    """The table with the previous version's keys renamed, and a warning for each of them.

    names: new names by old names. A key that is there under both names stays under both, for the caller to refuse.
    """
    result = dict(table)
    for old, new in names.items():
        if old in result and new not in result:
            warn_of_old_name(old, new, where)
            result[new] = result.pop(old)
    return result
